//! What the live databases were like right after a load, in digests: a later look knows from them whether
//! somebody changed them since. Tables of clients and calls come and go by themselves and do not count.

use super::copy::failed;
use super::save::remember;
use super::sqlite::{open, unusable};
use super::stream::Stream;
use super::{ledger, postgresql};
use crate::agent::meter::Meter;
use crate::agent::paths::NodePaths;
use crate::agent::step::Context;
use crate::data::Places;
use crate::error::Result;
use crate::model::{DataSet, DataSource, OpId};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Seek as _};
use std::path::Path;

/// The digests by the name of the set, and whose load made them.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    op: OpId,
    databases: BTreeMap<String, String>,
}

/// Remembers what the databases of `sets` are like now. What older loads left is remembered as long as they
/// can be rolled back to.
pub(super) fn record(context: &Context<'_>, sets: &[DataSet]) -> Result<()> {
    let loads = ledger::read(context.paths)?.loads;
    let mut records = read(context.paths);
    records.retain(|record| record.op != context.op && loads.iter().any(|load| load.op == record.op));
    records.push(Record {
        op: context.op,
        databases: all(context.paths.search(), sets, context.meter)?,
    });
    remember(&Places::under(context.paths.var()).live_digests(), &records)
}

/// What is remembered; nothing where that cannot be read: then data is loaded once more than needed.
fn read(paths: &NodePaths) -> Vec<Record> {
    fs::read(Places::under(paths.var()).live_digests())
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default()
}

/// Names of the databases among `sets` that are not as the load `op` left them, or of which that is not
/// known.
pub(super) fn changed(paths: &NodePaths, op: OpId, sets: &[DataSet], meter: &Meter) -> Result<Vec<String>> {
    let known = read(paths)
        .into_iter()
        .find(|record| record.op == op)
        .map(|record| record.databases)
        .unwrap_or_default();
    let now = all(paths.search(), sets, meter)?;
    let changed = now
        .into_iter()
        .filter(|(name, digest)| known.get(name) != Some(digest));
    Ok(changed.map(|(name, _)| name).collect())
}

fn all(search: &str, sets: &[DataSet], meter: &Meter) -> Result<BTreeMap<String, String>> {
    let mut digests = BTreeMap::new();
    for set in sets {
        meter.go_on()?;
        let runtime = set.source.runtime();
        let digest = match &set.source {
            DataSource::Files { .. } => continue,
            DataSource::Sqlite { path, .. } => of_sqlite(Path::new(path), runtime, meter)?,
            DataSource::Postgresql { database, .. } => of_postgresql(search, database, runtime, meter)?,
        };
        digests.insert(set.name.clone(), digest);
    }
    Ok(digests)
}

const NONE: &str = "none";

fn of_sqlite(file: &Path, runtime: &[String], meter: &Meter) -> Result<String> {
    if !file.exists() {
        return Ok(NONE.to_owned());
    }
    let connection = open(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    // One view of all tables, whatever is written meanwhile.
    connection.execute_batch("BEGIN").map_err(unusable)?;
    let mut hasher = blake3::Hasher::new();
    let named = |error| unusable(error).at(file.display());
    for (table, schema) in tables(&connection).map_err(named)? {
        meter.go_on()?;
        hasher.update(schema.as_bytes());
        if !runtime.contains(&table) {
            rows(&connection, &table, &mut hasher).map_err(named)?;
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    const TABLES: &str = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
    let mut statement = connection.prepare(TABLES)?;
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    found.collect()
}

fn rows(connection: &Connection, table: &str, hasher: &mut blake3::Hasher) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(&format!("SELECT * FROM \"{}\"", table.replace('"', "\"\"")))?;
    let columns = statement.column_count();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            let (kind, bytes) = match row.get_ref(column)? {
                ValueRef::Null => (0, Vec::new()),
                ValueRef::Integer(number) => (1, number.to_le_bytes().to_vec()),
                ValueRef::Real(number) => (2, number.to_le_bytes().to_vec()),
                ValueRef::Text(text) => (3, text.to_vec()),
                ValueRef::Blob(bytes) => (4, bytes.to_vec()),
            };
            hasher.update(&[kind]);
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(&bytes);
        }
    }
    Ok(())
}

fn of_postgresql(search: &str, database: &str, runtime: &[String], meter: &Meter) -> Result<String> {
    if !postgresql::exists(search, database)? {
        return Ok(NONE.to_owned());
    }
    let unread = |error| failed(Path::new("the dump"), error);
    let mut dump = tempfile::tempfile().map_err(unread)?;
    let without: Vec<String> = runtime
        .iter()
        .map(|table| format!("--exclude-table-data={table}"))
        .collect();
    let mut argv = postgresql::as_superuser(&["pg_dump", "--no-password", "--format=plain"]);
    argv.extend(without.iter().map(String::as_str));
    argv.extend(["--dbname", database]);
    let stream = Stream {
        output: Some(dump.try_clone().map_err(unread)?),
        ..Stream::default()
    };
    stream.run(search, &argv, &mut || meter.go_on())?;
    dump.rewind().map_err(unread)?;
    let mut hasher = blake3::Hasher::new();
    for line in BufReader::new(dump).split(b'\n') {
        let line = line.map_err(unread)?;
        // A new word every time: `\restrict`, `\unrestrict`.
        if !line.starts_with(b"\\restrict ") && !line.starts_with(b"\\unrestrict ") {
            hasher.update(&line);
            hasher.update(b"\n");
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}
