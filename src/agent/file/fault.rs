//! What the system's error numbers mean to an operator.

use crate::error::Error;
use rustix::io::Errno;
use std::io;
use std::path::Path;

/// `what` failed at `path`; nothing was changed there.
pub fn fault(path: &Path, what: &str, error: &io::Error) -> Error {
    let (code, hint) = match Errno::from_io_error(error) {
        Some(Errno::NOSPC | Errno::DQUOT) => ("disk_full", "free space on that file system, then try again"),
        Some(Errno::ROFS) => ("read_only", "mount that file system writable, then try again"),
        Some(Errno::PERM) => (
            "immutable",
            "look at `lsattr`; `chattr -i -a` lifts the attribute",
        ),
        Some(Errno::BUSY | Errno::XDEV) => (
            "bind_mount",
            "something is mounted there; change its source instead",
        ),
        Some(Errno::ACCESS) => (
            "not_permitted",
            "the agent must run as root, and no security module may forbid it",
        ),
        _ => (
            "file_fault",
            "look at the file and at the kernel's messages on the node",
        ),
    };
    Error::refused(code, what)
        .at(path.display())
        .because(error)
        .hint(hint)
}
