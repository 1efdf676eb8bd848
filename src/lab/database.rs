//! The database that the nodes' Kamailio reads, and the rows that make it this node's.
//!
//! Both databases and their tables are in the root file system; rows are written to a node's disk
//! before it boots, so that Kamailio finds them when it starts.

use super::Tool;
use crate::error::{Error, Result};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::os::unix::fs::symlink;
use std::path::Path;

/// Rows for either database, a statement a line: PostgreSQL without its server takes a line as one.
pub const ROWS: &str = include_str!("../../templates/lab/rows.sql");

const SQLITE_FILE: &str = "/etc/kamailio/kamailio.sqlite";

/// Which database the nodes of a lab have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Database {
    /// A file, `/etc/kamailio/kamailio.sqlite`.
    #[default]
    Sqlite,
    /// A PostgreSQL server on each node, with the database `kamailio`.
    Postgresql,
}

impl Database {
    /// Puts the rows into the database below `root`, the mounted disk of a node that is off, and leaves
    /// the node no other: PostgreSQL's server stays off, or SQLite's file goes.
    pub fn furnish(self, root: &Path, rows: &str) -> Result<()> {
        match self {
            Self::Sqlite => Tool::new("chroot")
                .arg(root)
                .args(["sqlite3", "-bail", SQLITE_FILE])
                .input(rows)
                .run()
                .map(drop),
            Self::Postgresql => {
                fill_postgresql(root, rows)?;
                start_at_boot(root)?;
                remove_sqlite(root)
            }
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Sqlite => "sqlite",
            Self::Postgresql => "postgresql",
        })
    }
}

/// Uses the server's program on one database without a server: 30 ms in place of seconds. It goes on
/// after an error and exits 0, so its messages decide.
fn fill_postgresql(root: &Path, rows: &str) -> Result<()> {
    const SINGLE: &str = "exec runuser -u postgres -- /usr/lib/postgresql/*/bin/postgres --single \
        -D /var/lib/postgresql/*/main -c config_file=$(echo /etc/postgresql/*/main/postgresql.conf) kamailio";
    let output = Tool::new("chroot")
        .arg(root)
        .args(["sh", "-c", SINGLE])
        .input(rows)
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let complaint = said.lines().find(|line| line.contains("ERROR:"));
    if output.status.success() && complaint.is_none() {
        return Ok(());
    }
    Err(
        Error::incomplete("lab_database", "cannot put rows into PostgreSQL")
            .at(root.display())
            .because(complaint.or(said.lines().last()).unwrap_or_default()),
    )
}

fn start_at_boot(root: &Path) -> Result<()> {
    let link = root.join("etc/systemd/system/multi-user.target.wants/postgresql.service");
    symlink("/lib/systemd/system/postgresql.service", &link).map_err(|error| {
        Error::incomplete("lab_database", "cannot have PostgreSQL started at boot")
            .at(link.display())
            .because(error)
    })
}

fn remove_sqlite(root: &Path) -> Result<()> {
    let path = root.join(SQLITE_FILE.trim_start_matches('/'));
    std::fs::remove_file(&path).map_err(|error| {
        Error::incomplete("lab_database", "cannot remove the other database")
            .at(path.display())
            .because(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_a_statement_on_one_line() {
        for line in ROWS.lines() {
            assert!(line.starts_with("INSERT INTO ") && line.ends_with(");"), "{line}");
        }
    }
}
