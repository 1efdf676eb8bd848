//! Copying a text with every address of the table replaced.

use super::lookup::Lookup;
use super::stream::{Piece, Visitor, pass, pass_whole};
use crate::error::{Error, Result};
use crate::translate::Table;
use serde::{Deserialize, Serialize};
use std::io::{self, Read, Write};

/// A table made ready to translate with. Replaces all addresses in one pass, so that a swap (A to B, B
/// to A) does what it says.
#[derive(Debug, Clone)]
pub struct Translator {
    lookup: Lookup,
    rows: usize,
}

/// How often each row of the table was used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// One for each row, in the table's order.
    pub rows: Vec<u64>,
}

impl Counts {
    /// How many addresses were replaced.
    pub fn total(&self) -> u64 {
        self.rows.iter().sum()
    }

    /// Adds the counts of another text translated with the same table.
    pub fn add(&mut self, other: &Self) {
        for (sum, count) in self.rows.iter_mut().zip(&other.rows) {
            *sum += count;
        }
    }
}

impl Translator {
    /// Rows that are not decided yet are left out.
    ///
    /// # Errors
    /// Refuses rows that contradict each other or themselves (`bad_translation`).
    pub fn new(table: &Table) -> Result<Self> {
        Ok(Self {
            lookup: Lookup::new(table)?,
            rows: table.entries.len(),
        })
    }

    /// No address replaced yet.
    pub fn no_counts(&self) -> Counts {
        Counts {
            rows: vec![0; self.rows],
        }
    }

    /// Copies `reader` to `writer`; no byte outside a replaced address changes.
    ///
    /// # Errors
    /// What reading and writing give (`not_translated`).
    pub fn copy(&self, reader: &mut dyn Read, writer: &mut dyn Write) -> Result<Counts> {
        let mut copy = self.copying(writer);
        let copied = pass(reader, &mut copy);
        copied
            .map_err(|error| Error::refused("not_translated", "the text cannot be copied").because(error))?;
        Ok(copy.counts)
    }

    /// `text` with its addresses replaced; `None` when nothing changed.
    pub(in crate::translate) fn text(&self, text: &str, counts: &mut Counts) -> Option<String> {
        let mut out = Vec::new();
        let mut copy = self.copying(&mut out);
        pass_whole(text.as_bytes(), &mut copy).ok()?;
        let here = copy.counts;
        counts.add(&here);
        // Only whole ASCII addresses were replaced by such.
        (here.total() > 0).then(|| String::from_utf8(out).ok()).flatten()
    }

    pub(in crate::translate) const fn lookup(&self) -> &Lookup {
        &self.lookup
    }

    pub(in crate::translate) fn copying<'c>(&'c self, writer: &'c mut dyn Write) -> Copy<'c> {
        Copy {
            lookup: &self.lookup,
            writer,
            out: Vec::new(),
            counts: self.no_counts(),
        }
    }
}

pub(in crate::translate) struct Copy<'c> {
    lookup: &'c Lookup,
    writer: &'c mut dyn Write,
    out: Vec<u8>,
    /// Replaced so far.
    pub counts: Counts,
}

impl Visitor for Copy<'_> {
    fn piece(&mut self, piece: &Piece<'_>) -> io::Result<()> {
        let text = piece.text;
        let mut kept = piece.begin;
        self.out.clear();
        for token in piece.tokens {
            if let Some(replacement) = self.lookup.find(text, token) {
                self.out.extend_from_slice(&text[kept..token.start()]);
                replacement.write(&mut self.out);
                self.counts.rows[replacement.row as usize] += 1;
                kept = replacement.end;
            }
        }
        let rest = &text[kept..piece.end];
        if self.out.is_empty() {
            return self.writer.write_all(rest);
        }
        self.out.extend_from_slice(rest);
        self.writer.write_all(&self.out)
    }
}
