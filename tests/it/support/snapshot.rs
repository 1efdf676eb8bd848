//! Everything that can be seen of a node's files, to prove that none of it was lost or changed.

use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

/// One file, directory or link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// SHA-256 of a file's bytes or a link's target; empty for a directory.
    pub content: Vec<u8>,
    /// Type and permission bits.
    pub mode: u32,
    /// Numeric owner and group.
    pub owner: (u32, u32),
    /// Modification time, nanoseconds; 0 for a directory, whose time changes with its entries.
    pub modified: i128,
    /// Extended attributes, ACLs among them.
    pub attributes: BTreeMap<String, Vec<u8>>,
}

/// Files by their path on the node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot(pub BTreeMap<PathBuf, Seen>);

impl Snapshot {
    /// Looks at these paths below `root` and at everything below them. An absent path is recorded by
    /// its absence.
    pub fn take<P: AsRef<Path>>(root: &Path, paths: &[P]) -> Self {
        let mut seen = BTreeMap::new();
        for path in paths {
            look(root, path.as_ref(), &mut seen).expect("files can be looked at");
        }
        Self(seen)
    }

    /// One line for each path that differs: what an assertion should show.
    pub fn changes_to(&self, later: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        for (path, before) in &self.0 {
            match later.0.get(path) {
                None => changes.push(format!("{} is gone", path.display())),
                Some(after) if after != before => {
                    changes.push(format!("{}: {}", path.display(), before.difference(after)));
                }
                Some(_) => {}
            }
        }
        let new = later.0.keys().filter(|path| !self.0.contains_key(*path));
        changes.extend(new.map(|path| format!("{} is new", path.display())));
        changes
    }
}

impl Seen {
    fn difference(&self, other: &Self) -> String {
        let parts = [
            (self.content != other.content, "content"),
            (self.mode != other.mode, "mode"),
            (self.owner != other.owner, "owner"),
            (self.modified != other.modified, "time"),
            (self.attributes != other.attributes, "attributes"),
        ];
        let names: Vec<_> = parts
            .iter()
            .filter(|(differs, _)| *differs)
            .map(|(_, name)| *name)
            .collect();
        names.join(", ")
    }
}

/// The bytes of a file below `root`.
pub fn read_inside(root: &Path, path: &Path) -> io::Result<Vec<u8>> {
    std::fs::read(handle(&open_inside(root, path, OFlags::empty())?))
}

/// Opens without leaving `root`: an absolute link on the node means a path on the node.
fn open_inside(root: &Path, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    let root = std::fs::File::open(root)?;
    let flags = flags | OFlags::PATH | OFlags::CLOEXEC;
    Ok(openat2(root, path, flags, Mode::empty(), ResolveFlags::IN_ROOT)?)
}

/// A path that means exactly what is open.
fn handle(fd: &OwnedFd) -> PathBuf {
    format!("/proc/self/fd/{}", fd.as_raw_fd()).into()
}

fn look(root: &Path, path: &Path, seen: &mut BTreeMap<PathBuf, Seen>) -> io::Result<()> {
    let fd = match open_inside(root, path, OFlags::NOFOLLOW) {
        Ok(fd) => fd,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let handle = handle(&fd);
    let stat = rustix::fs::fstat(&fd)?;
    let kind = rustix::fs::FileType::from_raw_mode(stat.st_mode);
    let mut modified = i128::from(stat.st_mtime) * 1_000_000_000 + i128::from(stat.st_mtime_nsec);
    let mut attributes = BTreeMap::new();
    if !kind.is_symlink() {
        for name in xattr::list_deref(&handle)? {
            let value = xattr::get_deref(&handle, &name)?.unwrap_or_default();
            attributes.insert(name.to_string_lossy().into_owned(), value);
        }
    }
    let content = if kind.is_symlink() {
        rustix::fs::readlinkat(&fd, "", Vec::new())?.into_bytes()
    } else if kind.is_file() {
        Sha256::digest(std::fs::read(&handle)?).to_vec()
    } else {
        Vec::new()
    };
    if kind.is_dir() {
        modified = 0;
        for entry in std::fs::read_dir(&handle)? {
            look(root, &path.join(entry?.file_name()), seen)?;
        }
    }
    let owner = (stat.st_uid, stat.st_gid);
    seen.insert(
        path.to_owned(),
        Seen {
            content,
            mode: stat.st_mode,
            owner,
            modified,
            attributes,
        },
    );
    Ok(())
}
