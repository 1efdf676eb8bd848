//! The table as a TOML file: read strictly, written so that the comments of whoever edited it stay.

use super::table::same_kind;
use super::{Entry, Subject, Table};
use crate::config::in_place::set;
use crate::config::reader::{Section, Source};
use crate::error::{Error, Result};
use std::collections::{HashMap, VecDeque};
use toml_edit::{ArrayOfTables, DocumentMut, Item};

/// Where the table is kept on a node.
pub const TRANSLATION_FILE: &str = "/etc/pairadm/translation.toml";

/// A new file begins as this.
const SKELETON: &str = include_str!("../../templates/translation.toml");

const ACCEPTED: &str = "an address, such as \"192.0.2.11\"";

impl Table {
    /// Reads the text of a translation file; `file` is its path for messages. An empty text is an empty
    /// table.
    ///
    /// # Errors
    /// Refuses unknown keys, what is no address, and a `to` of another family or kind than its `from`,
    /// each with its line (`bad_translation_file`).
    pub fn parse(text: &str, file: &str) -> Result<Self> {
        let source = Source::parse(text, file, "bad_translation_file")?;
        let mut root = source.root();
        let entries: Vec<Entry> = root.sections("address").into_iter().filter_map(entry).collect();
        root.close();
        source.finish(Some(Self { entries }))
    }

    /// The text of the file that says `table`; `old_text` is the present text (empty when there is no
    /// file), whose comments and layout are kept.
    ///
    /// # Errors
    /// Refuses an `old_text` that is not TOML (`bad_translation_file`).
    pub fn revised(old_text: &str, table: &Self) -> Result<String> {
        let old_text = if old_text.is_empty() { SKELETON } else { old_text };
        let mut document: DocumentMut = old_text.parse().map_err(|error| {
            Error::refused("bad_translation_file", "the present translation file is not TOML").because(error)
        })?;
        let mut present = rows(document.remove("address"));
        let header = take_header(&mut document, &mut present);
        let mut kept = by_from(present);
        let mut tables = ArrayOfTables::new();
        for (position, entry) in (0..).zip(&table.entries) {
            let found = kept.get_mut(&entry.from).and_then(VecDeque::pop_front);
            let mut row = row(entry, found.unwrap_or_else(fresh));
            row.set_position(Some(position));
            tables.push(row);
        }
        let Some(first) = tables.get_mut(0) else {
            document.set_trailing(header + document.trailing().as_str().unwrap_or_default());
            return Ok(document.to_string());
        };
        let own = prefix(first);
        // A new first row comes after the header's blank line, or brings one.
        let own = if header.ends_with("\n\n") {
            own.trim_start_matches('\n')
        } else {
            &own
        };
        first.decor_mut().set_prefix(header + own);
        document.insert("address", Item::ArrayOfTables(tables));
        Ok(document.to_string())
    }
}

fn entry(mut section: Section<'_>) -> Option<Entry> {
    let from = section.need_text("from", ACCEPTED, str::parse::<Subject>);
    let to = section.text("to", |text| {
        let to: Subject = text.parse()?;
        from.map_or(Ok(()), |from| same_kind(from, to))?;
        Ok(to)
    });
    let note = section.text("note", |text| Ok(text.to_owned()));
    section.close();
    Some(Entry {
        from: from?,
        to,
        note,
    })
}

fn rows(present: Option<Item>) -> Vec<toml_edit::Table> {
    let tables = present.and_then(|item| item.into_array_of_tables().ok());
    tables.into_iter().flatten().collect()
}

/// What stands above the rows and stays when the first row goes: the first row's comments down to the
/// last blank line, or those of a file without rows.
fn take_header(document: &mut DocumentMut, rows: &mut [toml_edit::Table]) -> String {
    let Some(first) = rows.first_mut() else {
        let comments = document.trailing().as_str().unwrap_or_default().to_owned();
        document.set_trailing("");
        return comments;
    };
    let comments = prefix(first);
    let end = comments.rfind("\n\n").map_or(0, |blank| blank + 2);
    first.decor_mut().set_prefix(&comments[end..]);
    comments[..end].to_owned()
}

fn prefix(table: &toml_edit::Table) -> String {
    let raw = table.decor().prefix().and_then(|raw| raw.as_str());
    raw.unwrap_or_default().to_owned()
}

/// The present tables by what they are about; rows that say the same `from` twice keep their order.
fn by_from(present: Vec<toml_edit::Table>) -> HashMap<Subject, VecDeque<toml_edit::Table>> {
    let mut tables: HashMap<Subject, VecDeque<toml_edit::Table>> = HashMap::new();
    for table in present {
        if let Some(from) = address(&table, "from") {
            tables.entry(from).or_default().push_back(table);
        }
    }
    tables
}

fn fresh() -> toml_edit::Table {
    let mut table = toml_edit::Table::new();
    table.decor_mut().set_prefix("\n");
    table
}

fn row(entry: &Entry, mut table: toml_edit::Table) -> toml_edit::Table {
    // Another spelling of the same address is not a change.
    if address(&table, "from") != Some(entry.from) {
        set(&mut table, "from", Some(entry.from.to_string().into()));
    }
    if entry.to.is_none() || address(&table, "to") != entry.to {
        set(&mut table, "to", entry.to.map(|to| to.to_string().into()));
    }
    set(&mut table, "note", entry.note.as_deref().map(Into::into));
    table
}

fn address(table: &toml_edit::Table, key: &str) -> Option<Subject> {
    table.get(key)?.as_str()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BY_HAND: &str = r#"# ours, by hand

[[address]] # the box itself
from = "192.0.2.11"
to = '192.0.2.12' # rack 2
note = "primary's own"

# media
[[address]]
to   = "2001:DB8::12"
from = "2001:DB8::11"
[[address]]
from = "10.0.0.0/24"
# the end
"#;

    fn parse(text: &str) -> Table {
        Table::parse(text, "translation.toml").unwrap()
    }

    #[test]
    fn rows_come_in_the_order_of_the_file() {
        let table = parse(BY_HAND);
        let from: Vec<String> = table.entries.iter().map(|entry| entry.from.to_string()).collect();
        assert_eq!(from, ["192.0.2.11", "2001:db8::11", "10.0.0.0/24"]);
        assert_eq!(table.entries[0].note.as_deref(), Some("primary's own"));
        assert_eq!(table.entries[2].to, None);
        assert_eq!(parse("").entries, []);
        assert_eq!(parse(SKELETON).entries, []);
    }

    #[test]
    fn every_fault_carries_its_line_and_what_is_accepted() {
        let text = "[[address]]\nfrom = \"10.0.0.256\"\n[[address]]\nto = \"10.0.0.1\"\ncolour = 1\n\
                    [[address]]\nfrom = \"10.0.0.1\"\nto = \"::1\"\n";
        let error = Table::parse(text, "t.toml").unwrap_err();
        let all = error.to_string();
        for part in [
            "t.toml",
            "line 2: address.1.from: `10.0.0.256` is not an address; accepted: an IPv4",
            "`address.2.from` is missing; accepted: an address",
            "line 5: unknown key `address.2.colour`; accepted here: from, to, note",
            "line 8: address.3.to: `::1` is an IPv6 address, `10.0.0.1` an IPv4 address; accepted: an IPv4 address",
        ] {
            assert!(all.contains(part), "{part} not in {all}");
        }
    }

    #[test]
    fn an_unchanged_table_leaves_every_byte_of_the_file() {
        assert_eq!(Table::revised(BY_HAND, &parse(BY_HAND)).unwrap(), BY_HAND);
    }

    #[test]
    fn a_changed_row_keeps_the_comments_around_it() {
        let mut table = parse(BY_HAND);
        table.entries[0].to = Some("192.0.2.99".parse().unwrap());
        table.entries[0].note = None;
        table.entries.remove(2);
        let fd: Subject = "fd00::1".parse().unwrap();
        table.set(fd, None, Some("new\"\n".to_owned())).unwrap();
        let text = Table::revised(BY_HAND, &table).unwrap();
        for kept in [
            "# ours, by hand",
            "[[address]] # the box itself",
            "# rack 2",
            "# media",
            "# the end",
        ] {
            assert!(text.contains(kept), "{kept} not in {text}");
        }
        assert_eq!(parse(&text), table);
        assert!(!text.contains("10.0.0.0/24"), "{text}");
    }

    #[test]
    fn the_first_row_goes_without_the_comments_above_all_rows() {
        let mut table = parse(BY_HAND);
        table.entries.rotate_left(1);
        let rotated = Table::revised(BY_HAND, &table).unwrap();
        assert_eq!(parse(&rotated), table);
        assert!(
            rotated.starts_with("# ours, by hand\n\n# media\n[[address]]"),
            "{rotated}"
        );
        let none = Table::revised(&rotated, &Table::default()).unwrap();
        assert!(none.starts_with("# ours, by hand\n"), "{none}");
        assert!(none.ends_with("# the end\n"), "{none}");
        assert!(!none.contains("media"), "{none}");
    }

    #[test]
    fn a_new_file_explains_itself() {
        let table = parse(BY_HAND);
        let text = Table::revised("", &table).unwrap();
        assert!(text.starts_with("# Which address"), "{text}");
        assert!(text.contains("# for people\n\n[[address]]\n"), "{text}");
        assert_eq!(parse(&text), table);
        assert_eq!(
            parse(&Table::revised(&text, &Table::default()).unwrap()),
            Table::default()
        );
    }
}
