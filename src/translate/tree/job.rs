//! What is done with each content of a mirror, and what came of it: translating, scanning or explaining.

use super::collect::{Collector, Spot};
use super::explain::Explainer;
use super::rules::Rules;
use super::sift::Sift;
use crate::error::{Error, Result};
use crate::translate::engine::{Counts, Occurrence, Scan, Translator};
use addresses::{Visitor, pass, pass_whole};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::PathBuf;

/// One of the three things that are done with a mirror.
pub enum Work<'w> {
    /// Copies with addresses replaced.
    Translate(&'w Translator, Counts),
    /// Lists addresses.
    Scan(Collector),
    /// Shows places of one address.
    Explain(Explainer<'w>),
}

/// Hears how many bytes of a tree have been looked at, and may end the work by an error.
pub type Told<'t> = &'t dyn Fn(u64) -> Result<()>;

/// How far the work on a tree is: by the sizes of its files as they lie on the disk.
pub struct Progress<'p> {
    told: Told<'p>,
    /// Bytes of the files that are done.
    before: u64,
    /// Bytes of the file that is being worked on, and how many of them are done.
    here: (u64, u64),
}

impl<'p> Progress<'p> {
    /// Nothing is done yet.
    pub fn new(told: Told<'p>) -> Self {
        Self {
            told,
            before: 0,
            here: (0, 0),
        }
    }

    /// Another file of so many bytes is begun.
    pub fn file(&mut self, bytes: u64) -> Result<()> {
        self.before += self.here.0;
        self.here = (bytes, 0);
        (self.told)(self.before)
    }

    /// So many more bytes of it are done; what is unpacked from it may be more than it has.
    pub fn add(&mut self, bytes: u64) -> Result<()> {
        self.here.1 = self.here.1.saturating_add(bytes).min(self.here.0);
        (self.told)(self.before + self.here.1)
    }
}

/// A content that tells what is read of it.
struct Telling<'t, 'p> {
    source: &'t mut File,
    progress: &'t mut Progress<'p>,
}

impl Read for Telling<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.progress.add(count as u64).map_err(io::Error::other)?;
        Ok(count)
    }
}

/// Work on a whole tree.
pub struct Job<'j> {
    /// How far it is.
    pub progress: Progress<'j>,
    /// What to do.
    pub work: Work<'j>,
    /// What to leave alone.
    pub rules: &'j Rules,
    /// Where unpacked contents are kept meanwhile.
    pub scratch: PathBuf,
    /// Contents that were not looked into.
    pub opaque: Vec<String>,
}

/// Names listed in a report.
const LISTED: usize = 1000;

impl Job<'_> {
    /// Works on the text `source`, called `name`; whether what `out` got differs from it.
    pub fn text(&mut self, name: &str, source: &mut File, out: Option<&mut File>) -> Result<bool> {
        let source = &mut Telling {
            source,
            progress: &mut self.progress,
        };
        let done = match (&mut self.work, out) {
            (Work::Translate(translator, counts), Some(out)) => {
                let mut visitor = Sift::new(self.rules, translator.copying(out));
                let passed = visit(source, self.rules, &mut visitor);
                let here = Counts::of(visitor.inner);
                counts.add(&here);
                passed.map(|()| here.total() > 0)
            }
            (Work::Translate(..), None) => Ok(false),
            (Work::Scan(collector), _) => {
                let each = |found: &Occurrence<'_>| {
                    let (table, line) = (found.table, Some(found.line));
                    collector.add(
                        found.subject,
                        found.spelling,
                        Spot {
                            file: name,
                            table,
                            column: None,
                            line,
                        },
                    );
                };
                pass(source, &mut Sift::new(self.rules, Scan::new(each))).map(|()| false)
            }
            (Work::Explain(explainer), _) => {
                pass(source, &mut Sift::new(self.rules, explainer.content(name, None))).map(|()| false)
            }
        };
        done.map_err(|error| failed(name, &error))
    }

    /// Works on one value of a database; the new value when it changes.
    pub fn value(&mut self, name: &str, cell: (&str, &str), value: &str) -> Option<String> {
        // A wish to stop is followed before the next file.
        let _ = self.progress.add(value.len() as u64);
        match &mut self.work {
            Work::Translate(translator, counts) => translator.text(value, counts),
            Work::Scan(collector) => {
                let (table, column) = (Some(cell.0), Some(cell.1));
                let mut scan = Scan::new(|found: &Occurrence<'_>| {
                    collector.add(
                        found.subject,
                        found.spelling,
                        Spot {
                            file: name,
                            table,
                            column,
                            line: None,
                        },
                    );
                });
                // Values are in memory, and these visitors do not fail.
                pass_whole(value.as_bytes(), &mut scan).ok()?;
                None
            }
            Work::Explain(explainer) => {
                pass_whole(value.as_bytes(), &mut explainer.content(name, Some(cell))).ok()?;
                None
            }
        }
    }

    /// Copies a content that is not looked into.
    pub fn opaque(&mut self, name: &str, source: &mut File, out: Option<&mut File>) -> Result<bool> {
        if self.opaque.len() < LISTED {
            self.opaque.push(name.to_owned());
        }
        unchanged(name, source, out)
    }

    /// An empty file without a name, for an unpacked content.
    pub fn unpacked(&self, name: &str) -> Result<File> {
        tempfile::tempfile_in(&self.scratch).map_err(|error| failed(name, &error))
    }
}

/// Copies `source` as it is.
pub fn unchanged(name: &str, source: &mut File, out: Option<&mut File>) -> Result<bool> {
    if let Some(out) = out {
        let copied = source.rewind().and_then(|()| io::copy(source, out));
        copied.map_err(|error| failed(name, &error))?;
    }
    Ok(false)
}

/// Without tables to leave alone nobody has to look for them.
fn visit<V: Visitor>(source: &mut impl Read, rules: &Rules, visitor: &mut Sift<'_, V>) -> io::Result<()> {
    if rules.never_translate.is_empty() {
        pass(source, &mut visitor.inner)
    } else {
        pass(source, visitor)
    }
}

/// What went wrong with the content `name`.
pub fn failed(name: &str, error: &io::Error) -> Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let error = inner.cloned().unwrap_or_else(|| {
        Error::refused("mirror_unreadable", "the content cannot be read or copied").because(error)
    });
    error.at(name)
}
