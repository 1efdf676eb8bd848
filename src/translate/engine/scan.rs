//! Listing the addresses of a text without changing it.

use crate::error::{Error, Result};
use crate::translate::Subject;
use addresses::{Piece, Token, Visitor, pass};
use ipnet::IpNet;
use memchr::memchr_iter;
use std::io::{self, Read};

/// One address in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occurrence<'t> {
    /// What it says, with its prefix length where it has one.
    pub subject: Subject,
    /// How it is written, with its prefix length.
    pub spelling: &'t [u8],
    /// Offset of its first byte, from 0.
    pub offset: u64,
    /// Its line, from 1.
    pub line: u64,
    /// The table it is about, in an SQL dump of a mirror.
    pub table: Option<&'t str>,
}

/// Shows every address that `reader` gives, in order; the same ones that
/// [`Translator::copy`](super::Translator::copy) would look up.
///
/// # Errors
/// What reading gives (`not_scanned`).
pub fn scan(reader: &mut dyn Read, each: impl FnMut(&Occurrence<'_>)) -> Result<()> {
    pass(reader, &mut Scan::new(each))
        .map_err(|error| Error::refused("not_scanned", "the text cannot be read").because(error))
}

/// Shows each address of the pieces it is given.
pub(in crate::translate) struct Scan<F> {
    each: F,
    /// Offset of the present piece.
    offset: u64,
    /// The line it begins on.
    line: u64,
    table: Option<String>,
}

impl<F> Scan<F> {
    /// At the beginning of a text.
    pub const fn new(each: F) -> Self {
        Self {
            each,
            offset: 0,
            line: 1,
            table: None,
        }
    }
}

impl<F: FnMut(&Occurrence<'_>)> Visitor for Scan<F> {
    fn piece(&mut self, piece: &Piece<'_>) -> io::Result<()> {
        let text = piece.text;
        let mut counted = piece.begin;
        for token in piece.tokens {
            self.line += memchr_iter(b'\n', &text[counted..token.start()]).count() as u64;
            counted = token.start();
            let prefix = token.prefix(text);
            let end = prefix.map_or(token.end(), |prefix| prefix.end);
            (self.each)(&Occurrence {
                subject: subject(token, text),
                spelling: &text[token.start()..end],
                offset: self.offset + (token.start() - piece.begin) as u64,
                line: self.line,
                table: self.table.as_deref(),
            });
        }
        self.line += memchr_iter(b'\n', &text[counted..piece.end]).count() as u64;
        self.offset += (piece.end - piece.begin) as u64;
        Ok(())
    }

    fn table(&mut self, table: Option<&str>) {
        if self.table.as_deref() != table {
            self.table = table.map(str::to_owned);
        }
    }
}

/// What `token` of `text` says, with its prefix length where it has one.
pub(in crate::translate) fn subject(token: &Token, text: &[u8]) -> Subject {
    let address = token.address(text);
    let prefix = token.prefix(text);
    let network = prefix.and_then(|prefix| IpNet::new(address, prefix.length).ok());
    network.map_or(Subject::Address(address), Subject::Network)
}
