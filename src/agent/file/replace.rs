//! Replacing and removing a file so that every reader sees the old or the new bytes whole (S4), and so
//! that a file somebody wrote meanwhile is never overwritten (S5).

use super::fault::fault;
use super::live::{Live, Meta, is_still};
use crate::agent::boundary;
use crate::error::{Error, Result};
use rustix::fs::{CWD, OFlags, RenameFlags, renameat_with};
use rustix::io::Errno;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

/// How the new file is dressed.
#[derive(Debug, Clone, Copy)]
pub enum Dress<'m> {
    /// As the file it replaces, with this mode.
    Like(&'m Meta, u32),
    /// A new file with this mode, owner and group.
    New(u32, (u32, u32)),
    /// Exactly as an original.
    Original(&'m Meta),
}

/// A file being written under a name of its own beside its place; gone again unless it is published.
pub struct Draft {
    path: PathBuf,
    published: bool,
}

impl Draft {
    /// Writes and fsyncs everything under `path`; what a crash of the same operation left there goes.
    pub fn write(path: &Path, bytes: &[u8], dress: Dress<'_>) -> Result<Self> {
        let failed = |error: io::Error| fault(path, "the new content cannot be written", &error);
        remove_if_there(path).map_err(failed)?;
        let mut file = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags((OFlags::NOFOLLOW | OFlags::CLOEXEC).bits().cast_signed())
            .open(path)
            .map_err(failed)?;
        let draft = Self {
            path: path.to_owned(),
            published: false,
        };
        boundary::reached("draft created");
        let (first, rest) = bytes.split_at(if cfg!(test) { bytes.len() / 2 } else { 0 });
        file.write_all(first).map_err(failed)?;
        boundary::reached("half the draft written");
        file.write_all(rest).map_err(failed)?;
        boundary::reached("draft written");
        match dress {
            Dress::Like(meta, mode) => meta.dress_new_content(&file, mode),
            // A set-group-ID directory would give it its group.
            Dress::New(mode, (user, group)) => fchown(&file, Some(user), Some(group))
                .and_then(|()| file.set_permissions(std::fs::Permissions::from_mode(mode))),
            Dress::Original(meta) => meta.dress_original(&file),
        }
        .map_err(failed)?;
        file.sync_all().map_err(failed)?;
        boundary::reached("draft synced");
        Ok(draft)
    }

    /// Puts it into place, where `seen` was a moment ago.
    pub fn replace(self, place: &Path, seen: Option<&Live>) -> Result<()> {
        let failed = |error: io::Error| fault(place, "the file cannot be replaced", &error);
        if !is_still(place, seen).map_err(failed)? {
            return Err(meanwhile(place));
        }
        boundary::reached("before rename");
        if seen.is_some() {
            std::fs::rename(&self.path, place).map_err(failed)?;
            self.published();
        } else {
            self.publish_new(place)?;
        }
        sync_parent(place)
    }

    /// Puts it where nothing may be; code `exists` when something is. The caller syncs the directory,
    /// once for all files it puts there.
    pub fn publish_new(self, place: &Path) -> Result<()> {
        let failed = |error: io::Error| fault(place, "the file cannot be created", &error);
        match renameat_with(CWD, &self.path, CWD, place, RenameFlags::NOREPLACE) {
            Ok(()) => {}
            Err(Errno::EXIST) => {
                return Err(
                    Error::refused("exists", "somebody created this file meanwhile").at(place.display())
                );
            }
            // A file system without RENAME_NOREPLACE: a link has the same promise.
            Err(Errno::INVAL | Errno::NOSYS) => {
                std::fs::hard_link(&self.path, place).map_err(failed)?;
                std::fs::remove_file(&self.path).map_err(failed)?;
            }
            Err(error) => return Err(failed(error.into())),
        }
        self.published();
        Ok(())
    }

    fn published(mut self) {
        self.published = true;
        boundary::reached("renamed");
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.published {
            // What cannot be removed now is removed by the next attempt of the same operation.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Removes a file that is still what was seen.
pub fn remove(place: &Path, seen: &Live) -> Result<()> {
    let failed = |error: io::Error| fault(place, "the file cannot be removed", &error);
    if !is_still(place, Some(seen)).map_err(failed)? {
        return Err(meanwhile(place));
    }
    boundary::reached("before remove");
    std::fs::remove_file(place).map_err(failed)?;
    boundary::reached("removed");
    sync_parent(place)
}

/// Makes a rename, a creation or a removal durable.
pub fn sync_parent(place: &Path) -> Result<()> {
    let parent = place.parent().unwrap_or(Path::new("/"));
    File::open(parent)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| fault(parent, "the directory cannot be synced", &error))?;
    boundary::reached("directory synced");
    Ok(())
}

/// Removes a file, if there is one. Looks first: a read-only file system refuses even to remove what is
/// not there.
pub fn remove_if_there(path: &Path) -> io::Result<()> {
    if std::fs::symlink_metadata(path).is_err() {
        return Ok(());
    }
    match std::fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// A name beside `place` that programs take for no configuration: hidden.
pub fn beside(place: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(place.file_name().unwrap_or_default());
    name.push(format!(".{suffix}"));
    place.with_file_name(name)
}

fn meanwhile(place: &Path) -> Error {
    Error::refused("changed_since", "somebody changed the file at this very moment")
        .at(place.display())
        .hint("plan again to see the change")
}
