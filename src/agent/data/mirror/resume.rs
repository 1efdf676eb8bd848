//! Makes what a broken copy left safe to go on from.
//!
//! rsync changes mode, owner and time of a file that is there already in place. In the incoming folder
//! such a file may be a name of a finished mirror's file, so those names go first: linking them again
//! costs nothing. What rsync had of a file when it was killed lies beside it under a name that rsync
//! does not look for; it is moved to where rsync does.

use crate::agent::data::copy::failed;
use crate::agent::data::save::remove;
use crate::error::Result;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Where rsync keeps what it has of a file, in the file's directory.
pub const PARTIAL: &str = ".pairadm-partial";

/// Characters that rsync adds to a name while it writes the file: `.NAME.Ab3dEf`.
const SUFFIX: usize = 6;

/// Prepares `incoming`; nothing has to be there. Returns bytes that are there already.
pub fn prepare(incoming: &Path) -> Result<()> {
    for (path, meta) in members(incoming)? {
        if meta.is_dir() {
            continue;
        }
        if meta.nlink() > 1 {
            fs::remove_file(&path).map_err(|error| failed(&path, error))?;
        } else if meta.is_file()
            && let Some(partial) = unfinished(&path)
        {
            let directory = partial.parent().unwrap_or(incoming);
            fs::create_dir_all(directory).map_err(|error| failed(directory, error))?;
            fs::rename(&path, &partial).map_err(|error| failed(&path, error))?;
        }
    }
    Ok(())
}

/// Removes what is left of files that the backup does not have any more.
pub fn sweep(incoming: &Path) -> Result<()> {
    for (path, meta) in members(incoming)? {
        if meta.is_dir() && path.file_name().is_some_and(|name| name == PARTIAL) {
            remove(&path)?;
        }
    }
    Ok(())
}

/// Where rsync looks for the beginning of a file whose unfinished name is `path`.
fn unfinished(path: &Path) -> Option<PathBuf> {
    let (directory, name) = (path.parent()?, path.file_name()?.to_str()?);
    if directory.ends_with(PARTIAL) {
        return None;
    }
    let (own, suffix) = name.strip_prefix('.')?.rsplit_once('.')?;
    let fits = suffix.len() == SUFFIX && suffix.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (fits && !own.is_empty()).then(|| directory.join(PARTIAL).join(own))
}

/// Everything below `folder`, nothing when it is not there.
fn members(folder: &Path) -> Result<Vec<(PathBuf, fs::Metadata)>> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(directory) = waiting.pop() {
        let entries = match fs::read_dir(&directory) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            entries => entries.map_err(|error| failed(&directory, error))?,
        };
        for entry in entries {
            let path = entry.map_err(|error| failed(&directory, error))?.path();
            let meta = fs::symlink_metadata(&path).map_err(|error| failed(&path, error))?;
            if meta.is_dir() {
                waiting.push(path.clone());
            }
            found.push((path, meta));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_a_finished_mirrors_files_go_and_the_mirror_keeps_its_own() {
        let root = tempfile::tempdir().unwrap();
        let (mirror, incoming) = (root.path().join("op1"), root.path().join("incoming"));
        fs::create_dir_all(mirror.join("set")).unwrap();
        fs::create_dir_all(incoming.join("set")).unwrap();
        fs::write(mirror.join("set/same"), "1").unwrap();
        fs::hard_link(mirror.join("set/same"), incoming.join("set/same")).unwrap();
        fs::write(incoming.join("set/new"), "2").unwrap();
        prepare(&incoming).unwrap();
        assert!(!incoming.join("set/same").exists() && incoming.join("set/new").exists());
        assert_eq!(fs::read(mirror.join("set/same")).unwrap(), b"1");
    }

    #[test]
    fn what_a_killed_rsync_had_is_put_where_the_next_one_looks() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join(".big.db.Ab3dEf"), "half").unwrap();
        fs::write(root.path().join(".profile"), "whole").unwrap();
        prepare(root.path()).unwrap();
        prepare(root.path()).unwrap();
        let partial = root.path().join(PARTIAL);
        assert_eq!(fs::read(partial.join("big.db")).unwrap(), b"half");
        assert!(root.path().join(".profile").exists());
        sweep(root.path()).unwrap();
        assert!(!partial.exists());
    }

    #[test]
    fn nothing_there_is_nothing_to_prepare() {
        prepare(Path::new("/nonexistent/incoming")).unwrap();
    }
}
