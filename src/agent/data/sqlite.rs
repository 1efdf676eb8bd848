//! Data sets that are SQLite databases, saved while the service uses them.

use super::copy::{copy, failed, wear};
use super::files::DRAFT;
use super::save::{settle, sync_directory};
use crate::agent::file::remove_if_there;
use crate::agent::meter::Meter;
use crate::error::{Error, Result};
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Pages copied between two looks at the wish to stop: some megabytes.
const PAGES: i32 = 1024;

/// How long a writer that holds the database is waited for.
const BUSY: Duration = Duration::from_secs(20);

/// Saves the database `from` as the new file `to`, whole and consistent, see
/// <https://sqlite.org/backup.html>. False when there is none.
pub fn save(from: &Path, to: &Path, meter: &Meter) -> Result<bool> {
    if !from.exists() {
        return Ok(false);
    }
    let source = open(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut target = open(
        to,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
    )?;
    transfer(&source, &mut target, meter).map_err(|error| error.at(from.display()))?;
    drop(target);
    let meta = from.metadata().map_err(|error| failed(from, error))?;
    wear(from, to, &meta).map_err(|error| failed(to, error))?;
    Ok(true)
}

/// Makes the live database at `place` what `from` is; when there is no `from`, there is none afterwards.
/// An existing one keeps its file: the service that has it open sees the old or the new content, and what
/// a crash interrupts is rolled back by whoever opens it next. The detail for the report.
pub fn put(from: &Path, place: &Path, meter: &Meter) -> Result<String> {
    if !from.exists() {
        let there = place.exists();
        for path in [
            place.to_owned(),
            beside(place, "-journal"),
            beside(place, "-wal"),
            beside(place, "-shm"),
        ] {
            remove_if_there(&path).map_err(|error| failed(&path, error))?;
        }
        sync_directory(place)?;
        return Ok(if there { "removed" } else { "not there" }.to_owned());
    }
    let source = open(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let tables: u64 = source
        .query_row(
            "SELECT count(*) FROM sqlite_master WHERE type = 'table'",
            [],
            |row| row.get(0),
        )
        .map_err(unusable)?;
    if place.exists() {
        let mut target = open(place, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        transfer(&source, &mut target, meter).map_err(|error| error.at(place.display()))?;
    } else {
        create(from, place, meter)?;
    }
    Ok(format!("{tables} tables"))
}

/// A database where there was none, with mode and owner of the saved one.
fn create(from: &Path, place: &Path, meter: &Meter) -> Result<()> {
    let directory = place.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(directory).map_err(|error| failed(directory, error))?;
    let draft = beside(place, DRAFT);
    remove_if_there(&draft).map_err(|error| failed(&draft, error))?;
    let meta = from.metadata().map_err(|error| failed(from, error))?;
    copy(from, &draft, &meta, meter)?;
    settle(directory)?;
    fs::rename(&draft, place).map_err(|error| failed(place, error))?;
    sync_directory(place)
}

/// The file beside a database whose name ends with `suffix`.
fn beside(place: &Path, suffix: &str) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes `target` what `source` is, in one transaction of `target`.
pub fn transfer(source: &Connection, target: &mut Connection, meter: &Meter) -> Result<()> {
    let size: u64 = source
        .query_row("SELECT page_size FROM pragma_page_size", [], |row| row.get(0))
        .map_err(unusable)?;
    let backup = Backup::new(source, target).map_err(unusable)?;
    let until = std::time::Instant::now() + BUSY;
    loop {
        let step = backup.step(PAGES).map_err(unusable)?;
        match step {
            StepResult::Done => return Ok(()),
            StepResult::More => meter.add(size * u64::from(PAGES.unsigned_abs()))?,
            _ if std::time::Instant::now() < until => {
                meter.go_on()?;
                std::thread::sleep(Duration::from_millis(20));
            }
            _ => {
                return Err(
                    Error::refused("database_busy", "something else holds the database")
                        .hint("see with `fuser` what uses it"),
                );
            }
        }
    }
}

/// Opens a database that a service may be using.
pub fn open(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let opened =
        Connection::open_with_flags(path, flags).map_err(|error| unusable(error).at(path.display()))?;
    opened.busy_timeout(BUSY).map_err(unusable)?;
    Ok(opened)
}

/// What SQLite says of a database.
pub fn unusable(error: rusqlite::Error) -> Error {
    let full = error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull);
    let code = if full { "disk_full" } else { "database_unusable" };
    Error::incomplete(code, "the SQLite database cannot be used").because(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_saved_with_what_a_writer_has_committed_so_far() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        let mut writer = Connection::open(&from).unwrap();
        writer
            .execute_batch("CREATE TABLE t (x TEXT); INSERT INTO t VALUES ('committed')")
            .unwrap();
        let open = writer.transaction().unwrap();
        open.execute("INSERT INTO t VALUES ('not yet')", []).unwrap();
        assert!(save(&from, &to, &Meter::new()).unwrap());
        let rows: Vec<String> = Connection::open(&to)
            .unwrap()
            .prepare("SELECT x FROM t")
            .unwrap()
            .query_map([], |row| row.get(0))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert_eq!(rows, ["committed"]);
    }

    #[test]
    fn no_database_is_no_data_and_no_database_file_is_a_fault() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        assert!(!save(&from, &to, &Meter::new()).unwrap());
        std::fs::write(&from, "this is no database, whatever its name says").unwrap();
        assert_eq!(
            save(&from, &to, &Meter::new()).unwrap_err().code,
            "database_unusable"
        );
    }
}
