//! Data sets that are PostgreSQL databases of the node's own server, reached as its superuser over the
//! local socket.

use super::copy::failed;
use super::stream::Stream;
use crate::agent::meter::Meter;
use crate::agent::program::run_from;
use crate::error::{Error, Result};
use std::fs::File;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long a short question to the server may take.
const QUESTION: Duration = Duration::from_secs(20);

/// Server that is meant to run, and does so under this unit's name on Debian and Red Hat alike.
const UNIT: &str = "postgresql.service";

/// Saves `database` as the SQL dump `to`. False when the node has no such database, or no server that is
/// meant to run.
pub fn save(search: &str, database: &str, to: &Path, meter: &Meter) -> Result<bool> {
    if !exists(search, database)? {
        return Ok(false);
    }
    let output = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .map_err(|error| failed(to, error))?;
    let written = output.try_clone().map_err(|error| failed(to, error))?;
    let stream = Stream {
        output: Some(output),
        ..Stream::default()
    };
    let argv = as_superuser(&["pg_dump", "--no-password", "--format=plain", "--dbname", database]);
    let mut counted = 0;
    stream
        .run(search, &argv, &mut || {
            let size = written.metadata().map_or(counted, |meta| meta.size());
            let more = size.saturating_sub(counted);
            counted = size;
            meter.add(more)
        })
        .map_err(|error| error.at(format!("PostgreSQL database {database}")))?;
    Ok(true)
}

/// Bytes that the database takes up on the disk, if it is there.
pub fn size(search: &str, database: &str) -> Option<u64> {
    let query = format!(
        "SELECT pg_database_size(datname) FROM pg_database WHERE datname = {}",
        literal(database)
    );
    ask(search, "postgres", &query).ok()?.trim().parse().ok()
}

/// Where the server keeps its databases, as far as it says.
pub fn directory(search: &str) -> Option<PathBuf> {
    let told = ask(search, "postgres", "SHOW data_directory").ok()?;
    Some(PathBuf::from(told.trim())).filter(|path| path.is_dir())
}

/// Whether the node has the database. A server that is not meant to run has none; one that is meant to
/// run and does not is a fault, because data would be left out silently.
pub fn exists(search: &str, database: &str) -> Result<bool> {
    let query = format!("SELECT 1 FROM pg_database WHERE datname = {}", literal(database));
    match ask(search, "postgres", &query) {
        Ok(answer) => Ok(answer.trim() == "1"),
        Err(error) => {
            if meant_to_run(search)? {
                Err(error)
            } else {
                Ok(false)
            }
        }
    }
}

/// The answer of the server to one question or command, unaligned.
pub fn ask(search: &str, database: &str, sql: &str) -> Result<String> {
    let options = [
        "--no-psqlrc",
        "--no-password",
        "--tuples-only",
        "--no-align",
        "--quiet",
    ];
    let mut argv = as_superuser(&["psql"]);
    argv.extend(options);
    argv.extend(["--set=ON_ERROR_STOP=1", "--dbname", database, "--command", sql]);
    let finished = run_from(search, &argv, Instant::now() + QUESTION)?;
    if finished.status.success() {
        return Ok(finished.stdout);
    }
    Err(
        Error::incomplete("database_unusable", "the PostgreSQL server refuses")
            .at(format!("PostgreSQL database {database}"))
            .because(finished.last_words()),
    )
}

/// `argv` run as the server's superuser.
pub fn as_superuser<'a>(argv: &[&'a str]) -> Vec<&'a str> {
    let mut all = vec!["runuser", "-u", "postgres", "--"];
    all.extend(argv);
    all
}

/// A text constant of SQL.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn meant_to_run(search: &str) -> Result<bool> {
    let deadline = Instant::now() + QUESTION;
    for verb in ["is-enabled", "is-active"] {
        if run_from(search, &["systemctl", "--quiet", verb, UNIT], deadline)?
            .status
            .success()
        {
            return Ok(true);
        }
    }
    Ok(false)
}
