//! Rows of databases for a comparison: of the live ones, or of those in a folder of saved data.

mod dump;
mod live_postgresql;
mod sqlite;

use super::postgresql;
use super::survey::translator;
use crate::data::{Row, RowsQuery, TableRows};
use crate::error::{Error, Result};
use crate::model::{DataSet, DataSource};
use crate::translate::Translator;
use std::path::Path;
use std::time::Instant;

/// A table with more bytes than this is told by its number of rows.
const MOST_BYTES: usize = 512 << 10;

/// What a reader of tables is given.
struct Reader<'r> {
    search: &'r str,
    deadline: Instant,
    most: usize,
    runtime: &'r [String],
}

/// A table as read.
struct Read {
    table: String,
    count: u64,
    rows: Option<Vec<Row>>,
}

/// Every table of the databases asked for; a database that is not there has none.
pub fn rows(search: &str, query: &RowsQuery, deadline: Instant) -> Result<Vec<TableRows>> {
    let translator = translator(query.table.as_deref(), query.back)?;
    let mut tables = Vec::new();
    for set in &query.sets {
        let runtime = set.source.runtime();
        let reader = Reader {
            search,
            deadline,
            most: query.most,
            runtime,
        };
        for read in read(&reader, set, query.below.as_deref())? {
            tables.push(told(set, runtime, read, translator.as_ref())?);
        }
    }
    Ok(tables)
}

fn read(reader: &Reader<'_>, set: &DataSet, below: Option<&str>) -> Result<Vec<Read>> {
    let folder = below.map(|below| Path::new(below).join(&set.name));
    match (&set.source, folder) {
        (DataSource::Files { .. }, _) => Ok(Vec::new()),
        (DataSource::Sqlite { path, .. }, folder) => {
            let path = Path::new(path);
            match (folder, path.file_name()) {
                (Some(folder), Some(name)) => sqlite::read_saved(reader, &folder.join(name)),
                _ => sqlite::read_live(reader, path),
            }
        }
        (DataSource::Postgresql { database, .. }, Some(folder)) => {
            dump::read(reader, &folder.join(format!("{database}.sql")))
        }
        (DataSource::Postgresql { database, .. }, None) => {
            if postgresql::exists(reader.search, database)? {
                live_postgresql::read(reader, database)
            } else {
                Ok(Vec::new())
            }
        }
    }
}

fn told(set: &DataSet, runtime: &[String], read: Read, translator: Option<&Translator>) -> Result<TableRows> {
    let mut rows = read.rows;
    if let (Some(rows), Some(translator)) = (&mut rows, translator) {
        for (_, value) in rows.iter_mut().flat_map(|row| &mut row.0) {
            let mut translated = Vec::new();
            translator.copy(&mut value.as_bytes(), &mut translated)?;
            *value = String::from_utf8(translated)
                .map_err(|error| Error::bug("a translation is not text").because(error))?;
        }
    }
    Ok(TableRows {
        set: set.name.clone(),
        runtime: is_runtime(runtime, &read.table),
        table: read.table,
        count: read.count,
        rows,
    })
}

fn is_runtime(runtime: &[String], table: &str) -> bool {
    let name = table.rsplit_once('.').map_or(table, |(_, name)| name);
    runtime.iter().any(|runtime| runtime == name)
}

impl Reader<'_> {
    /// Whether the rows of a table are wanted, and not only their number.
    fn wants(&self, table: &str, count: u64) -> bool {
        count <= self.most as u64 && !is_runtime(self.runtime, table)
    }

    fn in_time(&self) -> Result<()> {
        if Instant::now() < self.deadline {
            return Ok(());
        }
        Err(Error::incomplete(
            "rows_too_slow",
            "the databases could not be read in time",
        ))
    }
}

/// The rows, unless they are too many bytes.
fn if_small(rows: Vec<Row>) -> Option<Vec<Row>> {
    let bytes: usize = rows
        .iter()
        .flat_map(|row| &row.0)
        .map(|(name, value)| name.len() + value.len())
        .sum();
    (bytes <= MOST_BYTES).then_some(rows)
}

#[cfg(test)]
mod tests;
