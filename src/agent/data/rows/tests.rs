//! Rows are told alike wherever they are read from.

use super::*;
use crate::agent::program::PATH;
use std::fs;
use std::time::Duration;

fn sets(sqlite: &Path) -> Vec<DataSet> {
    let runtime = vec!["location".to_owned()];
    vec![
        DataSet {
            name: "database".to_owned(),
            source: DataSource::Sqlite {
                path: sqlite.display().to_string(),
                runtime: runtime.clone(),
            },
        },
        DataSet {
            name: "postgresql".to_owned(),
            source: DataSource::Postgresql {
                database: "kamailio".to_owned(),
                runtime,
            },
        },
    ]
}

fn table<'t>(tables: &'t [TableRows], set: &str, name: &str) -> &'t TableRows {
    tables
        .iter()
        .find(|table| table.set == set && table.table == name)
        .unwrap()
}

#[test]
fn a_saved_sqlite_file_and_a_saved_dump_are_read_translated_and_in_part() {
    let saved = tempfile::tempdir().unwrap();
    for set in ["database", "postgresql"] {
        fs::create_dir(saved.path().join(set)).unwrap();
    }
    rusqlite::Connection::open(saved.path().join("database/x.sqlite"))
        .unwrap()
        .execute_batch(
            "PRAGMA journal_mode = WAL;
             CREATE TABLE dispatcher (id INTEGER, destination TEXT, attrs TEXT);
             INSERT INTO dispatcher VALUES (1, 'sip:192.0.2.11', NULL);
             CREATE TABLE location (contact TEXT); INSERT INTO location VALUES ('a'), ('b');
             CREATE TABLE many (x INTEGER); INSERT INTO many VALUES (1), (2), (3);",
        )
        .unwrap();
    fs::write(
        saved.path().join("postgresql/kamailio.sql"),
        "SET x = 1;\nCOPY public.dispatcher (id, destination, \"attrs\") FROM stdin;\n1\tsip:192.0.2.11\\tx\t\\N\n\\.\n\
         COPY public.location (contact) FROM stdin;\na\nb\n\\.\nCOPY other.many (x) FROM stdin;\n1\n2\n3\n\\.\n",
    )
    .unwrap();
    let addresses = tempfile::NamedTempFile::new().unwrap();
    fs::write(
        addresses.path(),
        "[[address]]\nfrom = \"192.0.2.11\"\nto = \"192.0.2.12\"\n",
    )
    .unwrap();
    let query = RowsQuery {
        sets: sets(Path::new("/live/x.sqlite")),
        below: Some(saved.path().display().to_string()),
        table: Some(addresses.path().display().to_string()),
        back: false,
        most: 2,
    };
    let tables = rows(PATH, &query, Instant::now() + Duration::from_secs(20)).unwrap();
    assert_eq!(
        fs::read_dir(saved.path().join("database")).unwrap().count(),
        1,
        "nothing is laid beside saved data"
    );
    for (set, many, destination) in [
        ("database", "many", "sip:192.0.2.12"),
        ("postgresql", "other.many", "sip:192.0.2.12\tx"),
    ] {
        let dispatcher = table(&tables, set, "dispatcher");
        let row = &dispatcher.rows.as_ref().unwrap()[0];
        assert_eq!(row.get("destination"), Some(destination));
        assert_eq!(
            (row.get("id"), row.get("attrs")),
            (Some("1"), None),
            "NULL is left out"
        );
        let location = table(&tables, set, "location");
        assert_eq!(
            (location.runtime, location.count, &location.rows),
            (true, 2, &None)
        );
        let many = table(&tables, set, many);
        assert_eq!((many.count, &many.rows), (3, &None), "too many to tell");
    }
}

#[test]
fn a_set_that_was_not_saved_has_no_tables() {
    let saved = tempfile::tempdir().unwrap();
    let query = RowsQuery {
        sets: sets(Path::new("/live/x.sqlite")),
        below: Some(saved.path().display().to_string()),
        table: None,
        back: false,
        most: 2,
    };
    let tables = rows(PATH, &query, Instant::now() + Duration::from_secs(20)).unwrap();
    assert_eq!(tables, []);
}
