//! Directories that a new file needs and that go again with it.

use super::fault::fault;
use super::replace::sync_parent;
use crate::agent::boundary;
use crate::error::Result;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// Those above `path` that do not exist, outermost first.
pub fn missing(path: &Path) -> Vec<PathBuf> {
    let mut absent: Vec<PathBuf> = path
        .ancestors()
        .skip(1)
        .take_while(|directory| !directory.exists())
        .map(Path::to_owned)
        .collect();
    absent.reverse();
    absent
}

/// Makes them; a private file (`mode`) gets private directories.
pub fn make(directories: &[PathBuf], mode: u32) -> Result<()> {
    let private = mode.trailing_zeros() >= 6;
    for directory in directories {
        match std::fs::DirBuilder::new()
            .mode(if private { 0o700 } else { 0o755 })
            .create(directory)
        {
            Ok(()) => sync_parent(directory)?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(fault(directory, "the directory cannot be made", &error)),
        }
        boundary::reached("directory made");
    }
    Ok(())
}

/// Removes them again; those in which something else lives by now stay.
pub fn remove(directories: &[PathBuf]) -> Result<()> {
    for directory in directories.iter().rev() {
        match std::fs::remove_dir(directory) {
            Ok(()) => sync_parent(directory)?,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::DirectoryNotEmpty) => {}
            Err(error) => return Err(fault(directory, "the directory cannot be removed", &error)),
        }
    }
    Ok(())
}
