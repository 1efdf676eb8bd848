//! Makes a data set of files live: afterwards the node has exactly the files of the set, and still what
//! it keeps for itself. Readers see each file old or new (S4), and a repetition finishes what a crash
//! interrupted.
//!
//! ```text
//!   drafts beside their places ──all on disk──> renamed into place ──> what the set lacks is removed
//! ```

use super::copy::{copy, failed};
use super::files::{DRAFT, members};
use super::inventory::same_file;
use super::save::settle;
use crate::agent::meter::Meter;
use crate::error::{Error, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// What became of the node's files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Put {
    /// Created or replaced.
    pub written: usize,
    /// Removed.
    pub removed: usize,
}

/// Members of a set by their place on the node, each with where it is in the folder.
pub type Wanted = BTreeMap<PathBuf, (PathBuf, Metadata)>;

/// Makes `paths` on the node what `folder` has of them; a path that it does not have goes.
pub fn put(folder: &Path, paths: &[String], own: &[String], meter: &Meter) -> Result<Put> {
    let mut put = Put::default();
    for path in paths {
        let one = put_one(folder, Path::new(path), own, meter)?;
        put.written += one.written;
        put.removed += one.removed;
    }
    Ok(put)
}

fn put_one(folder: &Path, root: &Path, own: &[String], meter: &Meter) -> Result<Put> {
    sweep(root, own)?;
    let present = members(root, own)?;
    let wanted = members_wanted(folder, root, own)?;
    if !wanted.is_empty()
        && let Some(above) = root.parent()
    {
        fs::create_dir_all(above).map_err(|error| failed(above, error))?;
    }
    let put = replace(&wanted, &present, own, meter);
    if put.is_err() {
        // The first fault says more; the next try sweeps as well.
        let _ = sweep(root, own);
    }
    let put = put?;
    if put.removed > 0 {
        settle(&nearest(root))?;
    }
    Ok(put)
}

fn replace(wanted: &Wanted, present: &[(PathBuf, Metadata)], own: &[String], meter: &Meter) -> Result<Put> {
    let mut drafts = Vec::new();
    for (place, (from, meta)) in wanted {
        if meta.is_dir() {
            make_directory(place)?;
        } else if !is_there(place, from, meta)? {
            let draft = draft_of(place);
            copy(from, &draft, meta, meter)?;
            drafts.push((draft, place));
        }
        meter.go_on()?;
    }
    // None has its name before all are on disk.
    settle_all(drafts.iter().map(|(draft, _)| draft.as_path()))?;
    for (draft, place) in &drafts {
        give_way(place, own)?;
        fs::rename(draft, place).map_err(|error| failed(place, error))?;
    }
    let removed = remove_surplus(present, wanted)?;
    dress_directories(wanted, meter)?;
    settle_all(drafts.iter().map(|(_, place)| place.as_path()))?;
    Ok(Put {
        written: drafts.len(),
        removed,
    })
}

/// Every member of the set below `root` by its place on the node, as far as the node does not keep
/// something of its own there.
pub fn members_wanted(folder: &Path, root: &Path, own: &[String]) -> Result<Wanted> {
    Ok(without_the_nodes_own(
        wanted(folder, root, own)?,
        &members(root, own)?,
    ))
}

fn wanted(folder: &Path, root: &Path, own: &[String]) -> Result<Wanted> {
    let inside = |path: &Path| folder.join(path.strip_prefix("/").unwrap_or(path));
    let own: Vec<String> = own
        .iter()
        .map(|own| inside(Path::new(own)).to_string_lossy().into_owned())
        .collect();
    let found = members(&inside(root), &own)?;
    Ok(found
        .into_iter()
        .map(|(from, meta)| {
            let place = Path::new("/").join(from.strip_prefix(folder).unwrap_or(&from));
            (place, (from, meta))
        })
        .collect())
}

/// What stands on the node where the set has something, and is no member there, is the node's own: links
/// that lead out of the set, devices. It stays, and nothing is put below it.
fn without_the_nodes_own(mut wanted: Wanted, present: &[(PathBuf, Metadata)]) -> Wanted {
    let members: BTreeSet<&Path> = present.iter().map(|(path, _)| path.as_path()).collect();
    let own: Vec<PathBuf> = wanted
        .keys()
        .filter(|place| !members.contains(place.as_path()) && fs::symlink_metadata(place).is_ok())
        .cloned()
        .collect();
    wanted.retain(|place, _| !own.iter().any(|own| place.starts_with(own)));
    wanted
}

/// Everything written to the file systems of these files is on the disk: one call for each of them.
fn settle_all<'p>(paths: impl Iterator<Item = &'p Path>) -> Result<()> {
    let mut settled = BTreeSet::new();
    for path in paths {
        let directory = path.parent().unwrap_or(path);
        let meta = fs::metadata(directory).map_err(|error| failed(directory, error))?;
        if settled.insert(meta.dev()) {
            settle(directory)?;
        }
    }
    Ok(())
}

/// Removes drafts that an interrupted try left.
fn sweep(root: &Path, own: &[String]) -> Result<()> {
    let mut waiting: Vec<PathBuf> = draft_of(root)
        .exists()
        .then(|| draft_of(root))
        .into_iter()
        .collect();
    waiting.push(root.to_owned());
    while let Some(path) = waiting.pop() {
        let Ok(meta) = fs::symlink_metadata(&path) else {
            continue;
        };
        let is_draft = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().ends_with(DRAFT));
        if is_draft && !meta.is_dir() {
            fs::remove_file(&path).map_err(|error| failed(&path, error))?;
        } else if meta.is_dir() && !own.iter().any(|own| path.starts_with(own)) {
            for entry in fs::read_dir(&path).map_err(|error| failed(&path, error))? {
                waiting.push(entry.map_err(|error| failed(&path, error))?.path());
            }
        }
    }
    Ok(())
}

fn draft_of(place: &Path) -> PathBuf {
    crate::agent::file::beside(place, DRAFT.trim_start_matches('.'))
}

/// A directory that is there already is as good; a file in its place goes.
fn make_directory(place: &Path) -> Result<()> {
    match fs::symlink_metadata(place) {
        Ok(meta) if meta.is_dir() => return Ok(()),
        Ok(_) => fs::remove_file(place).map_err(|error| failed(place, error))?,
        Err(_) => {}
    }
    fs::create_dir(place).map_err(|error| failed(place, error))
}

/// The same content, mode, owner and extended attributes.
fn is_there(place: &Path, from: &Path, meta: &Metadata) -> Result<bool> {
    let here = match fs::symlink_metadata(place) {
        Ok(here) => here,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed(place, error)),
    };
    let worn = |meta: &Metadata| (meta.mode(), meta.uid(), meta.gid());
    if worn(&here) != worn(meta) {
        return Ok(false);
    }
    if meta.is_symlink() {
        return Ok(fs::read_link(place).ok() == fs::read_link(from).ok());
    }
    Ok(here.len() == meta.len() && attributes(place)? == attributes(from)? && same_file(place, from)?)
}

fn attributes(path: &Path) -> Result<BTreeMap<OsString, Option<Vec<u8>>>> {
    let read = || -> std::io::Result<BTreeMap<OsString, Option<Vec<u8>>>> {
        xattr::list(path)?
            .map(|name| Ok((name.clone(), xattr::get(path, &name)?)))
            .collect()
    };
    read().map_err(|error| failed(path, error))
}

/// A directory that stands where a file shall be.
fn give_way(place: &Path, own: &[String]) -> Result<()> {
    if !place.is_dir() || place.is_symlink() {
        return Ok(());
    }
    for (path, meta) in members(place, own)?.into_iter().rev() {
        remove(&path, &meta)?;
    }
    if place.exists() {
        return Err(Error::incomplete(
            "in_the_way",
            "a directory with files of the node itself is where the set has a file",
        )
        .at(place.display())
        .hint("move it away on the node, then load again"));
    }
    Ok(())
}

/// Removes what belongs to the set on the node and not in the folder, the deepest first.
fn remove_surplus(present: &[(PathBuf, Metadata)], wanted: &Wanted) -> Result<usize> {
    let mut count = 0;
    for (path, meta) in present.iter().rev() {
        if !wanted.contains_key(path) {
            remove(path, meta)?;
            count += usize::from(!meta.is_dir());
        }
    }
    Ok(count)
}

/// A directory stays while something of the node's own is in it.
fn remove(path: &Path, meta: &Metadata) -> Result<()> {
    let removed = if meta.is_dir() {
        fs::remove_dir(path)
    } else {
        fs::remove_file(path)
    };
    match removed {
        // A file has taken the place of the directory it was in.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::DirectoryNotEmpty
            ) =>
        {
            Ok(())
        }
        other => other.map_err(|error| failed(path, error)),
    }
}

/// Mode, owner and time of directories, when nothing in them changes any more.
fn dress_directories(wanted: &Wanted, meter: &Meter) -> Result<()> {
    for (place, (from, meta)) in wanted.iter().rev().filter(|(_, (_, meta))| meta.is_dir()) {
        copy(from, place, meta, meter)?;
    }
    Ok(())
}

/// The path or the nearest directory above it that is there.
pub fn nearest(path: &Path) -> PathBuf {
    path.ancestors()
        .find(|path| path.exists())
        .unwrap_or(Path::new("/"))
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    /// A node's directory and a folder with a set for it.
    struct Scene {
        node: tempfile::TempDir,
        folder: tempfile::TempDir,
    }

    impl Scene {
        fn new(live: &[(&str, &str)], set: &[(&str, &str)]) -> Self {
            let scene = Self {
                node: tempfile::tempdir().unwrap(),
                folder: tempfile::tempdir().unwrap(),
            };
            for (base, files) in [(scene.root(), live), (scene.staged(), set)] {
                fs::create_dir_all(&base).unwrap();
                for (name, text) in files {
                    let path = base.join(name);
                    fs::create_dir_all(path.parent().unwrap()).unwrap();
                    fs::write(path, text).unwrap();
                }
            }
            scene
        }

        fn root(&self) -> PathBuf {
            self.node.path().join("etc/sip")
        }

        fn staged(&self) -> PathBuf {
            self.folder.path().join(self.root().strip_prefix("/").unwrap())
        }

        fn put(&self, own: &[&str]) -> Result<Put> {
            let text = |path: &Path| path.to_string_lossy().into_owned();
            let own: Vec<String> = own.iter().map(|own| text(&self.root().join(own))).collect();
            put(self.folder.path(), &[text(&self.root())], &own, &Meter::new())
        }

        /// Every path below the root with its content.
        fn live(&self) -> Vec<(String, String)> {
            let mut found = Vec::new();
            let mut waiting = vec![self.root()];
            while let Some(directory) = waiting.pop() {
                for entry in fs::read_dir(directory).unwrap() {
                    let path = entry.unwrap().path();
                    let name = path.strip_prefix(self.root()).unwrap().display().to_string();
                    if path.is_symlink() {
                        found.push((name, format!("-> {}", fs::read_link(&path).unwrap().display())));
                    } else if path.is_dir() {
                        found.push((name, "/".to_owned()));
                        waiting.push(path);
                    } else {
                        found.push((name, fs::read_to_string(path).unwrap()));
                    }
                }
            }
            found.sort();
            found
        }
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        expected.iter().map(own).collect()
    }

    #[test]
    fn the_node_has_exactly_the_set_and_what_is_its_own() {
        let scene = Scene::new(
            &[
                ("a", "old"),
                ("gone/x", "old"),
                ("own", "mine"),
                ("kept/own/x", "mine"),
                ("a.pairadm_12_1700000000", "backup"),
                (".a.pairadm-load", "left by a crash"),
            ],
            &[("a", "new"), ("b/c", "new"), ("own", "theirs")],
        );
        symlink("/etc/hostname", scene.root().join("out")).unwrap();
        symlink("a", scene.staged().join("out")).unwrap();
        symlink("a", scene.staged().join("link")).unwrap();
        fs::set_permissions(scene.staged().join("a"), fs::Permissions::from_mode(0o640)).unwrap();
        let put = scene.put(&["own", "kept/own"]).unwrap();
        assert_eq!(
            put,
            Put {
                written: 3,
                removed: 1
            }
        );
        assert_eq!(
            scene.live(),
            pairs(&[
                ("a", "new"),
                ("a.pairadm_12_1700000000", "backup"),
                ("b", "/"),
                ("b/c", "new"),
                ("kept", "/"),
                ("kept/own", "/"),
                ("kept/own/x", "mine"),
                ("link", "-> a"),
                ("out", "-> /etc/hostname"),
                ("own", "mine"),
            ])
        );
        assert_eq!(scene.root().join("a").metadata().unwrap().mode() & 0o7777, 0o640);
        assert_eq!(
            scene.put(&["own", "kept/own"]).unwrap(),
            Put::default(),
            "a repetition changes nothing"
        );
    }

    #[test]
    fn files_and_directories_take_each_others_places() {
        let scene = Scene::new(
            &[("was-file", "x"), ("was-directory/x", "x")],
            &[("was-file/y", "y"), ("was-directory", "y")],
        );
        scene.put(&[]).unwrap();
        assert_eq!(
            scene.live(),
            pairs(&[("was-directory", "y"), ("was-file", "/"), ("was-file/y", "y")])
        );
        let scene = Scene::new(&[("d/own", "mine")], &[("d", "y")]);
        assert_eq!(scene.put(&["d/own"]).unwrap_err().code, "in_the_way");
        assert_eq!(scene.live(), pairs(&[("d", "/"), ("d/own", "mine")]));
    }

    #[test]
    fn an_unchanged_file_keeps_its_inode_and_a_replaced_one_is_never_half_there() {
        let scene = Scene::new(
            &[("same", "x"), ("other", "old")],
            &[("same", "x"), ("other", "new")],
        );
        let inode = |name| scene.root().join(name).metadata().unwrap().ino();
        let before = (inode("same"), inode("other"));
        let mut reader = fs::File::open(scene.root().join("other")).unwrap();
        scene.put(&[]).unwrap();
        assert_eq!(inode("same"), before.0);
        assert_ne!(inode("other"), before.1);
        let mut seen = String::new();
        std::io::Read::read_to_string(&mut reader, &mut seen).unwrap();
        assert_eq!(seen, "old");
    }

    #[test]
    fn a_path_that_the_folder_lacks_goes() {
        let scene = Scene::new(&[("a", "x")], &[]);
        fs::remove_dir_all(scene.staged()).unwrap();
        assert_eq!(scene.put(&[]).unwrap().removed, 1);
        assert!(!scene.root().exists());
    }
}
