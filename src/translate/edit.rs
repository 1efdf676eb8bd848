//! Edits of the table as text, so that a form's answer, a flag and the table editor say the same:
//! `10.0.0.1=10.0.0.2 "note", 10.0.0.3=, -10.0.0.4`.

use super::table::same_kind;
use super::{Entry, Subject, Table};
use crate::error::Result;
use crate::model::syntax::shown;
use crate::remote::sanitize::sanitize;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;

/// One change of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// `FROM=TO` or `FROM=`, perhaps with a note behind it.
    Set {
        /// Used by the primary.
        from: Subject,
        /// Used by the secondary; `None`: noticed, not decided yet.
        to: Option<Subject>,
        /// `None` keeps the present note, an empty one removes it.
        note: Option<String>,
    },
    /// `-FROM`: its rows go.
    Unset(Subject),
}

/// Edits in the order in which they are made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edits(pub Vec<Edit>);

impl Edits {
    const ACCEPTED: &str = "FROM=TO, FROM= (noticed, not decided), -FROM (removed), with a comma between; a note in double quotes may follow";

    /// Makes them in `table`.
    ///
    /// # Errors
    /// Refuses the removal of a row that is not there (`no_such_row`) and a target of another family or
    /// kind (`bad_translation`).
    pub fn apply(&self, table: &mut Table) -> Result<()> {
        for edit in &self.0 {
            match edit {
                Edit::Set { from, to, note } => table.set(*from, *to, note.clone())?,
                Edit::Unset(from) => {
                    if !table.unset(*from) {
                        return Err(crate::error::Error::refused(
                            "no_such_row",
                            format!("the table has no row about `{from}`"),
                        )
                        .hint("`pairadm translation list` shows the table"));
                    }
                }
            }
        }
        Ok(())
    }

    /// What turns `old` into `new`; the order of the rows does not count.
    pub fn between(old: &Table, new: &Table) -> Self {
        let mut edits = Vec::new();
        let (before, after) = (by_from(old), by_from(new));
        let mut seen = HashSet::new();
        for entry in &old.entries {
            if !after.contains_key(&entry.from) && seen.insert(entry.from) {
                edits.push(Edit::Unset(entry.from));
            }
        }
        for entry in &new.entries {
            let (old, new) = (before.get(&entry.from), &after[&entry.from]);
            if old == Some(new) || !seen.insert(entry.from) {
                continue;
            }
            if old.is_some_and(|rows| rows.len() > 1) {
                edits.push(Edit::Unset(entry.from));
            }
            let old_note = old.and_then(|rows| rows.first()?.note.as_ref());
            let note = (entry.note.as_ref() != old_note || old.is_some_and(|rows| rows.len() > 1))
                .then(|| entry.note.clone().unwrap_or_default());
            edits.push(Edit::Set {
                from: entry.from,
                to: entry.to,
                note,
            });
        }
        Self(edits)
    }

    /// Sets every row of `table`, its note included.
    pub fn setting(table: &Table) -> Self {
        let set = |entry: &Entry| Edit::Set {
            from: entry.from,
            to: entry.to,
            note: Some(entry.note.clone().unwrap_or_default()),
        };
        Self(table.entries.iter().map(set).collect())
    }

    /// True when nothing would be done.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// For lists and reports: the edits, or how many when they are many.
    pub fn summary(&self) -> String {
        const MOST: usize = 12;
        if self.0.len() > MOST {
            format!("{} changes", self.0.len())
        } else {
            self.to_string()
        }
    }
}

fn by_from(table: &Table) -> HashMap<Subject, Vec<&Entry>> {
    let mut rows: HashMap<Subject, Vec<&Entry>> = HashMap::new();
    for entry in &table.entries {
        rows.entry(entry.from).or_default().push(entry);
    }
    rows
}

/// A note as it may stand in the table.
///
/// # Errors
/// Refuses characters that would play tricks on a terminal, with what is accepted.
pub fn checked_note(note: &str) -> std::result::Result<(), String> {
    match sanitize(note) {
        Cow::Borrowed(_) => Ok(()),
        Cow::Owned(_) => Err(format!(
            "the note `{}` holds a character that controls a terminal or cannot be seen; accepted: printable text",
            shown(note)
        )),
    }
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset(from) => write!(f, "-{from}"),
            Self::Set { from, to, note } => {
                write!(f, "{from}=")?;
                if let Some(to) = to {
                    to.fmt(f)?;
                }
                match note {
                    Some(note) => write!(f, " {}", quoted(note)),
                    None => Ok(()),
                }
            }
        }
    }
}

impl fmt::Display for Edits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, edit) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str(", ")?;
            }
            edit.fmt(f)?;
        }
        Ok(())
    }
}

/// On one line; read back by [`Reader::note`].
fn quoted(note: &str) -> String {
    let mut text = String::from("\"");
    for c in note.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

impl FromStr for Edits {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let mut reader = Reader { rest: text };
        let mut edits = Vec::new();
        loop {
            reader.blanks();
            if !reader.rest.is_empty() {
                edits.push(reader.edit()?);
                reader.blanks();
            }
            match reader.rest.strip_prefix(',') {
                Some(rest) => reader.rest = rest,
                None if reader.rest.is_empty() => return Ok(Self(edits)),
                None => return Err(refused(reader.rest)),
            }
        }
    }
}

/// The text that is not read yet.
struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn edit(&mut self) -> std::result::Result<Edit, String> {
        let end = self.rest.find([',', '"']).unwrap_or(self.rest.len());
        let (plain, rest) = self.rest.split_at(end);
        let plain = plain.trim();
        self.rest = rest;
        if let Some(from) = plain.strip_prefix('-') {
            return from.trim().parse().map(Edit::Unset);
        }
        let Some((from, to)) = plain.split_once('=') else {
            return Err(refused(plain));
        };
        let from: Subject = from.trim().parse()?;
        let to = match to.trim() {
            "" => None,
            to => Some(to.parse::<Subject>()?),
        };
        to.map_or(Ok(()), |to| same_kind(from, to))?;
        let note = if self.rest.starts_with('"') {
            Some(self.note(from)?)
        } else {
            None
        };
        Ok(Edit::Set { from, to, note })
    }

    /// The note in double quotes that begins here.
    fn note(&mut self, from: Subject) -> std::result::Result<String, String> {
        let mut note = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return checked_note(&note).map(|()| note);
                }
                '\\' => match chars.next() {
                    Some((_, 'n')) => note.push('\n'),
                    Some((_, 't')) => note.push('\t'),
                    Some((_, c)) => note.push(c),
                    None => break,
                },
                c => note.push(c),
            }
        }
        Err(format!(
            "the note of {from} has no end; accepted: a note between two double quotes"
        ))
    }
}

fn refused(text: &str) -> String {
    format!("`{}` is not a change; accepted: {}", shown(text), Edits::ACCEPTED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edits(text: &str) -> Edits {
        text.parse().unwrap()
    }

    fn table(rows: &[(&str, &str, &str)]) -> Table {
        let entry = |(from, to, note): &(&str, &str, &str)| Entry {
            from: from.parse().unwrap(),
            to: to.parse().ok(),
            note: (!note.is_empty()).then(|| (*note).to_owned()),
        };
        Table {
            entries: rows.iter().map(entry).collect(),
        }
    }

    #[test]
    fn each_kind_of_change_is_read_and_made() {
        let mut rows = table(&[("10.0.0.9", "10.0.1.9", "goes"), ("10.0.0.1", "", "stays")]);
        edits(r#"10.0.0.1=10.0.0.2, 10.0.0.3= , -10.0.0.9,::1=::2 "a, \"b\"""#)
            .apply(&mut rows)
            .unwrap();
        let wanted = table(&[
            ("10.0.0.1", "10.0.0.2", "stays"),
            ("10.0.0.3", "", ""),
            ("::1", "::2", "a, \"b\""),
        ]);
        assert_eq!(rows, wanted);
        edits(r#"10.0.0.1=10.0.0.2 """#).apply(&mut rows).unwrap();
        assert_eq!(rows.entries[0].note, None);
    }

    #[test]
    fn a_bad_change_is_refused_with_what_is_accepted() {
        for (text, part) in [
            ("10.0.0.1", "`10.0.0.1` is not a change; accepted: FROM=TO"),
            ("10.0.0.300=10.0.0.1", "`10.0.0.300` is not an address"),
            ("10.0.0.1=x", "`x` is not an address"),
            ("10.0.0.1=::1", "`::1` is an IPv6 address"),
            ("-", "`` is not an address"),
            ("10.0.0.1= \"open", "the note of 10.0.0.1 has no end"),
            ("10.0.0.1= \"a\" b", "`b` is not a change"),
            ("10.0.0.1= \"\u{202e}\"", "cannot be seen"),
        ] {
            let why = text.parse::<Edits>().unwrap_err();
            assert!(why.contains(part), "{text}: {why}");
        }
    }

    #[test]
    fn a_row_that_is_not_there_cannot_be_removed() {
        let error = edits("-10.0.0.1").apply(&mut Table::default()).unwrap_err();
        assert_eq!(error.code, "no_such_row");
    }

    #[test]
    fn repeated_rows_become_the_one_that_is_wanted() {
        let mut old = table(&[("10.0.0.1", "10.0.0.2", "a"), ("10.0.0.1", "10.0.0.3", "b")]);
        let new = table(&[("10.0.0.1", "10.0.0.2", "")]);
        Edits::between(&old, &new).apply(&mut old).unwrap();
        assert_eq!(old, new);
    }

    fn tables() -> impl Strategy<Value = Table> {
        let row = (0_u8..6, proptest::option::of(0_u8..6), "[a-z\"\\\\,=\n+-]{0,6}");
        proptest::collection::vec(row, 0..6).prop_map(|rows| {
            let mut table = Table::default();
            for (from, to, note) in rows {
                let address = |last| Subject::from(std::net::IpAddr::from([10, 0, 0, last]));
                table.unset(address(from));
                table
                    .set(
                        address(from),
                        to.map(address),
                        Some(note).filter(|note| !note.is_empty()),
                    )
                    .unwrap();
            }
            table
        })
    }

    fn sorted(mut table: Table) -> Table {
        table.entries.sort_by_key(|entry| entry.from);
        table
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn the_edits_between_two_tables_lead_from_one_to_the_other(old in tables(), new in tables()) {
            let text = Edits::between(&old, &new).to_string();
            prop_assert!(!text.contains(char::is_control));
            let mut made = old.clone();
            edits(&text).apply(&mut made).unwrap();
            prop_assert_eq!(sorted(made), sorted(new.clone()));
            prop_assert!(Edits::between(&new, &new).is_empty());
        }
    }
}
