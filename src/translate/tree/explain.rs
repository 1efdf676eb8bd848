//! Every place of one address, with what stands there before and after.

use super::collect::Spot;
use crate::translate::engine::{Translator, subject};
use crate::translate::{Place, Subject};
use addresses::{Piece, REACH, Visitor};
use memchr::{memchr, memchr_iter, memrchr};
use serde::{Deserialize, Serialize};
use std::io;

/// One place of an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explained {
    /// Where.
    pub place: Place,
    /// The line as it is, cut around the address. Bytes that are not UTF-8 are replaced.
    pub before: String,
    /// The same after translation of this address.
    pub after: String,
}

/// Places of one address; bounded, because it may stand in every row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// At most [`Explanation::PLACES`], in the order of the files.
    pub places: Vec<Explained>,
    /// How many more there are.
    pub more: u64,
}

impl Explanation {
    /// One list of the places in several folders, each with its name.
    pub fn joined<'n>(parts: impl IntoIterator<Item = (&'n str, Self)>) -> Self {
        let mut all = Self::default();
        for (name, part) in parts {
            all.more += part.more;
            all.places.extend(part.places.into_iter().map(|mut explained| {
                explained.place.file = format!("{name}/{}", explained.place.file);
                explained
            }));
        }
        all.more += all.places.len().saturating_sub(Self::PLACES) as u64;
        all.places.truncate(Self::PLACES);
        all
    }

    /// How many places are shown.
    pub const PLACES: usize = 1000;

    /// Bytes of the line shown on either side; the engine keeps no more in memory.
    const AROUND: usize = REACH - 4;
}

/// Looks for one subject.
pub struct Explainer<'e> {
    subject: Subject,
    translator: &'e Translator,
    /// What was found.
    pub explanation: Explanation,
}

impl<'e> Explainer<'e> {
    /// Nothing found yet. An address is also explained where it has a prefix length.
    pub fn new(subject: Subject, translator: &'e Translator) -> Self {
        Self {
            subject,
            translator,
            explanation: Explanation::default(),
        }
    }

    /// A visitor of the content `file`, in `column` of `table` if it is a value of a database.
    pub fn content<'c>(&'c mut self, file: &'c str, cell: Option<(&'c str, &'c str)>) -> Content<'c, 'e> {
        Content {
            explainer: self,
            file,
            cell,
            table: None,
            line: 1,
        }
    }

    fn is_subject(&self, found: Subject) -> bool {
        found == self.subject
            || matches!(self.subject, Subject::Address(address) if found.address() == address)
    }
}

/// One content that is looked through.
pub struct Content<'c, 'e> {
    explainer: &'c mut Explainer<'e>,
    file: &'c str,
    cell: Option<(&'c str, &'c str)>,
    table: Option<String>,
    line: u64,
}

impl Visitor for Content<'_, '_> {
    fn piece(&mut self, piece: &Piece<'_>) -> io::Result<()> {
        let text = piece.text;
        let mut counted = piece.begin;
        for token in piece.tokens {
            self.line += memchr_iter(b'\n', &text[counted..token.start()]).count() as u64;
            counted = token.start();
            if !self.explainer.is_subject(subject(token, text)) {
                continue;
            }
            if self.explainer.explanation.places.len() == Explanation::PLACES {
                self.explainer.explanation.more += 1;
                continue;
            }
            let mut new = Vec::new();
            let replaced = self.explainer.translator.lookup().find(text, token);
            let end = replaced.map_or(token.end(), |replacement| {
                replacement.write(&mut new);
                replacement.end
            });
            if replaced.is_none() {
                new.extend_from_slice(&text[token.start()..end]);
            }
            let explained = self.excerpt(text, token.start(), end, &new);
            self.explainer.explanation.places.push(explained);
        }
        self.line += memchr_iter(b'\n', &text[counted..piece.end]).count() as u64;
        Ok(())
    }

    fn table(&mut self, table: Option<&str>) {
        self.table = table.map(str::to_owned);
    }
}

impl Content<'_, '_> {
    fn excerpt(&self, text: &[u8], start: usize, end: usize, new: &[u8]) -> Explained {
        let left = &text[start.saturating_sub(Explanation::AROUND)..start];
        let left = &left[memrchr(b'\n', left).map_or(0, |newline| newline + 1)..];
        let right = &text[end..text.len().min(end + Explanation::AROUND)];
        let right = &right[..memchr(b'\n', right).unwrap_or(right.len())];
        let line = |middle: &[u8]| String::from_utf8_lossy(&[left, middle, right].concat()).into_owned();
        let spot = Spot {
            file: self.file,
            table: self.cell.map(|(table, _)| table).or(self.table.as_deref()),
            column: self.cell.map(|(_, column)| column),
            line: self.cell.is_none().then_some(self.line),
        };
        Explained {
            place: spot.place(),
            before: line(&text[start..end]),
            after: line(new),
        }
    }
}
