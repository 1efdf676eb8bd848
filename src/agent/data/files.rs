//! Data sets that are files: which of them belong to the set, and how they are saved.

use super::copy::{copy, failed};
use super::inventory::stays_inside;
use crate::agent::meter::Meter;
use crate::error::Result;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

/// Ends the name of a file that is being put beside its place; nothing but a crash leaves one.
pub const DRAFT: &str = ".pairadm-load";

/// What belongs to a data set of files below one of its paths, directories before what is in them. What
/// the node keeps for itself is left out: paths in `own`, links that lead out of the set, sockets, pipes
/// and devices, and the in-place backups that pairadm leaves beside files.
pub fn members(root: &Path, own: &[String]) -> Result<Vec<(PathBuf, Metadata)>> {
    let mut found = Vec::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(path) = waiting.pop() {
        let meta = match fs::symlink_metadata(&path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(failed(&path, error)),
        };
        if !belongs(&path, &meta, own)? {
            continue;
        }
        if meta.is_dir() {
            for entry in fs::read_dir(&path).map_err(|error| failed(&path, error))? {
                waiting.push(entry.map_err(|error| failed(&path, error))?.path());
            }
        }
        found.push((path, meta));
    }
    found.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    Ok(found)
}

fn belongs(path: &Path, meta: &Metadata, own: &[String]) -> Result<bool> {
    if own.iter().any(|own| path.starts_with(own)) || is_ours(path) {
        return Ok(false);
    }
    if meta.is_symlink() {
        let target = fs::read_link(path).map_err(|error| failed(path, error))?;
        return Ok(stays_inside(&in_set(path), &target));
    }
    Ok(meta.is_dir() || meta.is_file())
}

/// Where a file of the node lies in the folder of its data set, with a stand-in for the folder's name.
fn in_set(path: &Path) -> PathBuf {
    Path::new("set").join(path.strip_prefix("/").unwrap_or(path))
}

/// What pairadm leaves beside files: `<file>.pairadm_<pid>_<epoch>` and drafts.
fn is_ours(path: &Path) -> bool {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy())
        .unwrap_or_default();
    let is_backup = name.rsplit_once(".pairadm_").is_some_and(|(_, tag)| {
        !tag.is_empty() && tag.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
    });
    is_backup || name.ends_with(DRAFT)
}

/// Saves what belongs to `paths` below `folder`; tells how many files there were.
pub fn save(paths: &[String], own: &[String], folder: &Path, meter: &Meter) -> Result<usize> {
    let mut count = 0;
    for path in paths {
        let root = Path::new(path);
        for (from, meta) in members(root, own)? {
            let to = folder.join(from.strip_prefix("/").unwrap_or(&from));
            if from == root {
                above(&from, folder)?;
            }
            copy(&from, &to, &meta, meter)?;
            count += usize::from(!meta.is_dir());
        }
    }
    Ok(count)
}

/// The directories above `path`, as they are on the node, below `folder`.
fn above(path: &Path, folder: &Path) -> Result<()> {
    let mut parents: Vec<&Path> = path.ancestors().skip(1).collect();
    parents.reverse();
    for parent in parents {
        let to = folder.join(parent.strip_prefix("/").unwrap_or(parent));
        let meta = fs::symlink_metadata(parent).map_err(|error| failed(parent, error))?;
        if meta.is_dir() && !to.is_dir() {
            fs::create_dir(&to).map_err(|error| failed(&to, error))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    #[test]
    fn the_nodes_own_files_stay_and_everything_else_is_saved_as_it_is() {
        let node = tempfile::tempdir().unwrap();
        let root = node.path().join("etc/sip");
        fs::create_dir_all(root.join("sub")).unwrap();
        for name in ["a.cfg", "own.cfg", "a.cfg.pairadm_12_1700000000", "sub/b.cfg"] {
            fs::write(root.join(name), name).unwrap();
        }
        fs::set_permissions(root.join("a.cfg"), fs::Permissions::from_mode(0o640)).unwrap();
        symlink("sub/b.cfg", root.join("inside")).unwrap();
        symlink("/etc/passwd", root.join("outside")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = |path: &Path| path.display().to_string();
        let own = [path(&root.join("own.cfg"))];
        let count = save(&[path(&root)], &own, folder.path(), &Meter::new()).unwrap();
        assert_eq!(count, 3);
        let saved = folder.path().join(root.strip_prefix("/").unwrap());
        let mut names: Vec<String> = fs::read_dir(&saved)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, ["a.cfg", "inside", "sub"]);
        let (was, is) = (
            root.join("a.cfg").metadata().unwrap(),
            saved.join("a.cfg").metadata().unwrap(),
        );
        assert_eq!(
            (is.mode(), is.mtime(), is.mtime_nsec()),
            (was.mode(), was.mtime(), was.mtime_nsec())
        );
        assert_eq!(fs::read(saved.join("sub/b.cfg")).unwrap(), b"sub/b.cfg");
    }

    #[test]
    fn a_path_that_is_not_there_is_no_data() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            save(&["/nonexistent/x".to_owned()], &[], folder.path(), &Meter::new()).unwrap(),
            0
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
