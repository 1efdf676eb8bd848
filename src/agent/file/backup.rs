//! In-place backups: complete and on disk before the file is touched, dressed exactly like the
//! original, never over another file.

use super::fault::fault;
use super::live::Live;
use super::replace::{Draft, Dress, beside, sync_parent};
use crate::agent::boundary;
use crate::agent::paths::NodePaths;
use crate::agent::protocol::Backup;
use crate::error::{Error, Result};
use crate::model::OpId;
use crate::plan::{FilePut, Keep, StepId};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// Where the backup of `file` goes.
pub fn place(paths: &NodePaths, file: &Path, keep: Keep, tag: &str) -> PathBuf {
    match keep {
        Keep::Beside => {
            let mut name = file.file_name().unwrap_or_default().to_owned();
            name.push(format!(".{tag}"));
            file.with_file_name(name)
        }
        Keep::Aside => {
            let flat = file
                .to_string_lossy()
                .trim_start_matches('/')
                .replace('%', "%25")
                .replace('/', "%2F");
            paths.backups().join(format!("{flat}.{tag}"))
        }
    }
}

/// Keeps `live`, the original of `file`. A backup that a crashed run of the same operation completed
/// is taken as it is; one that is not ours is left alone, and another name is found. The caller syncs
/// the directory.
pub fn keep(
    paths: &NodePaths,
    file: &Path,
    live: &Live,
    keep: Keep,
    tag: &str,
    step: StepId,
) -> Result<PathBuf> {
    if keep == Keep::Aside && !paths.backups().exists() {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(paths.backups())
            .map_err(|error| {
                fault(
                    &paths.backups(),
                    "the directory of backups cannot be made",
                    &error,
                )
            })?;
        sync_parent(&paths.backups())?;
    }
    let first = place(paths, file, keep, tag);
    let second = place(paths, file, keep, &format!("{tag}_{step}"));
    for place in [first, second] {
        match write(&place, live) {
            Ok(()) => return Ok(place),
            Err(error) if error.code == "exists" => {}
            Err(error) => return Err(error),
        }
    }
    Err(
        Error::refused("backup_exists", "a file with the name of the backup exists")
            .at(file.display())
            .hint("move it away, or try again: the name has the time in it"),
    )
}

/// The backup with which operation `op` would keep the original of `put`, if it is there.
pub fn existing(paths: &NodePaths, put: &FilePut, op: OpId, tag: &str) -> Result<Option<Backup>> {
    let place = place(paths, Path::new(&put.path), put.keep, tag);
    if !place.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Ok(None);
    }
    Ok(Live::read(&place)?.map(|live| Backup {
        of: put.path.clone(),
        path: place.display().to_string(),
        size: live.bytes.len() as u64,
        sha256: live.sha256,
        op,
    }))
}

/// Under which name a backup is written before it is whole.
pub fn draft_of(place: &Path) -> PathBuf {
    beside(place, "part")
}

fn write(place: &Path, live: &Live) -> Result<()> {
    if let Some(there) = Live::read(place)? {
        if there.sha256 == live.sha256 && there.meta.is_same_but_for_reading(&live.meta) {
            return Ok(());
        }
        return Err(Error::refused("exists", "taken"));
    }
    let draft = Draft::write(&draft_of(place), &live.bytes, Dress::Original(&live.meta))?;
    boundary::reached("before backup");
    draft.publish_new(place)?;
    match Live::read(place)? {
        Some(kept) if kept.sha256 == live.sha256 && kept.meta.is_same_but_for_reading(&live.meta) => Ok(()),
        _ => Err(
            Error::refused("backup_damaged", "the backup does not read back as the original")
                .at(place.display())
                .hint("look at the disk: the kernel's messages on the node may say more"),
        ),
    }
}
