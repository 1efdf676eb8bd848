//! Tables of a SQLite file: of one that a service may be using, or of a saved one.

use super::{Read, Reader, if_small};
use crate::agent::data::sqlite::{open, unusable};
use crate::data::Row;
use crate::error::Result;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use std::path::Path;

/// A database that may be in use; none where there is no file.
pub fn read_live(reader: &Reader<'_>, file: &Path) -> Result<Vec<Read>> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    read(reader, &open(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?, file)
}

/// A saved database. SQLite is told that nobody writes to it, see <https://sqlite.org/c3ref/open.html>:
/// else it would lay files of its own beside one in WAL mode, and the saved data would count as damaged.
pub fn read_saved(reader: &Reader<'_>, file: &Path) -> Result<Vec<Read>> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    let path = file.to_string_lossy();
    let path = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let connection = open(Path::new(&format!("file:{path}?immutable=1")), flags)?;
    read(reader, &connection, file)
}

fn read(reader: &Reader<'_>, connection: &Connection, file: &Path) -> Result<Vec<Read>> {
    // One view of all tables, whatever is written meanwhile.
    connection.execute_batch("BEGIN").map_err(unusable)?;
    tables(connection)
        .map_err(unusable)?
        .into_iter()
        .map(|table| {
            reader.in_time()?;
            one(reader, connection, table).map_err(|error| unusable(error).at(file.display()))
        })
        .collect()
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    const TABLES: &str = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
    connection
        .prepare(TABLES)?
        .query_map([], |row| row.get(0))?
        .collect()
}

fn one(reader: &Reader<'_>, connection: &Connection, table: String) -> rusqlite::Result<Read> {
    let quoted = format!("\"{}\"", table.replace('"', "\"\""));
    let count = connection.query_row(&format!("SELECT count(*) FROM {quoted}"), [], |row| {
        row.get::<_, i64>(0)
    })?;
    let count = count.unsigned_abs();
    let rows = if reader.wants(&table, count) {
        if_small(rows(connection, &quoted)?)
    } else {
        None
    };
    Ok(Read { table, count, rows })
}

fn rows(connection: &Connection, table: &str) -> rusqlite::Result<Vec<Row>> {
    let mut statement = connection.prepare(&format!("SELECT * FROM {table}"))?;
    let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    statement
        .query_map([], |row| {
            let mut told = Row::default();
            for (index, name) in names.iter().enumerate() {
                if let Some(value) = text(row.get_ref(index)?) {
                    told.0.push((name.clone(), value));
                }
            }
            Ok(told)
        })?
        .collect()
}

fn text(value: ValueRef<'_>) -> Option<String> {
    Some(match value {
        ValueRef::Null => return None,
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => format!("{} bytes, BLAKE3 {}", bytes.len(), blake3::hash(bytes).to_hex()),
    })
}
