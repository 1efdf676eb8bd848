//! The table as CSV (RFC 4180) with the header `from,to,note`, for spreadsheets and scripts.
//!
//! A cell that begins with `=`, `+`, `-`, `@`, TAB or CR is a formula to a spreadsheet. Notes such as
//! `+491234` are ordinary, so only an export meant for a spreadsheet puts `'` before them, and only an
//! import told so takes it off again.

use super::table::same_kind;
use super::{Entry, Subject, Table, checked_note};
use crate::error::{Error, Result};
use csv::{Position, ReaderBuilder, StringRecord, Writer};
use std::collections::HashMap;

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

    /// Reads CSV; `file` is its name for messages.
    ///
    /// # Errors
    /// Refuses another header, rows of another length, what is no UTF-8, what is no address, notes that
    /// nobody can read, and a `from` that stands on two lines; all bad lines at once, each by its number
    /// (`bad_translation_csv`).
    pub fn from_csv(bytes: &[u8], kind: CsvKind, file: &str) -> Result<Self> {
        let mut reader = ReaderBuilder::new().from_reader(bytes);
        match reader.headers() {
            Ok(header) if header == HEADER.as_slice() => {}
            Ok(_) => {
                let why = format!("line 1: the first line has to be `{}`", HEADER.join(","));
                return Err(refused(file, &[why]));
            }
            Err(error) => return Err(refused(file, &[not_csv(&error)])),
        }
        let mut table = Self::default();
        let mut faults = Vec::new();
        let mut lines: HashMap<Subject, u64> = HashMap::new();
        for record in reader.records() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    faults.push(not_csv(&error));
                    continue;
                }
            };
            let line = record.position().map_or(1, Position::line);
            match entry(&record, kind) {
                Err(why) => faults.push(format!("line {line}: {why}")),
                Ok(entry) => match lines.insert(entry.from, line) {
                    Some(first) => faults.push(format!(
                        "line {line}: from: `{}` stands on line {first} already; accepted: one line for each address",
                        entry.from
                    )),
                    None => table.entries.push(entry),
                },
            }
        }
        if faults.is_empty() {
            Ok(table)
        } else {
            Err(refused(file, &faults))
        }
    }
}

/// Bad lines that are told; the rest is counted.
const TOLD: usize = 50;

fn not_csv(error: &csv::Error) -> String {
    let line = error.position().map_or(1, Position::line);
    format!("line {line}: not CSV with three columns in UTF-8: {error}")
}

fn refused(file: &str, faults: &[String]) -> Error {
    if let [only] = faults {
        return Error::refused(CODE, only.clone()).at(file);
    }
    let mut told: Vec<String> = faults.iter().take(TOLD).cloned().collect();
    if faults.len() > TOLD {
        told.push(format!("and {} more", faults.len() - TOLD));
    }
    Error::refused(CODE, format!("{} bad lines", faults.len()))
        .at(file)
        .because(told.join("\n  "))
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
    checked_note(note).map_err(|why| format!("note: {why}"))?;
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
            if !note.starts_with('\r') {
                let plainly = Table::from_csv(text.as_bytes(), CsvKind::Plain, "x").unwrap();
                assert_eq!(
                    plainly.entries[0].note,
                    Some(format!("'{note}")),
                    "only on request"
                );
            }
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

    #[test]
    fn all_bad_lines_are_told_at_once() {
        let text = "from,to,note\n10.0.0.1,10.0.0.2,\n10.0.0.9,y,\n10.0.0.4\n10.0.0.1,10.0.0.3,\n10.0.0.5,,\u{202e}\n";
        let error = Table::from_csv(text.as_bytes(), CsvKind::Plain, "t.csv")
            .unwrap_err()
            .to_string();
        for part in [
            "t.csv: 4 bad lines",
            "line 3: to: `y` is not an address",
            "line 4: not CSV with three columns",
            "line 5: from: `10.0.0.1` stands on line 2 already",
            "line 6: note: the note",
        ] {
            assert!(error.contains(part), "{part}: {error}");
        }
        let many: String = (0..200).map(|_| "x,,\n").collect();
        let error = Table::from_csv(
            format!("from,to,note\n{many}").as_bytes(),
            CsvKind::Plain,
            "t.csv",
        )
        .unwrap_err();
        assert!(error.to_string().contains("200 bad lines") && error.to_string().ends_with("and 150 more"));
    }

    proptest! {
        #[test]
        fn every_note_survives_both_kinds(note in "[ -~\n\tÀ-ɏ一-龥]{1,12}") {
            let table = noted(&note);
            for kind in [CsvKind::Plain, CsvKind::Spreadsheet] {
                let text = table.to_csv(kind).unwrap();
                prop_assert_eq!(&Table::from_csv(text.as_bytes(), kind, "x").unwrap(), &table);
            }
        }
    }
}
