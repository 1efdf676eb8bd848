//! Takes addresses in rows that are left alone out of what a visitor sees.

use super::rules::Rules;
use super::sql_tables::SqlTables;
use addresses::{Piece, Visitor};
use std::io;

/// Passes pieces on to `inner`, cut where the table changes.
pub struct Sift<'r, V> {
    tables: SqlTables<'r>,
    /// Told of each table and what of it may be seen.
    pub inner: V,
}

impl<'r, V> Sift<'r, V> {
    /// At the beginning of a text.
    pub const fn new(rules: &'r Rules, inner: V) -> Self {
        Self {
            tables: SqlTables::new(rules),
            inner,
        }
    }
}

impl<V: Visitor> Visitor for Sift<'_, V> {
    fn piece(&mut self, piece: &Piece<'_>) -> io::Result<()> {
        let mut begin = piece.begin;
        let mut tokens = piece.tokens;
        for region in self.tables.regions(&piece.text[piece.begin..piece.end]) {
            let end = piece.begin + region.end;
            let (here, rest) = tokens.split_at(tokens.partition_point(|token| token.start() < end));
            self.inner.table(region.table.as_deref());
            let tokens_shown = if region.alone { &[] } else { here };
            let text = piece.text;
            self.inner.piece(&Piece {
                text,
                begin,
                end,
                tokens: tokens_shown,
            })?;
            (begin, tokens) = (end, rest);
        }
        Ok(())
    }

    fn end(&mut self) -> io::Result<()> {
        self.inner.end()
    }
}
