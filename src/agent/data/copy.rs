//! Copies files with all that belongs to them: mode, owner, time of change, extended attributes.

use crate::agent::meter::Meter;
use crate::error::{Error, Result};
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown, lchown};
use std::path::Path;

/// Bytes moved at once.
const PIECE: usize = 256 << 10;

/// Copies one file, directory (without what is in it) or link. `to` must not exist, unless both are
/// directories.
pub fn copy(from: &Path, to: &Path, meta: &Metadata, meter: &Meter) -> Result<()> {
    if meta.is_dir() {
        if !to.is_dir() {
            fs::create_dir(to).map_err(|error| failed(to, error))?;
        }
    } else if meta.is_symlink() {
        let copied = fs::read_link(from).and_then(|target| std::os::unix::fs::symlink(target, to));
        copied
            .and_then(|()| lchown(to, Some(meta.uid()), Some(meta.gid())))
            .map_err(|error| failed(to, error))?;
        return Ok(());
    } else {
        content(from, to, meter)?;
    }
    wear(from, to, meta).map_err(|error| failed(to, error))
}

/// Gives `to` what belongs to `from` beside its content.
pub fn wear(from: &Path, to: &Path, meta: &Metadata) -> io::Result<()> {
    chown(to, Some(meta.uid()), Some(meta.gid()))?;
    fs::set_permissions(to, Permissions::from_mode(meta.mode() & 0o7777))?;
    for name in xattr::list(from)? {
        if let Some(value) = xattr::get(from, &name)? {
            xattr::set(to, &name, &value)?;
        }
    }
    let time = Timespec {
        tv_sec: meta.mtime(),
        tv_nsec: meta.mtime_nsec(),
    };
    let times = Timestamps {
        last_access: time,
        last_modification: time,
    };
    Ok(utimensat(CWD, to, &times, AtFlags::empty())?)
}

/// The content, to a new file. A file that changes while it is read is read once more.
fn content(from: &Path, to: &Path, meter: &Meter) -> Result<()> {
    for _ in 0..2 {
        let mut source = File::open(from).map_err(|error| failed(from, error))?;
        let before = stamp(&source).map_err(|error| failed(from, error))?;
        let mut target = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(to)
            .map_err(|error| failed(to, error))?;
        let mut piece = vec![0; PIECE];
        loop {
            let count = source.read(&mut piece).map_err(|error| failed(from, error))?;
            if count == 0 {
                break;
            }
            target
                .write_all(&piece[..count])
                .map_err(|error| failed(to, error))?;
            meter.add(count as u64)?;
        }
        if stamp(&source).map_err(|error| failed(from, error))? == before {
            return Ok(());
        }
    }
    Err(
        Error::refused("changing", "the file changes while it is being read")
            .at(from.display())
            .hint("try again when nothing writes to it"),
    )
}

fn stamp(file: &File) -> io::Result<(u64, i64, i64)> {
    let meta = file.metadata()?;
    Ok((meta.size(), meta.mtime(), meta.mtime_nsec()))
}

/// A failure while data is copied; a full disk is named as one.
pub fn failed(path: &Path, error: io::Error) -> Error {
    let full = error.kind() == io::ErrorKind::StorageFull || error.kind() == io::ErrorKind::QuotaExceeded;
    let (code, hint) = if full {
        (
            "disk_full",
            "free space on the node, `pairadm backups prune` removes old backups",
        )
    } else {
        (
            "data_not_copied",
            "look at the file system and the permissions there",
        )
    };
    Error::incomplete(code, "the data cannot be copied")
        .at(path.display())
        .because(error)
        .hint(hint)
}
