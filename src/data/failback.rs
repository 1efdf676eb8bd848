//! What a failback or the next load would lose: what a node has now against what it was given. Pure.

use super::{Kind, Row, Surveyed, TableRows};
use crate::model::mask::{masked, may_be_secret};
use crate::model::{BySide, Side};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Of a table at most so many rows are told, each way.
const MOST_TOLD: usize = 50;

/// Everything that would be lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Losses {
    /// RFC 3339, controller's clock.
    pub at: String,
    /// Host names by role.
    pub nodes: BySide<String>,
    /// The side that serves calls, as the nodes remember it.
    pub active: Option<Side>,
    /// What the secondary's data was compared with, in words.
    pub against: String,
    /// Files in order of path.
    pub files: Vec<FileLoss>,
    /// Tables with differences.
    pub tables: Vec<TableLoss>,
}

impl Losses {
    /// True when nothing would be lost.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty() && self.tables.is_empty()
    }
}

/// What became of a file or a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Made here: it would go.
    Created,
    /// Changed here: the change would go.
    Changed,
    /// Removed here: it would come back.
    Removed,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileLoss {
    /// Absolute path.
    pub path: String,
    /// What became of it.
    pub fate: Fate,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableLoss {
    /// Data set.
    pub set: String,
    /// Table.
    pub table: String,
    /// Rows as given, and now; `None` where there is no such table.
    pub count: (Option<u64>, Option<u64>),
    /// Rows come and go here by themselves, so only their number is compared.
    pub runtime: bool,
    /// Rows that differ, secrets hidden, where the table is small; the first of them.
    pub rows: Vec<RowLoss>,
    /// Rows that differ beyond those.
    pub more: usize,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowLoss {
    /// What became of it.
    pub fate: Fate,
    /// `column=value`, of a changed row the columns that changed as `column=old -> new`.
    pub text: String,
}

/// What was given, and what there is now.
type GivenAndNow<'t, T> = (Option<&'t T>, Option<&'t T>);

/// Files that differ from those `given`, which were surveyed with the translation table where it counts.
pub fn files(given: &[Surveyed], now: &[Surveyed]) -> Vec<FileLoss> {
    let mut fates: BTreeMap<&str, GivenAndNow<'_, Surveyed>> = BTreeMap::new();
    let is_file = |file: &&Surveyed| file.kind != Kind::Directory;
    for file in given.iter().filter(is_file) {
        fates.entry(&file.path).or_default().0 = Some(file);
    }
    for file in now.iter().filter(is_file) {
        fates.entry(&file.path).or_default().1 = Some(file);
    }
    fates
        .into_iter()
        .filter_map(|(path, (given, now))| {
            let fate = match (given, now) {
                (Some(given), Some(now)) if is_same(given, now) => return None,
                (Some(_), Some(_)) => Fate::Changed,
                (None, _) => Fate::Created,
                (_, None) => Fate::Removed,
            };
            Some(FileLoss {
                path: path.to_owned(),
                fate,
            })
        })
        .collect()
}

fn is_same(given: &Surveyed, now: &Surveyed) -> bool {
    match (&given.kind, &now.kind) {
        (Kind::File { blake3, .. }, Kind::File { blake3: found, .. }) => {
            given.translated.as_ref().unwrap_or(blake3) == found
        }
        (given, now) => given == now,
    }
}

/// Tables that differ from those `given`.
pub fn tables(given: &[TableRows], now: &[TableRows]) -> Vec<TableLoss> {
    let mut pairs: BTreeMap<(&str, &str), GivenAndNow<'_, TableRows>> = BTreeMap::new();
    for table in given {
        pairs.entry((&table.set, &table.table)).or_default().0 = Some(table);
    }
    for table in now {
        pairs.entry((&table.set, &table.table)).or_default().1 = Some(table);
    }
    pairs
        .into_iter()
        .filter_map(|((set, table), (given, now))| {
            let mut rows = rows(given, now);
            let count = (given.map(|table| table.count), now.map(|table| table.count));
            if rows.is_empty() && count.0 == count.1 {
                return None;
            }
            let more = rows.len().saturating_sub(MOST_TOLD);
            rows.truncate(MOST_TOLD);
            Some(TableLoss {
                set: set.to_owned(),
                table: table.to_owned(),
                count,
                runtime: now.or(given).is_some_and(|table| table.runtime),
                rows,
                more,
            })
        })
        .collect()
}

/// Rows that are not on both sides; those with the same `id` are one row that was changed.
fn rows(given: Option<&TableRows>, now: Option<&TableRows>) -> Vec<RowLoss> {
    let known = |table: Option<&TableRows>| table.map_or(Some(Vec::new()), |table| table.rows.clone());
    let (Some(given), Some(now)) = (known(given), known(now)) else {
        return Vec::new();
    };
    let (gone, new) = (without(&given, &now), without(&now, &given));
    let id = |row: &Row| row.get("id").map(str::to_owned);
    let mut losses = Vec::new();
    for row in &new {
        let before = gone.iter().find(|gone| id(row).is_some() && id(gone) == id(row));
        losses.push(match before {
            Some(before) => RowLoss {
                fate: Fate::Changed,
                text: change(before, row),
            },
            None => RowLoss {
                fate: Fate::Created,
                text: text(row),
            },
        });
    }
    let removed = |row: &&Row| id(row).is_none() || !new.iter().any(|new| id(new) == id(row));
    losses.extend(gone.iter().filter(removed).map(|row| RowLoss {
        fate: Fate::Removed,
        text: text(row),
    }));
    losses
}

/// The rows that `others` do not have, as often as they are more.
fn without(rows: &[Row], others: &[Row]) -> Vec<Row> {
    let mut left: BTreeMap<&Row, usize> = BTreeMap::new();
    for row in others {
        *left.entry(row).or_default() += 1;
    }
    let mut new = Vec::new();
    for row in rows {
        match left.get_mut(row) {
            Some(count) if *count > 0 => *count -= 1,
            _ => new.push(row.clone()),
        }
    }
    new
}

fn text(row: &Row) -> String {
    let columns: Vec<String> = row
        .0
        .iter()
        .map(|(name, value)| format!("{name}={}", shown(name, value)))
        .collect();
    columns.join(" ")
}

fn change(before: &Row, after: &Row) -> String {
    let mut columns = vec![format!("id={}", after.get("id").unwrap_or_default())];
    let names = before
        .0
        .iter()
        .chain(after.0.iter().filter(|(name, _)| before.get(name).is_none()));
    for (name, _) in names {
        let (old, new) = (before.get(name), after.get(name));
        if old != new {
            let value =
                |value: Option<&str>| value.map_or_else(|| "NULL".to_owned(), |value| shown(name, value));
            columns.push(format!("{name}={} -> {}", value(old), value(new)));
        }
    }
    columns.join(" ")
}

fn shown(column: &str, value: &str) -> String {
    if may_be_secret(column) {
        "***".to_owned()
    } else {
        masked(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(columns: &[(&str, &str)]) -> Row {
        Row(columns
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect())
    }

    fn table(name: &str, rows: Vec<Row>) -> TableRows {
        TableRows {
            set: "database".to_owned(),
            table: name.to_owned(),
            runtime: false,
            count: rows.len() as u64,
            rows: Some(rows),
        }
    }

    #[test]
    fn new_changed_and_removed_rows_are_told_apart_and_secrets_are_not_told() {
        let given = table(
            "subscriber",
            vec![
                row(&[("id", "1"), ("username", "alice"), ("password", "old")]),
                row(&[("id", "2"), ("username", "bob"), ("password", "x")]),
            ],
        );
        let now = table(
            "subscriber",
            vec![
                row(&[("id", "1"), ("username", "alice"), ("password", "new")]),
                row(&[("id", "3"), ("username", "carol"), ("password", "hunter2")]),
            ],
        );
        let losses = tables(&[given], &[now]);
        let told: Vec<(Fate, &str)> = losses[0]
            .rows
            .iter()
            .map(|row| (row.fate, row.text.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (Fate::Changed, "id=1 password=*** -> ***"),
                (Fate::Created, "id=3 username=carol password=***"),
                (Fate::Removed, "id=2 username=bob password=***"),
            ]
        );
    }

    #[test]
    fn equal_tables_are_not_told_and_large_ones_by_their_number() {
        let small = table(
            "address",
            vec![row(&[("ip", "192.0.2.1")]), row(&[("ip", "192.0.2.1")])],
        );
        let small = [small];
        assert_eq!(tables(&small, &small), []);
        let once = table("address", vec![row(&[("ip", "192.0.2.1")])]);
        assert_eq!(
            tables(&[once], &small)[0].rows[0].fate,
            Fate::Created,
            "a row more"
        );
        let large = |count| TableRows {
            count,
            rows: None,
            ..table("acc", Vec::new())
        };
        let losses = tables(&[large(5)], &[large(9)]);
        assert_eq!((losses[0].count, losses[0].rows.len()), ((Some(5), Some(9)), 0));
        assert_eq!(tables(&[], &[large(2)])[0].count, (None, Some(2)));
    }

    #[test]
    fn a_translated_file_is_no_loss_and_a_new_one_is() {
        let file = |path: &str, digest: &str, translated: Option<&str>| Surveyed {
            path: path.to_owned(),
            kind: Kind::File {
                size: 1,
                blake3: digest.to_owned(),
            },
            mode: 0o644,
            owner: ("root".to_owned(), "root".to_owned()),
            translated: translated.map(str::to_owned),
        };
        let given = [
            file("/a", "a", Some("t")),
            file("/b", "b", None),
            file("/c", "c", None),
        ];
        let now = [
            file("/a", "t", None),
            file("/b", "B", None),
            file("/d", "d", None),
        ];
        let told: Vec<(String, Fate)> = files(&given, &now)
            .into_iter()
            .map(|file| (file.path, file.fate))
            .collect();
        assert_eq!(
            told,
            [
                ("/b".to_owned(), Fate::Changed),
                ("/c".to_owned(), Fate::Removed),
                ("/d".to_owned(), Fate::Created)
            ]
        );
    }
}
