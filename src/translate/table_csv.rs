//! The table as CSV (RFC 4180) with the header `from,to,note`, for spreadsheets and scripts.
//!
//! A cell that begins with `=`, `+`, `-`, `@`, TAB or CR is a formula to a spreadsheet. Notes such as
//! `+491234` are ordinary, so only an export meant for a spreadsheet puts `'` before them, and only an
//! import told so takes it off again.

use super::table::same_kind;
use super::{Entry, Subject, Table};
use crate::error::{Error, Result};
use csv::{ReaderBuilder, StringRecord, Writer};

/// Whom a CSV text is for or from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CsvKind {
    /// Programs: every cell byte for byte.
    Plain,
    /// A spreadsheet: what it would take for a formula begins with `'`.
    Spreadsheet,
}

const HEADER: [&str; 3] = ["from", "to", "note"];
const CODE: &str = "bad_translation_csv";

impl Table {
    /// The table as CSV.
    pub fn to_csv(&self, kind: CsvKind) -> Result<String> {
        let failed = |error: &dyn std::fmt::Display| Error::bug("CSV is not written").because(error);
        let mut writer = Writer::from_writer(Vec::new());
        writer.write_record(HEADER).map_err(|error| failed(&error))?;
        for entry in &self.entries {
            let to = entry.to.map(|to| to.to_string()).unwrap_or_default();
            let note = marked(entry.note.as_deref().unwrap_or_default(), kind);
            writer
                .write_record([entry.from.to_string(), to, note])
                .map_err(|error| failed(&error))?;
        }
        let bytes = writer.into_inner().map_err(|error| failed(&error))?;
        String::from_utf8(bytes).map_err(|error| failed(&error))
    }

    /// Reads CSV; `file` is its name for messages. Rows that name the same `from` twice are kept for
    /// [`check`](super::check::check) to show.
    ///
    /// # Errors
    /// Refuses another header, rows of another length, what is no UTF-8 and what is no address, with the
    /// line (`bad_translation_csv`).
    pub fn from_csv(bytes: &[u8], kind: CsvKind, file: &str) -> Result<Self> {
        let mut reader = ReaderBuilder::new().from_reader(bytes);
        let refused = |line: u64, why: String| Error::refused(CODE, format!("line {line}: {why}")).at(file);
        let unread = |error: csv::Error| {
            let line = error.position().map_or(1, csv::Position::line);
            refused(line, "not CSV with three columns in UTF-8".to_owned()).because(error)
        };
        if reader.headers().map_err(unread)? != HEADER.as_slice() {
            return Err(refused(
                1,
                format!("the first line has to be `{}`", HEADER.join(",")),
            ));
        }
        let mut table = Self::default();
        for record in reader.records() {
            let record = record.map_err(unread)?;
            let line = record.position().map_or(1, csv::Position::line);
            table
                .entries
                .push(entry(&record, kind).map_err(|why| refused(line, why))?);
        }
        Ok(table)
    }
}

fn entry(record: &StringRecord, kind: CsvKind) -> Result<Entry, String> {
    let cell = |column: usize| record.get(column).unwrap_or_default();
    let from: Subject = cell(0).trim().parse().map_err(|why| format!("from: {why}"))?;
    let to = match cell(1).trim() {
        "" => None,
        text => Some(text.parse().map_err(|why| format!("to: {why}"))?),
    };
    to.map_or(Ok(()), |to| {
        same_kind(from, to).map_err(|why| format!("to: {why}"))
    })?;
    let note = unmarked(cell(2), kind);
    Ok(Entry {
        from,
        to,
        note: (!note.is_empty()).then(|| note.to_owned()),
    })
}

const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A note that already begins with `'` is marked too, so that taking the mark off gives it back.
fn marked(note: &str, kind: CsvKind) -> String {
    let risky = note.starts_with(FORMULA) || note.starts_with('\'');
    if kind == CsvKind::Spreadsheet && risky {
        format!("'{note}")
    } else {
        note.to_owned()
    }
}

fn unmarked(note: &str, kind: CsvKind) -> &str {
    match note.strip_prefix('\'') {
        Some(rest)
            if kind == CsvKind::Spreadsheet && (rest.starts_with(FORMULA) || rest.starts_with('\'')) =>
        {
            rest
        }
        _ => note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn noted(note: &str) -> Table {
        let mut table = Table::default();
        table
            .set("10.0.0.1".parse().unwrap(), None, Some(note.to_owned()))
            .unwrap();
        table
    }

    #[test]
    fn a_plain_export_keeps_every_byte_of_a_note() {
        assert_eq!(
            noted("+491234").to_csv(CsvKind::Plain).unwrap(),
            "from,to,note\n10.0.0.1,,+491234\n"
        );
    }

    #[test]
    fn an_export_for_spreadsheets_holds_no_formula() {
        for note in ["=1+1", "+491234", "-1", "@A1", "\t=1", "\r=1", "'=1"] {
            let text = noted(note).to_csv(CsvKind::Spreadsheet).unwrap();
            let cell = text
                .split_once(",,")
                .unwrap()
                .1
                .trim_start_matches('"')
                .to_owned();
            assert!(cell.starts_with(&format!("'{note}")), "{text:?}");
            let plainly = Table::from_csv(text.as_bytes(), CsvKind::Plain, "x").unwrap();
            assert_eq!(
                plainly.entries[0].note,
                Some(format!("'{note}")),
                "only on request"
            );
        }
    }

    #[test]
    fn what_is_not_the_table_is_refused_with_its_line() {
        for (text, part) in [
            ("", "line 1: the first line has to be `from,to,note`"),
            ("from;to;note\n", "line 1: the first line"),
            (
                "from,to,note\n10.0.0.1,10.0.0.2,\n10.0.0.1,x,\n",
                "line 3: to: `x` is not an address; accepted",
            ),
            (
                "from,to,note\n10.0.0.1,::1,\n",
                "line 2: to: `::1` is an IPv6 address",
            ),
            ("from,to,note\n10.0.0.1\n", "line 2: not CSV with three columns"),
        ] {
            let error = Table::from_csv(text.as_bytes(), CsvKind::Plain, "t.csv").unwrap_err();
            assert!(
                error.to_string().starts_with(&format!("t.csv: {part}")),
                "{error}"
            );
        }
        assert!(Table::from_csv(b"from,to,note\n10.0.0.1,,\xff\n", CsvKind::Plain, "x").is_err());
    }

    proptest! {
        #[test]
        fn every_note_survives_both_kinds(note in ".+") {
            let table = noted(&note);
            for kind in [CsvKind::Plain, CsvKind::Spreadsheet] {
                let text = table.to_csv(kind).unwrap();
                prop_assert_eq!(&Table::from_csv(text.as_bytes(), kind, "x").unwrap(), &table);
            }
        }
    }
}
