//! Whole trees: every kind of content, there and translated.

use super::{Explanation, Rules, TreeReport, explain, scan_tree, translate_tree};
use crate::error::Result;
use crate::translate::{Entry, Findings, Table, Translator};
use flate2::{Compression, GzBuilder, read::GzDecoder};
use rusqlite::Connection;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// A mirror, and where its translation goes.
struct Mirror {
    folder: TempDir,
    rules: Rules,
}

impl Mirror {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("from")).unwrap();
        let never_translate = vec!["location".to_owned()];
        Self {
            folder,
            rules: Rules {
                never_translate,
                ..Rules::default()
            },
        }
    }

    fn from(&self, name: &str) -> PathBuf {
        self.folder.path().join("from").join(name)
    }

    fn to(&self, name: &str) -> PathBuf {
        self.folder.path().join("to").join(name)
    }

    /// Writes the file `name`.
    fn with(self, name: &str, bytes: &[u8]) -> Self {
        fs::write(self.from(name), bytes).unwrap();
        self
    }

    fn translate(&self) -> Result<TreeReport> {
        translate_tree(&self.from(""), &self.to(""), &translator(), &self.rules)
    }

    fn scan(&self) -> Findings {
        scan_tree(&self.from(""), &self.rules, &|_| Ok(())).unwrap()
    }

    fn explain(&self, subject: &str) -> Explanation {
        explain(
            &self.from(""),
            subject.parse().unwrap(),
            &translator(),
            &self.rules,
            &|_| Ok(()),
        )
        .unwrap()
    }

    /// What `name` became.
    fn became(&self, name: &str) -> Vec<u8> {
        fs::read(self.to(name)).unwrap()
    }
}

/// Swaps two addresses, and makes one longer.
fn translator() -> Translator {
    let rows = [
        ("10.0.0.1", "10.0.0.2"),
        ("10.0.0.2", "10.0.0.1"),
        ("10.0.0.3", "192.168.100.200"),
    ];
    let entries = rows.map(|(from, to)| Entry {
        from: from.parse().unwrap(),
        to: Some(to.parse().unwrap()),
        note: None,
    });
    Translator::new(&Table {
        entries: entries.to_vec(),
    })
    .unwrap()
}

/// Subject, count and places of everything found.
fn found(findings: &Findings) -> Vec<(String, u64, Vec<String>)> {
    let one = |place: &crate::translate::Place| format!("{place} ×{}", place.count);
    let found = findings.found.iter();
    found
        .map(|found| {
            (
                found.subject.to_string(),
                found.count,
                found.places.iter().map(one).collect(),
            )
        })
        .collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = GzBuilder::new()
        .filename("dump.sql")
        .mtime(77)
        .write(Vec::new(), Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut reader = GzDecoder::new(bytes);
    reader.read_to_end(&mut plain).unwrap();
    assert_eq!(reader.header().unwrap().filename(), Some(&b"dump.sql"[..]));
    assert_eq!(reader.header().unwrap().mtime(), 77);
    plain
}

/// An archive of a directory, a link, a long name and files.
fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Directory);
    header.set_size(0);
    header.set_mode(0o750);
    header.set_uid(0);
    header.set_mtime(98);
    builder.append_data(&mut header, "etc/", &b""[..]).unwrap();
    header.set_entry_type(tar::EntryType::Symlink);
    builder
        .append_link(&mut header, "etc/link-10.0.0.3", "/10.0.0.3")
        .unwrap();
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o640);
        header.set_uid(101);
        header.set_mtime(99);
        builder.append_data(&mut header, name, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

/// Name, mode, owner, time and content of each member.
fn members(bytes: &[u8]) -> Vec<(String, u32, u64, u64, Vec<u8>)> {
    let mut archive = tar::Archive::new(bytes);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        let header = entry.header();
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        (
            name,
            header.mode().unwrap(),
            header.uid().unwrap(),
            header.mtime().unwrap(),
            content,
        )
    });
    entries.collect()
}

#[test]
fn texts_change_and_everything_else_stays() {
    let mirror = Mirror::new()
        .with("a.cfg", b"listen=udp:10.0.0.1:5060\nalias=10.0.0.3\n")
        .with("sound.bin", b"10.0.0.1\0")
        .with("latin.txt", b"B\xfcro 10.0.0.1\n");
    fs::create_dir(mirror.from("d")).unwrap();
    fs::write(mirror.from("d/10.0.0.1.cfg"), "10.0.0.9").unwrap();
    symlink("/etc/passwd", mirror.from("link")).unwrap();
    symlink("..", mirror.from("d/up")).unwrap();
    let report = mirror.translate().unwrap();
    assert_eq!(
        mirror.became("a.cfg"),
        b"listen=udp:10.0.0.2:5060\nalias=192.168.100.200\n"
    );
    assert_eq!(mirror.became("sound.bin"), b"10.0.0.1\0");
    assert_eq!(mirror.became("latin.txt"), b"B\xfcro 10.0.0.2\n");
    assert_eq!(mirror.became("d/10.0.0.1.cfg"), b"10.0.0.9");
    assert!(!mirror.to("link").exists());
    assert_eq!((report.files, report.changed), (4, 2));
    assert_eq!(report.counts.rows, [2, 0, 1]);
    assert_eq!(report.opaque, ["sound.bin"]);
    assert_eq!(report.skipped, ["d/up", "link"]);
    assert_eq!(mirror.translate().unwrap_err().code, "mirror_exists");
}

#[test]
fn mode_and_times_are_kept() {
    let mirror = Mirror::new();
    let directory = mirror.from("d");
    fs::create_dir(&directory).unwrap();
    let file = directory.join("a");
    fs::write(&file, "10.0.0.1").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    fs::set_permissions(&directory, fs::Permissions::from_mode(0o751)).unwrap();
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    for path in [&file, &directory] {
        File::open(path).unwrap().set_modified(old).unwrap();
    }
    mirror.translate().unwrap();
    for (name, mode) in [("d", 0o751), ("d/a", 0o640)] {
        let metadata = fs::metadata(mirror.to(name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o7777, mode);
        assert_eq!(metadata.modified().unwrap(), old);
    }
}

const DUMP: &str = "COPY public.location (id, contact) FROM stdin;\n1\tsip:10.0.0.1\n\\.\n\
    COPY public.address (id, ip) FROM stdin;\n1\t10.0.0.1\n2\t10.0.0.1/24\n\\.\n\
    INSERT INTO `location` VALUES (1,'10.0.0.1;\n10.0.0.1');\nINSERT INTO `trusted` VALUES (1,'10.0.0.1');\n";

#[test]
fn rows_of_tables_left_alone_stay_in_dumps() {
    let mirror = Mirror::new().with("dump", DUMP.as_bytes());
    mirror.translate().unwrap();
    let expected = DUMP
        .replace("\t10.0.0.1", "\t10.0.0.2")
        .replace("`trusted` VALUES (1,'10.0.0.1'", "`trusted` VALUES (1,'10.0.0.2'");
    assert_eq!(String::from_utf8(mirror.became("dump")).unwrap(), expected);
    let places = ["dump:5 public.address ×1", "dump:10 trusted ×1"]
        .map(str::to_owned)
        .to_vec();
    let network = (
        "10.0.0.1/24".to_owned(),
        1,
        vec!["dump:6 public.address ×1".to_owned()],
    );
    assert_eq!(
        found(&mirror.scan()),
        [("10.0.0.1".to_owned(), 2, places), network]
    );
}

#[test]
fn packed_dumps_and_archives_are_looked_into() {
    let files: &[(&str, &[u8])] = &[
        ("etc/a.cfg", b"10.0.0.3\n"),
        ("etc/b.bin", b"10.0.0.3\0"),
        (&format!("etc/{}", "long".repeat(40)), b"10.0.0.1"),
        ("etc/dump.gz", &gzip(b"10.0.0.1")),
    ];
    let archive = tar(files);
    let zstd = zstd::encode_all(&archive[..], 3).unwrap();
    let mirror = Mirror::new()
        .with("a.tar", &archive)
        .with("a.tar.gz", &gzip(&archive))
        .with("a.tar.zst", &zstd)
        .with("b.sql.gz", &gzip(DUMP.as_bytes()));
    let report = mirror.translate().unwrap();
    assert_eq!((report.files, report.changed), (4, 4));
    let translated = mirror.became("a.tar");
    assert_eq!(gunzip(&mirror.became("a.tar.gz")), translated);
    assert_eq!(
        zstd::decode_all(&mirror.became("a.tar.zst")[..]).unwrap(),
        translated
    );
    let (before, after) = (members(&archive), members(&translated));
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(
            (&before.0, before.1, before.2, before.3),
            (&after.0, after.1, after.2, after.3)
        );
    }
    let contents: Vec<&[u8]> = after[2..].iter().map(|member| &member.4[..]).collect();
    assert_eq!(
        contents[..3],
        [&b"192.168.100.200\n"[..], b"10.0.0.3\0", b"10.0.0.2"]
    );
    assert_eq!(gunzip(contents[3]), b"10.0.0.2");
    assert!(gunzip(&mirror.became("b.sql.gz")).ends_with(b"(1,'10.0.0.2');\n"));
    assert!(report.opaque.contains(&"a.tar.gz!etc/b.bin".to_owned()));
    let places = &found(&mirror.scan())[0].2;
    assert!(
        places.contains(&"a.tar.zst!etc/dump.gz:1 ×1".to_owned()),
        "{places:?}"
    );
}

#[test]
fn an_archive_without_a_match_keeps_every_byte() {
    let mut archive = tar(&[("a", b"10.9.9.9"), ("b", b"")]);
    archive.extend([0; 5120]);
    let packed = gzip(&archive);
    let mirror = Mirror::new().with("a.tar", &archive).with("a.tgz", &packed);
    assert_eq!(mirror.translate().unwrap().changed, 0);
    assert_eq!(mirror.became("a.tar"), archive);
    assert_eq!(mirror.became("a.tgz"), packed);
}

#[test]
fn hostile_archives_are_refused_by_name() {
    let mut nested = b"10.0.0.1".to_vec();
    for _ in 0..5 {
        nested = gzip(&nested);
    }
    let whole = gzip(&b"a".repeat(100_000));
    let cut = tar(&[("a", &[b'a'; 2000])]);
    let small = Rules {
        largest: 1000,
        ..Rules::default()
    };
    for (bytes, rules, code) in [
        (&nested[..], Rules::default(), "archive_too_deep"),
        (&whole, small, "archive_too_large"),
        (&whole[..whole.len() - 20], Rules::default(), "archive_damaged"),
        (&cut[..2500], Rules::default(), "archive_damaged"),
    ] {
        let mut mirror = Mirror::new().with("x.gz", bytes);
        mirror.rules = rules;
        let error = mirror.translate().unwrap_err();
        assert_eq!(error.code, code, "{error}");
        assert!(error.subject.unwrap().starts_with("x.gz"));
        assert_eq!(
            scan_tree(&mirror.from(""), &mirror.rules, &|_| Ok(()))
                .unwrap_err()
                .code,
            code
        );
    }
}

/// Opens a database with everything that can break.
fn database(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    let schema = "
        CREATE TABLE address (id INTEGER PRIMARY KEY, ip TEXT UNIQUE, note, raw BLOB,
            first TEXT GENERATED ALWAYS AS (substr(ip, 1, 8)) STORED, CHECK (ip LIKE '1%'));
        CREATE INDEX by_first ON address (first);
        INSERT INTO address (ip, note, raw) VALUES ('10.0.0.1', 5, x'31302e302e302e31'),
            ('10.0.0.2', 'sip:10.0.0.1:5060', NULL), ('10.0.0.3', NULL, NULL), ('10.0.0.9', '10.0.0.9', NULL);
        CREATE TABLE gateway (host TEXT, port, weight, PRIMARY KEY (host, port)) WITHOUT ROWID;
        INSERT INTO gateway VALUES ('10.0.0.1', 1, 7), ('10.0.0.2', 1, 8), ('10.0.0.3', 2, 9);
        CREATE TABLE \"odd \"\" name\" (rowid TEXT, value TEXT);
        INSERT INTO \"odd \"\" name\" VALUES ('10.0.0.1', '10.0.0.3');
        CREATE TABLE location (contact TEXT);
        INSERT INTO location VALUES ('10.0.0.1');
        CREATE VIEW addresses AS SELECT ip FROM address;
        CREATE TABLE log (text);
        CREATE TRIGGER logged AFTER UPDATE ON address BEGIN INSERT INTO log VALUES ('changed'); END;
        CREATE TRIGGER barred BEFORE UPDATE ON gateway BEGIN SELECT RAISE(ABORT, 'no'); END;";
    connection.execute_batch(schema).unwrap();
    connection
}

/// All rows of a query, values joined by `|`.
fn rows(path: &Path, sql: &str) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let text = |row: &rusqlite::Row<'_>| {
        let value = |at| match row.get::<_, rusqlite::types::Value>(at).unwrap() {
            rusqlite::types::Value::Text(text) => text,
            value => format!("{value:?}"),
        };
        Ok((0..columns).map(value).collect::<Vec<_>>().join("|"))
    };
    statement
        .query_map([], text)
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

#[test]
fn databases_change_in_their_text_values() {
    let mirror = Mirror::new();
    database(&mirror.from("db")).close().unwrap();
    let report = mirror.translate().unwrap();
    let db = mirror.to("db");
    assert_eq!(
        rows(&db, "SELECT ip, first, note FROM address ORDER BY id"),
        [
            "10.0.0.2|10.0.0.2|Integer(5)",
            "10.0.0.1|10.0.0.1|sip:10.0.0.2:5060",
            "192.168.100.200|192.168.|Null",
            "10.0.0.9|10.0.0.9|10.0.0.9",
        ]
    );
    assert_eq!(
        rows(&db, "SELECT CAST(raw AS TEXT) FROM address LIMIT 1"),
        ["10.0.0.1"]
    );
    assert_eq!(
        rows(&db, "SELECT host, weight FROM gateway ORDER BY weight"),
        [
            "10.0.0.2|Integer(7)",
            "10.0.0.1|Integer(8)",
            "192.168.100.200|Integer(9)"
        ]
    );
    assert_eq!(
        rows(&db, "SELECT * FROM \"odd \"\" name\""),
        ["10.0.0.2|192.168.100.200"]
    );
    assert_eq!(rows(&db, "SELECT * FROM location"), ["10.0.0.1"]);
    assert_eq!(rows(&db, "SELECT * FROM log"), [""; 0]);
    assert_eq!(
        rows(&db, "SELECT ip FROM address WHERE first = '10.0.0.2'"),
        ["10.0.0.2"]
    );
    assert_eq!(rows(&db, "PRAGMA integrity_check"), ["ok"]);
    assert_eq!((report.counts.rows, report.changed), (vec![4, 2, 3], 1));
    assert_eq!(
        fs::read_dir(mirror.to("")).unwrap().count(),
        1,
        "nothing of the work is left"
    );
    let found = found(&mirror.scan());
    assert_eq!(
        found[0].2,
        [
            "db address.ip ×1",
            "db address.note ×1",
            "db gateway.host ×1",
            "db odd \" name.rowid ×1"
        ]
    );
}

#[test]
fn what_is_still_in_a_journal_belongs_to_the_database() {
    let mirror = Mirror::new();
    let path = mirror.from("db");
    let open = Connection::open(&path).unwrap();
    open.execute_batch("PRAGMA journal_mode = wal; CREATE TABLE t (ip); INSERT INTO t VALUES ('10.0.0.1');")
        .unwrap();
    assert!(fs::metadata(mirror.from("db-wal")).unwrap().len() > 0);
    mirror.translate().unwrap();
    assert_eq!(rows(&mirror.to("db"), "SELECT ip FROM t"), ["10.0.0.2"]);
    assert!(!mirror.to("db-wal").exists() && !mirror.to("db-shm").exists());
    assert_eq!(
        rows(&path, "SELECT ip FROM t"),
        ["10.0.0.1"],
        "the mirror itself is not touched"
    );
}

#[test]
fn a_damaged_database_is_refused_by_name() {
    let mirror = Mirror::new();
    database(&mirror.from("db")).close().unwrap();
    let mut bytes = fs::read(mirror.from("db")).unwrap();
    bytes.truncate(5000);
    let mirror = mirror.with("db", &bytes);
    let error = mirror.translate().unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.subject.as_deref()),
        ("database_unusable", Some("db"))
    );
}

#[test]
fn a_translation_that_the_database_forbids_is_refused() {
    let mirror = Mirror::new();
    let open = Connection::open(mirror.from("db")).unwrap();
    open.execute_batch("CREATE TABLE t (ip CHECK (ip LIKE '10.%')); INSERT INTO t VALUES ('10.0.0.3');")
        .unwrap();
    open.close().unwrap();
    let error = mirror.translate().unwrap_err();
    assert!(
        error.to_string().contains("CHECK constraint failed in t"),
        "{error}"
    );
}

#[test]
fn a_full_text_table_is_named_and_stays() {
    let mirror = Mirror::new();
    let open = Connection::open(mirror.from("db")).unwrap();
    open.execute_batch("CREATE VIRTUAL TABLE t USING fts5(ip); INSERT INTO t VALUES ('10.0.0.1');")
        .unwrap();
    open.close().unwrap();
    assert_eq!(mirror.translate().unwrap().opaque, ["db (table t)"]);
    assert_eq!(mirror.became("db"), fs::read(mirror.from("db")).unwrap());
}

#[test]
fn explaining_shows_each_place_before_and_after() {
    let long = format!(
        "{}\n{} 10.0.0.3 {}\n",
        "x".repeat(300),
        "y".repeat(300),
        "z".repeat(300)
    );
    let mirror = Mirror::new()
        .with(
            "a.cfg",
            b"# one\nlisten=udp:10.0.0.3:5060 # 10.0.0.1\nnet=10.0.0.3/24\n",
        )
        .with("b.gz", &gzip(DUMP.as_bytes()))
        .with("c", long.as_bytes());
    database(&mirror.from("db")).close().unwrap();
    let all = mirror.explain("10.0.0.3").places;
    let shown: Vec<_> = all
        .iter()
        .map(|one| (one.place.to_string(), &*one.before, &*one.after))
        .collect();
    assert_eq!(
        shown[..2],
        [
            (
                "a.cfg:2".to_owned(),
                "listen=udp:10.0.0.3:5060 # 10.0.0.1",
                "listen=udp:192.168.100.200:5060 # 10.0.0.1"
            ),
            ("a.cfg:3".to_owned(), "net=10.0.0.3/24", "net=192.168.100.200/24"),
        ]
    );
    assert!(shown[2].1.len() < 200 && shown[2].1.starts_with('y') && shown[2].1.ends_with('z'));
    assert_eq!(
        shown[3],
        ("db address.ip".to_owned(), "10.0.0.3", "192.168.100.200")
    );
    let dump: Vec<_> = mirror
        .explain("10.0.0.1/24")
        .places
        .iter()
        .map(|one| one.place.to_string())
        .collect();
    assert_eq!(dump, ["b.gz:6 public.address"]);
}

#[test]
fn a_scan_tells_how_far_it_is_up_to_all_of_the_files_and_ends_when_it_is_told_to() {
    let text = "x 10.0.0.1\n".repeat(200_000);
    let mirror = Mirror::new().with("a", text.as_bytes()).with("b", b"10.0.0.2\n");
    let heard = std::cell::RefCell::new(Vec::new());
    let hear = |done: u64| {
        heard.borrow_mut().push(done);
        Ok(())
    };
    scan_tree(&mirror.from(""), &mirror.rules, &hear).unwrap();
    let heard = heard.into_inner();
    let total = text.len() as u64 + 9;
    assert!(
        heard.is_sorted() && heard.last() == Some(&total),
        "{:?} of {total}",
        heard.last()
    );
    assert!(
        heard.iter().any(|&done| done > 0 && done < total / 2),
        "in the middle of a file, too"
    );

    let most = std::cell::Cell::new(0);
    let stop = |done: u64| {
        most.set(done);
        match done {
            0..1000 => Ok(()),
            _ => Err(crate::error::Error::incomplete("stopped", "stopped on request")),
        }
    };
    let stopped = scan_tree(&mirror.from(""), &mirror.rules, &stop).unwrap_err();
    assert_eq!(stopped.code, "stopped");
    assert!(most.get() < total / 2, "at once, and not at the end of the file");
}
