//! SQLite databases: every value stored as text, in every ordinary table that is not left alone.
//!
//! The work is done on a copy, in one transaction, by key. Triggers do not fire and foreign keys are not
//! enforced meanwhile, because every table gets the same translation; the integrity is checked at the
//! end. BLOBs, generated columns, views, and virtual tables with what belongs to them stay as they are.

use super::content::Content;
use super::job::{Job, failed, unchanged};
use super::table_rows::text_tables;
use crate::error::{Error, Result};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::fs::File;
use std::io::{self, Seek};
use std::path::{Path, PathBuf};

/// What SQLite keeps beside a database: pages that are not in it yet.
const JOURNALS: [&str; 2] = ["-wal", "-journal"];

impl Content<'_> {
    pub(super) fn database(
        &self,
        job: &mut Job<'_>,
        source: &mut File,
        out: Option<&mut File>,
    ) -> Result<bool> {
        let unread = |error: io::Error| failed(self.name, &error);
        let folder = tempfile::tempdir_in(&job.scratch).map_err(unread)?;
        let copy = folder.path().join("database");
        source.rewind().map_err(unread)?;
        let mut file = File::create_new(&copy).map_err(unread)?;
        io::copy(source, &mut file).map_err(unread)?;
        let journal = self.copy_journals(&copy).map_err(unread)?;
        let changed = self
            .rows(job, &copy)
            .map_err(|error| unusable(self.name, error))?;
        match out {
            Some(out) if changed || journal => {
                let mut copy = File::open(&copy).map_err(unread)?;
                io::copy(&mut copy, out).map_err(unread)?;
                Ok(true)
            }
            out => unchanged(self.name, source, out),
        }
    }

    /// Whether there was something in a journal, which is in the database once that was opened.
    fn copy_journals(&self, copy: &Path) -> io::Result<bool> {
        let mut any = false;
        for (journal, of_copy) in self
            .path
            .into_iter()
            .flat_map(|path| journals(path).zip(journals(copy)))
        {
            if journal
                .symlink_metadata()
                .is_ok_and(|found| found.is_file() && found.len() > 0)
            {
                std::fs::copy(&journal, &of_copy)?;
                any = true;
            }
        }
        Ok(any)
    }

    /// Works on all rows of the database at `path`; whether one changed.
    fn rows(&self, job: &mut Job<'_>, path: &Path) -> Result<bool, Failure> {
        let mut connection = open(path)?;
        let transaction = connection.transaction()?;
        let (tables, left) = text_tables(&transaction)?;
        for table in left {
            job.opaque.push(format!("{} (table {table})", self.name));
        }
        let mut changed = false;
        for table in tables.iter().filter(|table| !job.rules.leaves_alone(&table.name)) {
            let rows = table.changes(&transaction, &mut |column, text| {
                job.value(self.name, (&table.name, column), text)
            })?;
            changed |= !rows.is_empty();
            table.apply(&transaction, &rows)?;
        }
        transaction.commit()?;
        if changed {
            sound(&connection)?;
        }
        connection.close().map_err(|(_, error)| error)?;
        Ok(changed)
    }
}

/// Files in which SQLite keeps what belongs to the database at `path`.
pub fn journals(path: &Path) -> impl Iterator<Item = PathBuf> {
    JOURNALS.iter().map(move |suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        name.into()
    })
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // What the schema calls is not ours: no triggers, no functions beyond the built-in ones.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // Values stand aside for a moment; what becomes of them is checked at the end.
    connection.pragma_update(None, "ignore_check_constraints", true)?;
    Ok(connection)
}

fn sound(connection: &Connection) -> Result<(), Failure> {
    connection.pragma_update(None, "ignore_check_constraints", false)?;
    let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    if verdict == "ok" {
        Ok(())
    } else {
        Err(Failure::Unsound(verdict))
    }
}

/// Why a database cannot be worked on.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("after the translation: {0}")]
    Unsound(String),
}

fn unusable(name: &str, failure: Failure) -> Error {
    let message = "the database cannot be translated";
    Error::refused("database_unusable", message)
        .at(name)
        .because(failure)
}
