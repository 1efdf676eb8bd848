//! Reading and changing the text values of one table of an SQLite database.

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Row, params_from_iter};

/// An ordinary table and its columns.
#[derive(Debug)]
pub struct TextTable {
    /// Its name.
    pub name: String,
    /// Columns that can be set, in order.
    columns: Vec<String>,
    /// What finds a row again: the row id, or the primary key of a table without one.
    key: Vec<String>,
    /// Whether a value may have to be unique, so that a swap cannot be made row by row.
    unique: bool,
}

/// A row to change.
#[derive(Debug)]
pub struct Change {
    key: Vec<Value>,
    /// Numbers of columns, and their new values.
    values: Vec<(usize, String)>,
}

/// The tables whose text values can be changed, and the names of those that cannot: virtual ones, whose
/// index would not follow.
pub fn text_tables(database: &Connection) -> rusqlite::Result<(Vec<TextTable>, Vec<String>)> {
    let sql = "SELECT name, type, wr FROM pragma_table_list \
               WHERE schema = 'main' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let mut statement = database.prepare(sql)?;
    let mut rows = statement.query([])?;
    let (mut tables, mut left) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let (name, kind, without_rowid): (String, String, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
        match kind.as_str() {
            "table" => tables.push(TextTable::read(database, name, without_rowid)?),
            "virtual" => left.push(name),
            _ => {}
        }
    }
    Ok((tables, left))
}

impl TextTable {
    fn read(database: &Connection, name: String, without_rowid: bool) -> rusqlite::Result<Self> {
        // Hidden columns are generated ones.
        let mut statement =
            database.prepare("SELECT name, pk FROM pragma_table_xinfo(?1) WHERE hidden = 0")?;
        let columns: Vec<(String, usize)> = statement
            .query_map([&name], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        let sql = "SELECT count(*) FROM pragma_index_list(?1) WHERE \"unique\"";
        let unique = database.query_row(sql, [&name], |row| row.get::<_, u32>(0))? > 0;
        let key = if without_rowid {
            let mut key: Vec<_> = columns.iter().filter(|(_, place)| *place > 0).collect();
            key.sort_by_key(|(_, place)| *place);
            key.into_iter().map(|(name, _)| name.clone()).collect()
        } else {
            // A column may have taken one of the names.
            let free = |rowid: &&str| !columns.iter().any(|(name, _)| name.eq_ignore_ascii_case(rowid));
            let rowid = ["_rowid_", "rowid", "oid"].into_iter().find(free);
            rowid.map(str::to_owned).into_iter().collect()
        };
        let columns = columns.into_iter().map(|(name, _)| name).collect();
        Ok(Self {
            name,
            columns,
            key,
            unique,
        })
    }

    /// Rows that `new` gives another text for, asked with the column's name and the value.
    pub fn changes(
        &self,
        database: &Connection,
        new: &mut dyn FnMut(&str, &str) -> Option<String>,
    ) -> rusqlite::Result<Vec<Change>> {
        if self.key.is_empty() {
            return Ok(Vec::new());
        }
        let selected = self.key.iter().chain(&self.columns).map(|name| quoted(name));
        let sql = format!(
            "SELECT {} FROM {}",
            selected.collect::<Vec<_>>().join(", "),
            quoted(&self.name)
        );
        let mut statement = database.prepare(&sql)?;
        let mut rows = statement.query([])?;
        let mut changes = Vec::new();
        while let Some(row) = rows.next()? {
            let values = self.changed_values(row, new)?;
            if !values.is_empty() {
                let key = (0..self.key.len())
                    .map(|at| row.get(at))
                    .collect::<Result<_, _>>()?;
                changes.push(Change { key, values });
            }
        }
        Ok(changes)
    }

    fn changed_values(
        &self,
        row: &Row<'_>,
        new: &mut dyn FnMut(&str, &str) -> Option<String>,
    ) -> rusqlite::Result<Vec<(usize, String)>> {
        let mut values = Vec::new();
        for (at, column) in self.columns.iter().enumerate() {
            if let ValueRef::Text(bytes) = row.get_ref(self.key.len() + at)?
                && let Ok(text) = std::str::from_utf8(bytes)
                && let Some(changed) = new(column, text)
            {
                values.push((at, changed));
            }
        }
        Ok(values)
    }

    /// Makes the changes.
    pub fn apply(&self, database: &Connection, changes: &[Change]) -> rusqlite::Result<()> {
        if !self.unique {
            return changes.iter().try_for_each(|change| {
                let values = change
                    .values
                    .iter()
                    .map(|(at, text)| (*at, text.clone()))
                    .collect();
                self.update(database, &change.key, values)
            });
        }
        // First out of the way, then to where they belong: a swap of two unique values would fail.
        for (number, change) in changes.iter().enumerate() {
            let values = change.values.iter().map(|(at, _)| (*at, away(number))).collect();
            self.update(database, &change.key, values)?;
        }
        for (number, change) in changes.iter().enumerate() {
            let mut key = change.key.clone();
            for (value, name) in key.iter_mut().zip(&self.key) {
                if change.values.iter().any(|(at, _)| self.columns[*at] == *name) {
                    *value = Value::Text(away(number));
                }
            }
            self.update(database, &key, change.values.clone())?;
        }
        Ok(())
    }

    fn update(
        &self,
        database: &Connection,
        key: &[Value],
        values: Vec<(usize, String)>,
    ) -> rusqlite::Result<()> {
        let set: Vec<String> = values
            .iter()
            .map(|(at, _)| format!("{} = ?", quoted(&self.columns[*at])))
            .collect();
        let by: Vec<String> = self
            .key
            .iter()
            .map(|name| format!("{} IS ?", quoted(name)))
            .collect();
        let sql = format!(
            "UPDATE {} SET {} WHERE {}",
            quoted(&self.name),
            set.join(", "),
            by.join(" AND ")
        );
        let values = values.into_iter().map(|(_, text)| Value::Text(text));
        let parameters = values.chain(key.iter().cloned());
        database
            .prepare_cached(&sql)?
            .execute(params_from_iter(parameters))?;
        Ok(())
    }
}

/// A value that no row has.
fn away(number: usize) -> String {
    format!("\u{1}pairadm {number}\u{1}")
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
