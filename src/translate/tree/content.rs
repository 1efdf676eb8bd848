//! One content, whatever it is: a text, something packed, an archive, a database, or none of these.

use super::job::{Job, failed, unchanged};
use super::kind::Kind;
use crate::error::{Error, Result};
use flate2::read::{GzDecoder, MultiGzDecoder};
use flate2::{Compression, GzBuilder, GzHeader};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};
use std::path::Path;

/// Level that zstd(1) uses by default.
const ZSTD_LEVEL: i32 = 3;

/// A content that is being worked on.
pub struct Content<'c> {
    /// For people: path below the directory, members behind `!`.
    pub name: &'c str,
    /// Where the file is on disk, if it is one: a database may have a journal beside it.
    pub path: Option<&'c Path>,
    /// In how many archives it is.
    pub depth: u8,
}

impl Content<'_> {
    /// Works on `source`; whether what `out` got differs from it. What did not change is copied byte for
    /// byte, packed or not.
    pub fn work(&self, job: &mut Job<'_>, source: &mut File, out: Option<&mut File>) -> Result<bool> {
        let kind = Kind::of(source).map_err(|error| failed(self.name, &error))?;
        let packed = matches!(kind, Kind::Gzip | Kind::Zstd | Kind::Tar);
        if packed && self.depth >= job.rules.depth {
            let message = format!("is an archive within {} archives", self.depth);
            return Err(Error::refused("archive_too_deep", message).at(self.name));
        }
        match kind {
            Kind::Text => job.text(self.name, source, out),
            Kind::Gzip => self.gzip(job, source, out),
            Kind::Zstd => self.zstd(job, source, out),
            Kind::Tar => self.tar(job, source, out),
            Kind::Database => self.database(job, source, out),
            Kind::Opaque => job.opaque(self.name, source, out),
        }
    }

    fn gzip(&self, job: &mut Job<'_>, source: &mut File, out: Option<&mut File>) -> Result<bool> {
        let header = GzDecoder::new(&mut *source).header().cloned();
        let rewound = source.rewind();
        rewound.map_err(|error| failed(self.name, &error))?;
        self.unpack(job, source, out, gunzip, |plain, out| {
            let mut packer = builder(header.as_ref()).write(out, Compression::default());
            io::copy(plain, &mut packer)?;
            packer.finish().map(drop)
        })
    }

    fn zstd(&self, job: &mut Job<'_>, source: &mut File, out: Option<&mut File>) -> Result<bool> {
        self.unpack(job, source, out, unzstd, |plain, out| {
            let mut packer = zstd::Encoder::new(out, ZSTD_LEVEL)?;
            packer.include_checksum(true)?;
            io::copy(plain, &mut packer)?;
            packer.finish().map(drop)
        })
    }

    /// Unpacks with `decoder`, works on what is inside, and packs it with `encode` if it changed.
    fn unpack(
        &self,
        job: &mut Job<'_>,
        source: &mut File,
        out: Option<&mut File>,
        decoder: impl for<'s> FnOnce(BufReader<&'s File>) -> io::Result<Box<dyn Read + 's>>,
        encode: impl FnOnce(&mut File, &mut dyn Write) -> io::Result<()>,
    ) -> Result<bool> {
        let mut plain = job.unpacked(self.name)?;
        let mut translated = if out.is_some() {
            Some(job.unpacked(self.name)?)
        } else {
            None
        };
        let shared = &*source;
        let packed = shared
            .metadata()
            .map_err(|error| failed(self.name, &error))?
            .len();
        let unpacked = || {
            let reader = decoder(BufReader::new(shared))?;
            io::copy(&mut job.rules.bounded(reader, packed), &mut plain)
        };
        unpacked().map_err(|error| damaged(self.name, &error))?;
        let inside = Content {
            name: self.name,
            path: None,
            depth: self.depth + 1,
        };
        let changed = inside.work(job, &mut plain, translated.as_mut())?;
        match (out, translated) {
            (Some(out), Some(mut translated)) if changed => {
                let packed = translated.rewind().and_then(|()| encode(&mut translated, out));
                packed.map_err(|error| failed(self.name, &error))?;
                Ok(true)
            }
            (out, _) => unchanged(self.name, source, out),
        }
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a decoder like the other one, which can fail"
)]
fn gunzip<'s>(source: BufReader<&'s File>) -> io::Result<Box<dyn Read + 's>> {
    Ok(Box::new(MultiGzDecoder::new(source)))
}

fn unzstd<'s>(source: BufReader<&'s File>) -> io::Result<Box<dyn Read + 's>> {
    Ok(Box::new(zstd::Decoder::with_buffer(source)?))
}

/// Keeps the name and time that the header had.
fn builder(header: Option<&GzHeader>) -> GzBuilder {
    let mut builder = GzBuilder::new();
    let Some(header) = header else { return builder };
    builder = builder
        .mtime(header.mtime())
        .operating_system(header.operating_system());
    if let Some(name) = header.filename() {
        builder = builder.filename(name);
    }
    if let Some(comment) = header.comment() {
        builder = builder.comment(comment);
    }
    builder
}

/// What went wrong unpacking `name`.
pub fn damaged(name: &str, error: &io::Error) -> Error {
    let error = failed(name, error);
    if error.code != "mirror_unreadable" {
        return error;
    }
    let message = "the archive is damaged, so that addresses in it cannot be found";
    let cause = error.cause.unwrap_or_default();
    Error::refused("archive_damaged", message).at(name).because(cause)
}
