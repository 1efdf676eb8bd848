//! Copying a text with every address of the table replaced.

use crate::error::{Error, Result};
use crate::translate::{Subject, Table};
use addresses::{Copy, Lookup, pass, pass_whole};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::io::{Read, Write};

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
    /// What `copy` replaced.
    pub(in crate::translate) fn of(copy: Copy<'_>) -> Self {
        Self {
            rows: copy.into_rows(),
        }
    }

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
            lookup: lookup(table)?,
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
        Ok(Counts::of(copy))
    }

    /// `text` with its addresses replaced; `None` when nothing changed.
    pub(in crate::translate) fn text(&self, text: &str, counts: &mut Counts) -> Option<String> {
        let mut out = Vec::new();
        let mut copy = self.copying(&mut out);
        pass_whole(text.as_bytes(), &mut copy).ok()?;
        let here = Counts::of(copy);
        counts.add(&here);
        // Only whole ASCII addresses were replaced by such.
        (here.total() > 0).then(|| String::from_utf8(out).ok()).flatten()
    }

    pub(in crate::translate) const fn lookup(&self) -> &Lookup {
        &self.lookup
    }

    pub(in crate::translate) fn copying<'c>(&'c self, writer: &'c mut dyn Write) -> Copy<'c> {
        Copy::new(&self.lookup, writer, self.rows)
    }
}

/// What the rows of `table` say that are decided.
fn lookup(table: &Table) -> Result<Lookup> {
    let mut lookup = Lookup::default();
    for (row, entry) in (0..).zip(&table.entries) {
        let (from, Some(to)) = (entry.from, entry.to) else {
            continue;
        };
        let fresh = match (from, to) {
            (Subject::Address(from), Subject::Address(to)) => lookup.address(from, to, row),
            (Subject::Network(from), Subject::Network(to)) => {
                let parts = |network: IpNet| (network.addr(), network.prefix_len());
                lookup.network(parts(from), parts(to), row)
            }
            _ => None,
        };
        let why = match fresh {
            Some(true) => continue,
            Some(false) => format!("`{from}` stands in two rows as `from`"),
            None => format!("`{to}` is {}, `{from}` {}", to.kind(), from.kind()),
        };
        return Err(Error::refused("bad_translation", why).hint("run: pairadm translation check"));
    }
    Ok(lookup)
}
