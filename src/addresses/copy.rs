//! Copying a text with every address of a table replaced.

use super::lookup::Lookup;
use super::stream::{Piece, Visitor};
use std::io::{self, Write};

/// Bytes that are written at a time, at least.
const WRITTEN: usize = 512 * 1024;

/// What is written ends at a page of the file: filling up a page later costs another look for it.
const PAGE: usize = 4096;

/// Writes the pieces it is given, with addresses replaced.
pub struct Copy<'c> {
    lookup: &'c Lookup,
    writer: &'c mut dyn Write,
    /// What is not written yet.
    out: Vec<u8>,
    /// How often each row was used.
    rows: Vec<u64>,
}

impl<'c> Copy<'c> {
    /// Writes to `writer`; the table has so many `rows`.
    pub fn new(lookup: &'c Lookup, writer: &'c mut dyn Write, rows: usize) -> Self {
        Self {
            lookup,
            writer,
            out: Vec::new(),
            rows: vec![0; rows],
        }
    }

    /// How often each row was used so far.
    pub fn into_rows(self) -> Vec<u64> {
        self.rows
    }
}

impl Visitor for Copy<'_> {
    fn piece(&mut self, piece: &Piece<'_>) -> io::Result<()> {
        let text = piece.text;
        let mut kept = piece.begin;
        for token in piece.tokens {
            if let Some(replacement) = self.lookup.find(text, token) {
                self.out.extend_from_slice(&text[kept..token.start()]);
                replacement.write(&mut self.out);
                self.rows[replacement.row as usize] += 1;
                kept = replacement.end;
            }
        }
        self.out.extend_from_slice(&text[kept..piece.end]);
        if self.out.len() < WRITTEN {
            return Ok(());
        }
        let pages = self.out.len() / PAGE * PAGE;
        self.writer.write_all(&self.out[..pages])?;
        self.out.drain(..pages);
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.writer.write_all(&self.out)?;
        self.out.clear();
        Ok(())
    }
}
