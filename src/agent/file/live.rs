//! A file as it is now: its bytes, everything S3 promises to give back, and the identity that tells
//! whether it is still the same file a moment later.

use super::fault::fault;
use crate::error::{Error, Result};
use crate::model::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rustix::fs::{OFlags, Timespec, Timestamps, futimens};
use serde::{Deserialize, Serialize};
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::Path;
use xattr::FileExt as _;

/// Larger files are not changed in place: they are held in memory while they are.
pub const LARGEST: u64 = 512 << 20;

/// Owner, mode, times and extended attributes (ACLs and security labels are among them).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Permission bits, set-id and sticky bits included.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Last access: seconds, nanoseconds.
    pub atime: (i64, i64),
    /// Last change of the content: seconds, nanoseconds.
    pub mtime: (i64, i64),
    /// Name and value (base64) of each extended attribute.
    pub xattrs: Vec<(String, String)>,
}

/// What a person could have changed since: content, mode, owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// SHA-256 of the content.
    pub sha256: String,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// Content.
    pub bytes: Vec<u8>,
    /// SHA-256 of it.
    pub sha256: String,
    /// The rest.
    pub meta: Meta,
    identity: Identity,
}

/// Differs after any change: device, inode, size, content time, inode time (seconds, nanoseconds).
type Identity = (u64, u64, u64, (i64, i64), (i64, i64));

impl Live {
    /// Reads a file; `None` when there is none. Never follows a link and never waits on a pipe.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let unreadable = |error: &io::Error| fault(path, "the file cannot be read", error);
        let mut file = match open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(&error)),
        };
        let metadata = file.metadata().map_err(|error| unreadable(&error))?;
        if metadata.len() > LARGEST {
            return Err(
                Error::refused("too_large", "the file is too large to be changed in place")
                    .at(path.display())
                    .because(format!("{} bytes; at most {LARGEST}", metadata.len())),
            );
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
        let meta = Meta::of(&file, &metadata).map_err(|error| unreadable(&error))?;
        Ok(Some(Self {
            sha256: digest::sha256(&bytes),
            bytes,
            meta,
            identity: identity(&metadata),
        }))
    }

    /// What is compared later.
    pub fn seal(&self) -> Seal {
        Seal {
            sha256: self.sha256.clone(),
            mode: self.meta.mode,
            uid: self.meta.uid,
            gid: self.meta.gid,
        }
    }
}

/// True when `path` is still what `live` was read from (or still absent).
pub fn is_still(path: &Path, live: Option<&Live>) -> io::Result<bool> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) => Ok(live.is_some_and(|live| live.identity == identity(&metadata))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(live.is_none()),
        Err(error) => Err(error),
    }
}

fn identity(of: &Metadata) -> Identity {
    (
        of.dev(),
        of.ino(),
        of.size(),
        (of.mtime(), of.mtime_nsec()),
        (of.ctime(), of.ctime_nsec()),
    )
}

/// Without touching the access time where the file system and the owner let us.
fn open(path: &Path) -> io::Result<File> {
    let with = |flags: OFlags| {
        File::options()
            .read(true)
            .custom_flags(flags.bits().cast_signed())
            .open(path)
    };
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    with(flags | OFlags::NOATIME).or_else(|error| match error.kind() {
        ErrorKind::PermissionDenied => with(flags),
        _ => Err(error),
    })
}

/// Attributes the kernel computes from the content; new content gets its own.
const BOUND_TO_CONTENT: [&str; 2] = ["security.ima", "security.evm"];

impl Meta {
    /// The access time may have moved on.
    pub fn is_same_but_for_reading(&self, other: &Self) -> bool {
        let atime = other.atime;
        Self {
            atime,
            ..self.clone()
        } == *other
    }

    fn of(file: &File, metadata: &Metadata) -> io::Result<Self> {
        let mut xattrs = Vec::new();
        for name in attribute_names(file)? {
            if let Some(value) = file.get_xattr(&name)? {
                xattrs.push((name, BASE64.encode(value)));
            }
        }
        xattrs.sort_unstable();
        Ok(Self {
            mode: metadata.mode() & 0o7777,
            uid: metadata.uid(),
            gid: metadata.gid(),
            atime: (metadata.atime(), metadata.atime_nsec()),
            mtime: (metadata.mtime(), metadata.mtime_nsec()),
            xattrs,
        })
    }

    /// For new content in place of the old: everything but the times and what follows the content.
    pub fn dress_new_content(&self, file: &File, mode: u32) -> io::Result<()> {
        fchown(file, Some(self.uid), Some(self.gid))?;
        self.write_attributes(file, |name| !BOUND_TO_CONTENT.contains(&name))?;
        file.set_permissions(std::fs::Permissions::from_mode(mode))
    }

    /// Exactly as it was, times included.
    pub fn dress_original(&self, file: &File) -> io::Result<()> {
        fchown(file, Some(self.uid), Some(self.gid))?;
        self.write_attributes(file, |_| true)?;
        file.set_permissions(std::fs::Permissions::from_mode(self.mode))?;
        let time = |(tv_sec, tv_nsec)| Timespec { tv_sec, tv_nsec };
        let times = Timestamps {
            last_access: time(self.atime),
            last_modification: time(self.mtime),
        };
        Ok(futimens(file, &times)?)
    }

    fn write_attributes(&self, file: &File, wanted: impl Fn(&str) -> bool) -> io::Result<()> {
        // What the directory's default ACL gave the new file goes first.
        for name in attribute_names(file)? {
            if name.starts_with("system.posix_acl") && !self.xattrs.iter().any(|(own, _)| *own == name) {
                file.remove_xattr(&name)?;
            }
        }
        for (name, value) in self.xattrs.iter().filter(|(name, _)| wanted(name)) {
            let value = BASE64
                .decode(value)
                .map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
            if file.get_xattr(name)?.as_ref() != Some(&value) {
                file.set_xattr(name, &value)?;
            }
        }
        Ok(())
    }
}

/// None on file systems without extended attributes.
fn attribute_names(file: &File) -> io::Result<Vec<String>> {
    match file.list_xattr() {
        Ok(names) => Ok(names.filter_map(|name| name.into_string().ok()).collect()),
        Err(error) if error.kind() == ErrorKind::Unsupported => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
