//! Writes down what is in a folder of data, and checks that it still is: every file is read and hashed, by as
//! many threads as there are processors.

use super::hashed::Stamp;
use crate::agent::meter::Meter;
use crate::data::{Entry, Kind, MANIFEST, Manifest};
use crate::error::{Error, Result};
use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// More threads wait for the disk and not for a processor.
const MOST_THREADS: usize = 4;

/// What was found at one path.
pub struct Seen {
    /// For the manifest.
    pub entry: Entry,
    /// As it was before it was read.
    pub stamp: Stamp,
}

/// Hashes that need not be made.
pub type Known<'k> = dyn Fn(&Metadata) -> Option<String> + 'k;

/// Everything in the folders of the data sets below `folder`, in order of path.
pub fn inventory(folder: &Path, meter: &Meter) -> Result<Vec<Entry>> {
    let seen = look(folder, &|_| None, meter)?;
    Ok(seen.into_iter().map(|seen| seen.entry).collect())
}

/// The same; files that `known` tells the hash of are not read.
pub fn look(folder: &Path, known: &Known<'_>, meter: &Meter) -> Result<Vec<Seen>> {
    let found = members(folder)?;
    let mut kinds = Vec::with_capacity(found.len());
    let mut unread = Vec::new();
    for (index, (path, meta)) in found.iter().enumerate() {
        let hash = if meta.is_file() { known(meta) } else { None };
        if meta.is_file() && hash.is_none() {
            unread.push((index, folder.join(path), meta.len()));
        } else if hash.is_some() {
            meter.add(meta.len())?;
        }
        kinds.push(kind(folder, path, meta, hash.unwrap_or_default())?);
    }
    for (index, size, blake3) in hash_all(unread, meter)? {
        kinds[index] = Kind::File { size, blake3 };
    }
    let seen = found.into_iter().zip(kinds).map(|((path, meta), kind)| Seen {
        entry: entry(&path, &meta, kind),
        stamp: Stamp::of(&meta),
    });
    Ok(seen.collect())
}

/// Size and hash of each file, with its number. The largest come first, so that no thread is left alone with
/// one of them.
fn hash_all(mut files: Vec<(usize, PathBuf, u64)>, meter: &Meter) -> Result<Vec<(usize, u64, String)>> {
    files.sort_unstable_by_key(|(_, _, size)| std::cmp::Reverse(*size));
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let work = || {
        let mut hashed = Vec::new();
        while !failed.load(Ordering::Relaxed) {
            let Some((index, path, _)) = files.get(next.fetch_add(1, Ordering::Relaxed)) else {
                break;
            };
            let (size, blake3) = hash(path, meter).inspect_err(|_| failed.store(true, Ordering::Relaxed))?;
            hashed.push((*index, size, blake3));
        }
        Ok(hashed)
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let further = threads.min(MOST_THREADS).min(files.len()).saturating_sub(1);
    std::thread::scope(|scope| {
        let others: Vec<_> = (0..further).map(|_| scope.spawn(work)).collect();
        let mut all: Result<Vec<_>> = work();
        for other in others {
            let other = other
                .join()
                .unwrap_or_else(|_| Err(Error::bug("a thread that hashes panicked")));
            all = all.and_then(|mut all| {
                all.extend(other?);
                Ok(all)
            });
        }
        all
    })
}

/// Reads everything again; code `data_damaged` with the first thing that is not as the manifest says.
pub fn verify(folder: &Path, manifest: &Manifest, meter: &Meter) -> Result<()> {
    verify_unread(folder, manifest, &|_| None, meter).map(drop)
}

/// The same; files that `known` tells the hash of are not read. What was seen is as the manifest says.
pub fn verify_unread(
    folder: &Path,
    manifest: &Manifest,
    known: &Known<'_>,
    meter: &Meter,
) -> Result<Vec<Seen>> {
    let found = look(folder, known, meter)?;
    let entries: Vec<&Entry> = found.iter().map(|seen| &seen.entry).collect();
    compare(folder, manifest, &entries, |now, was| now.kind == was.kind)?;
    Ok(found)
}

/// The same without reading files: their sizes and times tell whether they were changed.
pub fn compare_shape(folder: &Path, manifest: &Manifest, meter: &Meter) -> Result<()> {
    let mut found = Vec::new();
    for (path, meta) in members(folder)? {
        meter.go_on()?;
        let kind = kind(folder, &path, &meta, String::new())?;
        found.push(entry(&path, &meta, kind));
    }
    let found: Vec<&Entry> = found.iter().collect();
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
    found: &[&Entry],
    same: impl Fn(&Entry, &Entry) -> bool,
) -> Result<()> {
    let damaged = |path: &str, why: &str| {
        Error::refused("data_damaged", format!("`{path}` {why}"))
            .at(folder.display())
            .hint("this copy is not to be used: copy again")
    };
    let found: BTreeMap<&str, &Entry> = found.iter().map(|entry| (entry.path.as_str(), *entry)).collect();
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

/// Everything below `folder` but its manifest, in order of path.
pub fn members(folder: &Path) -> Result<Vec<(PathBuf, Metadata)>> {
    let mut found = Vec::new();
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
            found.push((path, meta));
        }
    }
    found.sort_unstable_by(|a, b| a.0.as_os_str().cmp(b.0.as_os_str()));
    Ok(found)
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

/// What is at `path`; `blake3` is the hash of a file.
fn kind(folder: &Path, path: &Path, meta: &Metadata, blake3: String) -> Result<Kind> {
    let full = folder.join(path);
    if meta.is_file() {
        Ok(Kind::File {
            size: meta.len(),
            blake3,
        })
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
