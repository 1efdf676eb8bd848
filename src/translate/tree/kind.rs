//! What a content is, told by its bytes, never by its name.

use memchr::memchr;
use std::fs::File;
use std::io::{self, Read, Seek};

/// What a content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No NUL byte in all of it: configuration, dumps, CSV, in any character set that extends ASCII.
    Text,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// POSIX ustar, pax and GNU tar; the formats before POSIX have no mark and are opaque.
    Tar,
    /// SQLite 3.
    Database,
    /// Anything else is copied as it is.
    Opaque,
}

/// Bytes that decide, when they are there.
const HEAD: usize = 512;

impl Kind {
    /// What `file` is; it is read from its beginning and left there.
    pub fn of(file: &mut File) -> io::Result<Self> {
        file.rewind()?;
        let mut head = Vec::new();
        file.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
        let kind = match Self::by_mark(&head) {
            Some(kind) => kind,
            None if memchr(0, &head).is_none() && !has_nul(file)? => Self::Text,
            None => Self::Opaque,
        };
        file.rewind()?;
        Ok(kind)
    }

    fn by_mark(head: &[u8]) -> Option<Self> {
        if head.starts_with(&[0x1f, 0x8b, 8]) {
            Some(Self::Gzip)
        } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            Some(Self::Zstd)
        } else if head.starts_with(b"SQLite format 3\0") {
            Some(Self::Database)
        } else if head.len() == HEAD && head[257..].starts_with(b"ustar") {
            Some(Self::Tar)
        } else {
            None
        }
    }
}

fn has_nul(rest: &mut File) -> io::Result<bool> {
    let mut buffer = vec![0; 128 * 1024];
    loop {
        let read = rest.read(&mut buffer)?;
        if read == 0 || memchr(0, &buffer[..read]).is_some() {
            return Ok(read != 0);
        }
    }
}
