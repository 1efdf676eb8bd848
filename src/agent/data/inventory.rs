//! Writes down what is in a folder of data, and checks that it still is: every file is read and hashed.

use crate::agent::meter::Meter;
use crate::data::{Entry, Kind, MANIFEST, Manifest};
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

/// Everything in the folders of the data sets below `folder`, in order of path.
pub fn inventory(folder: &Path, meter: &Meter) -> Result<Vec<Entry>> {
    members(folder, &mut |path, meta| {
        let kind = kind(folder, path, meta, &mut |full| hash(full, meter))?;
        Ok(entry(path, meta, kind))
    })
}

/// Reads everything again; code `data_damaged` with the first thing that is not as the manifest says.
pub fn verify(folder: &Path, manifest: &Manifest, meter: &Meter) -> Result<()> {
    let found = inventory(folder, meter)?;
    compare(folder, manifest, &found, |now, was| now.kind == was.kind)
}

/// The same without reading files: their sizes and times tell whether they were changed.
pub fn compare_shape(folder: &Path, manifest: &Manifest, meter: &Meter) -> Result<()> {
    let found = members(folder, &mut |path, meta| {
        meter.go_on()?;
        let kind = kind(folder, path, meta, &mut |_| Ok((meta.len(), String::new())))?;
        Ok(entry(path, meta, kind))
    })?;
    compare(folder, manifest, &found, |now, was| {
        match (&now.kind, &was.kind) {
            (Kind::File { size, .. }, Kind::File { size: known, .. }) => {
                size == known && now.changed == was.changed
            }
            (now, was) => now == was,
        }
    })
}

fn compare(
    folder: &Path,
    manifest: &Manifest,
    found: &[Entry],
    same: impl Fn(&Entry, &Entry) -> bool,
) -> Result<()> {
    let damaged = |path: &str, why: &str| {
        Error::refused("data_damaged", format!("`{path}` {why}"))
            .at(folder.display())
            .hint("this copy is not to be used: copy again")
    };
    let found: BTreeMap<&str, &Entry> = found.iter().map(|entry| (entry.path.as_str(), entry)).collect();
    let known: BTreeMap<&str, &Entry> = manifest
        .entries
        .iter()
        .map(|entry| (entry.path.as_str(), entry))
        .collect();
    for (path, entry) in &known {
        match found.get(path) {
            None => return Err(damaged(path, "is missing")),
            Some(now) if !same(now, entry) => {
                return Err(damaged(path, "is not as it was when it was saved"));
            }
            Some(_) => {}
        }
    }
    match found.keys().find(|path| !known.contains_key(*path)) {
        Some(path) => Err(damaged(path, "was not saved with the rest")),
        None => Ok(()),
    }
}

/// What `describe` makes of everything below `folder` but its manifest, in order of path.
fn members(folder: &Path, describe: &mut dyn FnMut(&Path, &Metadata) -> Result<Entry>) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    let mut waiting = vec![PathBuf::new()];
    while let Some(directory) = waiting.pop() {
        for name in names(&folder.join(&directory))? {
            let path = directory.join(&name);
            if directory.as_os_str().is_empty() && name == MANIFEST {
                continue;
            }
            let full = folder.join(&path);
            let meta = fs::symlink_metadata(&full).map_err(|error| unreadable(&full, error))?;
            if meta.is_dir() {
                waiting.push(path.clone());
            }
            entries.push(describe(&path, &meta)?);
        }
    }
    entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

fn names(directory: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(|error| unreadable(directory, error))? {
        let name = entry.map_err(|error| unreadable(directory, error))?.file_name();
        let name = name.into_string().map_err(|name| {
            Error::refused("odd_name", "a file's name is not UTF-8")
                .at(directory.join(name).display())
                .hint("rename it")
        })?;
        names.push(name);
    }
    Ok(names)
}

/// What is at `path`; `read` gives size and hash of a file.
fn kind(
    folder: &Path,
    path: &Path,
    meta: &Metadata,
    read: &mut dyn FnMut(&Path) -> Result<(u64, String)>,
) -> Result<Kind> {
    let full = folder.join(path);
    if meta.is_file() {
        let (size, blake3) = read(&full)?;
        Ok(Kind::File { size, blake3 })
    } else if meta.is_dir() {
        Ok(Kind::Directory)
    } else if meta.is_symlink() {
        let target = fs::read_link(&full).map_err(|error| unreadable(&full, error))?;
        if !stays_inside(path, &target) {
            return Err(escapes(
                &full,
                &format!("the link points to {}", target.display()),
            ));
        }
        Ok(Kind::Link {
            target: target.to_string_lossy().into_owned(),
        })
    } else {
        Err(escapes(&full, "it is a device, a socket or a pipe"))
    }
}

fn entry(path: &Path, meta: &Metadata, kind: Kind) -> Entry {
    Entry {
        path: path.to_string_lossy().into_owned(),
        kind,
        mode: meta.mode() & 0o7777,
        owner: (meta.uid(), meta.gid()),
        changed: meta.mtime(),
    }
}

/// Whether a link at `path`, which begins with its data set's folder, points into that data set.
pub fn stays_inside(path: &Path, target: &Path) -> bool {
    // The link's own name and the data set's folder are no levels to climb.
    let mut depth = path.components().count().saturating_sub(2);
    for part in target.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    true
}

/// Size and BLAKE3 of a file.
pub fn hash(path: &Path, meter: &Meter) -> Result<(u64, String)> {
    let mut file = File::open(path).map_err(|error| unreadable(path, error))?;
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 256 << 10];
    let mut size = 0;
    loop {
        let count = file.read(&mut buffer).map_err(|error| unreadable(path, error))?;
        if count == 0 {
            break;
        }
        hasher.update(&buffer[..count]);
        size += count as u64;
        meter.add(count as u64)?;
    }
    Ok((size, hasher.finalize().to_hex().to_string()))
}

/// BLAKE3 of a file, hex.
pub fn blake3_of(path: &Path) -> Result<String> {
    Ok(hash(path, &Meter::new())?.1)
}

/// Whether two files have the same bytes.
pub fn same_file(one: &Path, other: &Path) -> Result<bool> {
    let unread = Meter::new();
    Ok(hash(one, &unread)? == hash(other, &unread)?)
}

/// Nothing that leaves the folder is copied or followed.
fn escapes(path: &Path, why: &str) -> Error {
    Error::refused("escapes", format!("this would lead out of the copy: {why}"))
        .at(path.display())
        .hint("take it out of the backup, or name it as the node's own in the profile")
}

fn unreadable(path: &Path, error: std::io::Error) -> Error {
    Error::refused("unreadable_data", "the data cannot be read")
        .at(path.display())
        .because(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Generation, OpId};

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/b")).unwrap();
        fs::write(folder.path().join("a/b/one"), "1").unwrap();
        fs::write(folder.path().join("a/two"), "22").unwrap();
        std::os::unix::fs::symlink("b/one", folder.path().join("a/link")).unwrap();
        folder
    }

    fn manifest(folder: &Path) -> Manifest {
        let mut manifest = Manifest::new(String::new(), String::new(), Generation(0), OpId(1));
        manifest.entries = inventory(folder, &Meter::new()).unwrap();
        manifest
    }

    fn code(folder: &Path, manifest: &Manifest) -> Option<String> {
        verify(folder, manifest, &Meter::new())
            .err()
            .map(|error| error.code)
    }

    #[test]
    fn every_change_is_noticed() {
        let changes: [fn(&Path); 4] = [
            |folder| fs::write(folder.join("a/two"), "23").unwrap(),
            |folder| fs::remove_file(folder.join("a/b/one")).unwrap(),
            |folder| fs::write(folder.join("a/three"), "").unwrap(),
            |folder| {
                fs::remove_file(folder.join("a/link")).unwrap();
                std::os::unix::fs::symlink("two", folder.join("a/link")).unwrap();
            },
        ];
        for change in changes {
            let folder = folder();
            let manifest = manifest(folder.path());
            assert_eq!(code(folder.path(), &manifest), None);
            change(folder.path());
            assert_eq!(code(folder.path(), &manifest).as_deref(), Some("data_damaged"));
        }
    }

    #[test]
    fn links_that_leave_the_data_set_and_pipes_are_refused() {
        for target in ["/etc/passwd", "../x", "b/../../x"] {
            let folder = folder();
            std::os::unix::fs::symlink(target, folder.path().join("a/bad")).unwrap();
            let error = inventory(folder.path(), &Meter::new()).unwrap_err();
            assert_eq!(error.code, "escapes", "{target}");
        }
        assert!(stays_inside(Path::new("a/b/link"), Path::new("../two")));
        let folder = folder();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            folder.path().join("a/pipe"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR,
            0,
        )
        .unwrap();
        assert_eq!(
            inventory(folder.path(), &Meter::new()).unwrap_err().code,
            "escapes"
        );
    }
}
