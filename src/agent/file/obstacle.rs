//! What stands in the way of replacing a file by rename, found before anything is written: a rename
//! over a symbolic link replaces the link, hard links part, a bind mount is busy, attributes forbid it.

use super::fault::fault;
use super::live::{LARGEST, Live};
use crate::agent::protocol::FileImage;
use crate::error::{Error, Result};
use crate::model::digest;
use crate::plan::Content;
use rustix::fs::{IFlags, StatVfsMountFlags, ioctl_getflags, statvfs};
use std::fs::{File, Metadata};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Component, Path, PathBuf};

/// Longest file name; the names of backup and draft must fit as well.
const NAME_MAX: usize = 255;

/// `.`, `.pairadm_<pid>_<epoch>_<step>` and `.part` at their longest.
const NAME_ROOM: usize = 50;

/// Refuses with what stands in the way, if anything does.
pub fn check(path: &Path) -> Result<()> {
    check_name(path)?;
    check_directory(&existing_directory(path)?)?;
    if let Some(metadata) = look(path)? {
        check_links(path, &metadata)?;
        check_file(path, &metadata)?;
    }
    Ok(())
}

/// The same for what pairadm alone keeps: other names of it are nobody's, and a rename may leave them behind.
pub fn check_own(path: &Path) -> Result<()> {
    check_directory(&existing_directory(path)?)?;
    match look(path)?.filter(|metadata| !metadata.is_symlink()) {
        Some(metadata) => check_file(path, &metadata),
        None => Ok(()),
    }
}

/// What is at `path`, links not followed; `None` when nothing is.
fn look(path: &Path) -> Result<Option<Metadata>> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fault(path, "the file cannot be looked at", &error)),
    }
}

fn check_name(path: &Path) -> Result<()> {
    let plain = path.is_absolute()
        && path
            .components()
            .all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    let name = path.file_name().filter(|_| plain).ok_or_else(|| {
        refused(
            "bad_path",
            path,
            "not an absolute path of a file",
            "give the whole path without `..`",
        )
    })?;
    if name.as_bytes().len() > NAME_MAX - NAME_ROOM {
        return Err(refused(
            "name_too_long",
            path,
            "the name leaves no room for the name of a backup",
            "shorten it",
        ));
    }
    Ok(())
}

/// The deepest directory above `path` that exists; those below it would be made.
pub fn existing_directory(path: &Path) -> Result<PathBuf> {
    for directory in path.ancestors().skip(1) {
        match std::fs::metadata(directory) {
            Ok(metadata) if metadata.is_dir() => return Ok(directory.to_owned()),
            Ok(_) => {
                let text = format!("{} is not a directory", directory.display());
                return Err(refused(
                    "parent_missing",
                    path,
                    &text,
                    "make it a directory, or name another place",
                ));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if std::fs::symlink_metadata(directory).is_ok() {
                    let text = format!("{} is a symbolic link that leads nowhere", directory.display());
                    return Err(refused("parent_missing", path, &text, "mend the link"));
                }
            }
            Err(error) if error.kind() == ErrorKind::NotADirectory => {}
            Err(error) => return Err(fault(directory, "the directory cannot be looked at", &error)),
        }
    }
    Err(refused(
        "parent_missing",
        path,
        "there is no directory for it",
        "name another place",
    ))
}

fn check_directory(directory: &Path) -> Result<()> {
    let stat = statvfs(directory)
        .map_err(|error| fault(directory, "its file system cannot be looked at", &error.into()))?;
    if stat.f_flag.contains(StatVfsMountFlags::RDONLY) {
        return Err(refused(
            "read_only",
            directory,
            "the file system is read-only",
            "mount it writable",
        ));
    }
    if let Some(letter) = locked_attribute(directory) {
        let text = format!("the directory has the attribute `{letter}`: nothing in it can be replaced");
        let hint = format!("`chattr -{letter} {}`", directory.display());
        return Err(refused("immutable", directory, &text, &hint));
    }
    Ok(())
}

/// Other ways to the same bytes, which would part from it.
fn check_links(path: &Path, metadata: &Metadata) -> Result<()> {
    if metadata.is_symlink() {
        let target = std::fs::read_link(path).unwrap_or_default();
        let text = format!(
            "a symbolic link to {}: replacing it would cut it off from that file",
            target.display()
        );
        return Err(refused(
            "symlink",
            path,
            &text,
            "put a regular file there, or change the file it points to",
        ));
    }
    if metadata.is_file() && metadata.nlink() > 1 {
        let text = format!(
            "has {} names (hard links): the others would keep the old content",
            metadata.nlink()
        );
        return Err(refused(
            "hard_links",
            path,
            &text,
            "find them with `find -samefile`, remove or copy the others",
        ));
    }
    Ok(())
}

fn check_file(path: &Path, metadata: &Metadata) -> Result<()> {
    let kind = metadata.file_type();
    if !kind.is_file() {
        let text = match () {
            () if kind.is_dir() => "a directory",
            () if kind.is_fifo() => "a named pipe",
            () if kind.is_socket() => "a socket",
            () => "a device",
        };
        return Err(refused(
            "not_regular",
            path,
            &format!("{text}, not a regular file"),
            "move it away",
        ));
    }
    if is_mount_point(path)? {
        return Err(refused(
            "bind_mount",
            path,
            "something is mounted on this file",
            "unmount it, or change its source",
        ));
    }
    if let Some(letter) = locked_attribute(path) {
        let text = format!("has the attribute `{letter}`: it cannot be replaced");
        return Err(refused(
            "immutable",
            path,
            &text,
            &format!("`chattr -{letter} {}`", path.display()),
        ));
    }
    Ok(())
}

/// `i` or `a`, when `chattr` set it. File systems without attributes have none.
fn locked_attribute(path: &Path) -> Option<char> {
    let flags = ioctl_getflags(File::open(path).ok()?).ok()?;
    if flags.contains(IFlags::IMMUTABLE) {
        Some('i')
    } else {
        flags.contains(IFlags::APPEND).then_some('a')
    }
}

/// By the kernel's own list: a bind mount of the same file system has no other mark.
fn is_mount_point(path: &Path) -> Result<bool> {
    const LIST: &str = "/proc/self/mountinfo";
    let list =
        std::fs::read(LIST).map_err(|error| fault(Path::new(LIST), "mounts cannot be listed", &error))?;
    let real = path
        .parent()
        .and_then(|parent| parent.canonicalize().ok())
        .zip(path.file_name())
        .map(|(parent, name)| parent.join(name));
    let Some(real) = real else { return Ok(false) };
    let wanted = octal_escaped(real.as_os_str().as_bytes());
    // Fields by proc(5): mount ID, parent ID, major:minor, root, mount point, …
    Ok(list
        .split(|&byte| byte == b'\n')
        .any(|line| line.split(|&byte| byte == b' ').nth(4) == Some(&wanted)))
}

/// As `mountinfo` writes space, tab, line feed and backslash.
fn octal_escaped(path: &[u8]) -> Vec<u8> {
    path.iter().fold(Vec::new(), |mut escaped, &byte| {
        match byte {
            b' ' | b'\t' | b'\n' | b'\\' => escaped.extend(format!("\\{byte:03o}").into_bytes()),
            _ => escaped.push(byte),
        }
        escaped
    })
}

fn refused(code: &str, path: &Path, text: &str, hint: &str) -> Error {
    Error::refused(code, text).at(path.display()).hint(hint)
}

/// A file for planning: its content where it has one, and what stands in the way of changing it.
pub fn image(path: &Path) -> Result<FileImage> {
    let obstacle = check(path).err();
    let mut image = FileImage {
        path: path.display().to_string(),
        content: None,
        sha256: None,
        mode: 0,
        owner: (0, 0),
        obstacle: obstacle.as_ref().map(ToString::to_string),
    };
    let through_link = obstacle.is_some_and(|error| error.code == "symlink");
    let real = if through_link {
        path.canonicalize().unwrap_or_else(|_| path.to_owned())
    } else {
        path.to_owned()
    };
    match std::fs::symlink_metadata(&real) {
        Ok(metadata) if metadata.is_file() && metadata.len() <= LARGEST => {
            if let Some(live) = Live::read(&real)? {
                image.sha256 = Some(digest::sha256(&live.bytes));
                image.content = Some(Content::from_bytes(&live.bytes));
                (image.mode, image.owner) = (live.meta.mode, (live.meta.uid, live.meta.gid));
            }
            Ok(image)
        }
        Ok(_) => Ok(image),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(image),
        Err(error) => Err(fault(path, "the file cannot be looked at", &error)),
    }
}
