//! Archives of tar(1): each regular member is worked on; everything else, and every header field but the
//! size and the sum, stays as it is.

use super::content::{Content, damaged};
use super::job::{Job, failed, unchanged};
use crate::error::Result;
use std::fs::File;
use std::io::{self, Read, Seek};
use tar::{Archive, Builder, Entry, EntryType};

impl Content<'_> {
    pub(super) fn tar(&self, job: &mut Job<'_>, source: &mut File, out: Option<&mut File>) -> Result<bool> {
        if !plain(source).map_err(|error| damaged(self.name, &error))? {
            return job.opaque(self.name, source, out);
        }
        let Some(out) = out else {
            return self.members(job, source, &mut |_, _| Ok(()));
        };
        let mut builder = Builder::new(&mut *out);
        let changed = self.members(job, source, &mut |header, data| builder.append(header, data))?;
        builder.finish().map_err(|error| failed(self.name, &error))?;
        drop(builder);
        if changed {
            return Ok(true);
        }
        // What did not change keeps even its padding.
        let emptied = out.rewind().and_then(|()| out.set_len(0));
        emptied.map_err(|error| failed(self.name, &error))?;
        unchanged(self.name, source, Some(out))
    }

    /// Works on each member and gives it to `append`; whether one changed.
    fn members(&self, job: &mut Job<'_>, source: &mut File, append: &mut Append<'_>) -> Result<bool> {
        let unread = |error: io::Error| damaged(self.name, &error);
        source.rewind().map_err(unread)?;
        let mut archive = Archive::new(source);
        let mut changed = false;
        for entry in archive.entries().map_err(unread)?.raw(true) {
            let mut entry = entry.map_err(unread)?;
            let kind = entry.header().entry_type();
            if matches!(kind, EntryType::Regular | EntryType::Continuous) {
                changed |= self.member(job, &mut entry, append)?;
            } else {
                let header = entry.header().clone();
                append(&header, &mut entry).map_err(|error| failed(self.name, &error))?;
            }
        }
        Ok(changed)
    }

    fn member(
        &self,
        job: &mut Job<'_>,
        entry: &mut Entry<'_, &mut File>,
        append: &mut Append<'_>,
    ) -> Result<bool> {
        let member = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let name = format!("{}!{member}", self.name);
        let mut header = entry.header().clone();
        let mut plain = job.unpacked(&name)?;
        let expected = entry.size();
        let copied = io::copy(entry, &mut plain).and_then(|copied| {
            let short = || io::Error::new(io::ErrorKind::UnexpectedEof, "the member is cut off");
            (copied == expected).then_some(()).ok_or_else(short)
        });
        copied.map_err(|error| damaged(&name, &error))?;
        let mut translated = job.unpacked(&name)?;
        let inside = Content {
            name: &name,
            path: None,
            depth: self.depth + 1,
        };
        let changed = inside.work(job, &mut plain, Some(&mut translated))?;
        let mut appended = || {
            let data = if changed { &mut translated } else { &mut plain };
            data.rewind()?;
            if changed {
                header.set_size(data.metadata()?.len());
                header.set_cksum();
            }
            append(&header, data)
        };
        appended().map_err(|error| failed(&name, &error))?;
        Ok(changed)
    }
}

type Append<'a> = dyn FnMut(&tar::Header, &mut dyn Read) -> io::Result<()> + 'a;

/// Whether sizes stand only in the headers: not in sparse members, nor beyond 8 GiB.
fn plain(source: &mut File) -> io::Result<bool> {
    /// Extended headers hold names and attributes; more than this is no such thing.
    const LONGEST: u64 = 1 << 20;
    let mut archive = Archive::new(&mut *source);
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        match entry.header().entry_type() {
            EntryType::GNUSparse => return Ok(false),
            EntryType::XHeader | EntryType::XGlobalHeader => {
                let mut records = Vec::new();
                entry.by_ref().take(LONGEST).read_to_end(&mut records)?;
                let has = |key: &[u8]| memchr::memmem::find(&records, key).is_some();
                if has(b" size=") || has(b" GNU.sparse.") {
                    return Ok(false);
                }
            }
            _ => {}
        }
    }
    Ok(true)
}
