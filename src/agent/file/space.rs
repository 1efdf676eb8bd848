//! Whether the disks have room for what a stage writes: the new files and the backups, which exist
//! beside the old ones for a moment; and for the little that an operation records in any case.

use super::fault::fault;
use super::obstacle::existing_directory;
use crate::error::{Error, Result};
use rustix::fs::{FallocateFlags, fallocate, statvfs};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Left over on every file system, for the journal and for others.
const MARGIN: u64 = 512 * 1024;

/// Inodes of an operation: its directory, its journal, and a draft.
const FILES: u64 = 3;

/// Bytes and files to be written, by file system.
#[derive(Debug, Default)]
pub struct Demand(BTreeMap<u64, (PathBuf, u64, u64)>);

impl Demand {
    /// One more file of `size` bytes at `path`.
    pub fn add(&mut self, path: &Path, size: u64) -> Result<()> {
        let directory = existing_directory(path)?;
        let device = std::fs::metadata(&directory)
            .map_err(|error| fault(&directory, "the directory cannot be looked at", &error))?
            .dev();
        let (_, bytes, files) = self.0.entry(device).or_insert((directory, 0, 0));
        *bytes += size;
        *files += 1;
        Ok(())
    }

    /// Refuses with code `disk_full` when it does not fit.
    pub fn check(&self) -> Result<()> {
        for (directory, bytes, files) in self.0.values() {
            let stat = statvfs(directory)
                .map_err(|error| fault(directory, "its file system cannot be looked at", &error.into()))?;
            // A file takes whole blocks, and one more for its attributes.
            let wanted = bytes + 2 * files * stat.f_frsize + MARGIN;
            let free = stat.f_bavail * stat.f_frsize;
            let full = |what: String| {
                Error::refused("disk_full", "not enough space for the changes and their backups")
                    .at(directory.display())
                    .because(what)
                    .hint("free space on that file system, then try again")
            };
            if free < wanted {
                return Err(full(format!("{wanted} bytes are needed, {free} are free")));
            }
            // File systems without a fixed number of inodes report none at all.
            if stat.f_files > 0 && stat.f_favail < 2 * files {
                return Err(full(format!(
                    "{} inodes are needed, {} are free",
                    2 * files,
                    stat.f_favail
                )));
            }
        }
        Ok(())
    }
}

/// Refuses with code `disk_full` when root cannot write `bytes` in `directory`. A full disk is a reason to take
/// over, so what is kept back for root counts: how much that is only an attempt tells, which leaves nothing behind.
pub fn check_room(directory: &Path, bytes: u64) -> Result<()> {
    let stat = statvfs(directory)
        .map_err(|error| fault(directory, "its file system cannot be looked at", &error.into()))?;
    if stat.f_bavail * stat.f_frsize >= bytes && (stat.f_files == 0 || stat.f_favail >= FILES) {
        return Ok(());
    }
    let full = |error: &std::io::Error| fault(directory, "there is no room to record an operation", error);
    let draft = tempfile::tempfile_in(directory).map_err(|error| full(&error))?;
    match fallocate(&draft, FallocateFlags::empty(), 0, bytes) {
        Err(error @ (Errno::NOSPC | Errno::DQUOT)) => Err(full(&error.into())),
        // Not every file system can say so beforehand.
        _ => Ok(()),
    }
}
