//! Makes a dump the live PostgreSQL database: restored whole beside it, then both change names in one
//! transaction. What a crash interrupts is either the old database or the new one.
//!
//! ```text
//!   dump ──> <database>_pairadm_new ──┬─ one transaction ─> <database>
//!            <database> ──────────────┘                 └─> <database>_pairadm_old ──> dropped
//! ```

use super::copy::failed;
use super::postgresql::{as_superuser, ask, exists, literal};
use super::stream::Stream;
use crate::agent::meter::Meter;
use crate::error::{Error, Result};
use std::fs::File;
use std::path::Path;
use std::time::Duration;

/// A service that connects again at once can come between; then the names are changed once more.
const TRIES: u32 = 10;

/// Makes `database` what the dump `from` says; without a dump there is none afterwards. The detail for
/// the report.
pub fn put(search: &str, database: &str, from: &Path, meter: &Meter) -> Result<String> {
    let there = exists(search, database)?;
    let (new, old) = (
        format!("{database}_pairadm_new"),
        format!("{database}_pairadm_old"),
    );
    if !from.exists() {
        if there {
            drop_database(search, database)?;
        }
        return Ok(if there { "removed" } else { "not there" }.to_owned());
    }
    drop_database(search, &new)?;
    if there {
        drop_database(search, &old)?;
    }
    create(search, database, &new, there)?;
    restore(search, &new, from, meter)?;
    rename(search, database, &new, there.then_some(old.as_str()))?;
    if there {
        drop_database(search, &old)?;
    }
    let tables = ask(
        search,
        database,
        "SELECT count(*) FROM information_schema.tables WHERE table_type = 'BASE TABLE' \
         AND table_schema NOT IN ('pg_catalog', 'information_schema')",
    )?;
    Ok(format!("{} tables", tables.trim()))
}

/// An empty database like the present one. Where there is none yet it belongs to the role of the same
/// name, which is how servers' set-up programs leave it, or to the superuser.
fn create(search: &str, database: &str, new: &str, there: bool) -> Result<()> {
    let of = if there {
        format!(
            "SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L', \
             {}, pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype) \
             FROM pg_database WHERE datname = {}",
            literal(new),
            literal(database)
        )
    } else {
        format!(
            "SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0', {}, \
             coalesce((SELECT rolname FROM pg_roles WHERE rolname = {}), current_user::text))",
            literal(new),
            literal(database)
        )
    };
    let statement = ask(search, "postgres", &of)?;
    ask(search, "postgres", statement.trim()).map(drop)
}

fn restore(search: &str, new: &str, from: &Path, meter: &Meter) -> Result<()> {
    let input = File::open(from).map_err(|error| failed(from, error))?;
    let read = input.try_clone().map_err(|error| failed(from, error))?;
    let stream = Stream {
        input: Some(input),
        ..Stream::default()
    };
    let argv = as_superuser(&[
        "psql",
        "--no-psqlrc",
        "--no-password",
        "--quiet",
        "--set=ON_ERROR_STOP=1",
        "--dbname",
        new,
    ]);
    let mut counted = 0;
    stream
        .run(search, &argv, &mut || {
            // The program shares the position in the file with us.
            let position = rustix::fs::tell(&read).unwrap_or(counted);
            let more = position.saturating_sub(counted);
            counted = position;
            meter.add(more)
        })
        .map_err(|error| error.at(format!("PostgreSQL database {new}")))
}

/// Gives the new database the old one's name, and its access rights and settings along with it.
fn rename(search: &str, database: &str, new: &str, old: Option<&str>) -> Result<()> {
    let mut statements = vec!["BEGIN".to_owned()];
    if let Some(old) = old {
        statements.extend([
            format!(
                "INSERT INTO pg_db_role_setting SELECT n.oid, s.setrole, s.setconfig FROM pg_db_role_setting s \
                 JOIN pg_database d ON d.oid = s.setdatabase, pg_database n WHERE d.datname = {} AND n.datname = {}",
                literal(database),
                literal(new)
            ),
            format!(
                "UPDATE pg_database n SET datacl = d.datacl FROM pg_database d WHERE d.datname = {} AND n.datname = {}",
                literal(database),
                literal(new)
            ),
            disconnect(database),
            format!("ALTER DATABASE {} RENAME TO {}", name(database), name(old)),
        ]);
    }
    statements.push(format!(
        "ALTER DATABASE {} RENAME TO {}",
        name(new),
        name(database)
    ));
    statements.push("COMMIT".to_owned());
    let all = statements.join("; ");
    let mut last = None;
    for _ in 0..TRIES {
        match ask(search, "postgres", &all) {
            Ok(_) => return Ok(()),
            Err(error) => last = Some(error),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err(last.unwrap_or_else(|| Error::bug("no try was made to rename a database")))
}

fn disconnect(database: &str) -> String {
    format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = {} AND pid <> pg_backend_pid()",
        literal(database)
    )
}

fn drop_database(search: &str, database: &str) -> Result<()> {
    ask(
        search,
        "postgres",
        &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", name(database)),
    )
    .map(drop)
}

/// A name in SQL.
fn name(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}
