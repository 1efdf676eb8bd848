//! What has to hold for any bytes: called by the fuzz targets, and by ordinary tests with random bytes.

use pairadm::translate::check::{Known, check};
use pairadm::translate::{CsvKind, Subject, Table, Translator, scan};
use std::sync::LazyLock;

/// Addresses that are likely in fuzzed texts, each with another.
const ROWS: &[(&str, &str)] = &[
    ("0.0.0.0", "255.255.255.255"),
    ("1.1.1.1", "10.0.0.1"),
    ("10.0.0.1", "1.1.1.1"),
    ("10.0.0.0/8", "11.0.0.0/9"),
    ("::1", "2001:db8::1"),
    ("1::", "::2"),
    ("1::/64", "2::/48"),
];

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    for (from, to) in ROWS {
        let to = to.parse().expect("an address");
        table
            .set(from.parse().expect("an address"), Some(to), None)
            .expect("a row");
    }
    table
});

/// Scanning finds ordered, separate places that say what it says; translating changes these and nothing
/// else, and what it writes says what the table says.
pub fn scanner(bytes: &[u8]) {
    let found = found(bytes);
    let mut out = Vec::new();
    let translator = Translator::new(&TABLE).expect("a table");
    let counts = translator.copy(&mut &*bytes, &mut out).expect("memory");
    let becomes = |subject: Subject| {
        let address = Subject::Address(subject.address());
        TABLE
            .get(subject)
            .or_else(|| TABLE.get(address))
            .and_then(|entry| entry.to)
    };
    let replaced = found
        .iter()
        .filter(|(subject, ..)| becomes(*subject).is_some())
        .count();
    assert_eq!(counts.total(), replaced as u64);
    let mut rest = &out[..];
    let mut kept = 0;
    for (subject, offset, length) in found {
        rest = rest.strip_prefix(&bytes[kept..offset]).expect("untouched bytes");
        kept = offset + length;
        let spelling = &bytes[offset..kept];
        if becomes(subject).is_none() {
            rest = rest.strip_prefix(spelling).expect("an untouched address");
        } else {
            // Of what stands around it only a colon matters: no `::` is written beside it.
            let before = &bytes[offset - usize::from(bytes[..offset].ends_with(b":"))..offset];
            let behind = &bytes[kept..kept + usize::from(bytes[kept..].starts_with(b":"))];
            let alone = [before, spelling, behind].concat();
            let mut new = Vec::new();
            translator.copy(&mut &*alone, &mut new).expect("memory");
            let new = &new[before.len()..new.len() - behind.len()];
            rest = rest.strip_prefix(new).expect("a replaced address");
        }
    }
    assert_eq!(rest, &bytes[kept..]);
}

/// Subject, offset and length of each address.
fn found(bytes: &[u8]) -> Vec<(Subject, usize, usize)> {
    let mut found = Vec::new();
    let mut end = 0;
    scan(&mut &*bytes, |one| {
        let offset = usize::try_from(one.offset).expect("in memory");
        assert!(offset >= end, "addresses overlap");
        end = offset + one.spelling.len();
        assert_eq!(&bytes[offset..end], one.spelling);
        found.push((one.subject, offset, one.spelling.len()));
    })
    .expect("memory");
    found
}

/// A table that is read from CSV is written and read as itself.
pub fn csv(bytes: &[u8]) {
    for kind in [CsvKind::Plain, CsvKind::Spreadsheet] {
        if let Ok(table) = Table::from_csv(bytes, kind, "fuzz.csv") {
            let text = table.to_csv(kind).expect("a text");
            assert_eq!(
                Table::from_csv(text.as_bytes(), kind, "again.csv").as_ref(),
                Ok(&table)
            );
        }
    }
}

/// A table that is read from TOML is checked, revised and read as itself.
pub fn table(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Ok(table) = Table::parse(text, "fuzz.toml") {
        check(&table, &Known::default());
        let revised = Table::revised(text, &table).expect("a text");
        assert_eq!(Table::parse(&revised, "again.toml").as_ref(), Ok(&table));
    }
}
