//! The engine as a whole: the table of cases, and what holds for every text.

use super::cases::{Case, TABLE, V4, V6};
use super::scan::Scan;
use super::{Counts, Translator, scan};
use crate::translate::{Entry, Subject, Table};
use addresses::{REACH, pass_in};
use proptest::prelude::*;
use std::collections::HashMap;
use std::io::{self, Read};

fn table(rows: &[(&str, &str)]) -> Table {
    let entry = |(from, to): &(&str, &str)| Entry {
        from: from.parse().unwrap(),
        to: Some(to.parse().unwrap()),
        note: None,
    };
    Table {
        entries: rows.iter().map(entry).collect(),
    }
}

fn translated(table: &Table, text: &[u8]) -> (Vec<u8>, Counts) {
    let mut out = Vec::new();
    let counts = Translator::new(table)
        .unwrap()
        .copy(&mut &*text, &mut out)
        .unwrap();
    (out, counts)
}

/// Subject, offset and spelling of each address.
type Seen = Vec<(Subject, usize, Vec<u8>)>;

fn scanned(text: &[u8]) -> Seen {
    let mut seen = Vec::new();
    scan(&mut &*text, |found| {
        seen.push((
            found.subject,
            usize::try_from(found.offset).unwrap(),
            found.spelling.to_vec(),
        ));
    })
    .unwrap();
    seen
}

#[test]
fn every_case_is_scanned_and_translated() {
    let table = table(TABLE);
    for (text, subjects, wanted) in V4.iter().chain(V6) {
        // The same anywhere in a text: what stands at its edges must not matter.
        for (before, behind) in [("", ""), (" ", "\n"), ("\"", "\""), ("x\n", "\tx"), ("(", ")")] {
            let text = format!("{before}{text}{behind}");
            let found: Vec<String> = scanned(text.as_bytes())
                .iter()
                .map(|(subject, ..)| subject.to_string())
                .collect();
            assert_eq!(&found, subjects, "{text}");
            let (out, _) = translated(&table, text.as_bytes());
            assert_eq!(
                String::from_utf8(out).unwrap(),
                format!("{before}{wanted}{behind}")
            );
        }
    }
}

#[test]
fn rows_are_counted_by_use() {
    let mut table = table(TABLE);
    table.notice(["10.0.0.10".parse().unwrap()]);
    let (_, counts) = translated(
        &table,
        b"10.0.0.1 10.0.0.1 10.0.0.2 10.0.0.10 ::ffff:10.0.0.1 10.0.0.0/24",
    );
    let mut rows = vec![0; TABLE.len() + 1];
    rows[..3].copy_from_slice(&[3, 1, 1]);
    assert_eq!((counts.total(), counts.rows), (5, rows));
}

#[test]
fn lines_are_counted_from_one() {
    let mut lines = Vec::new();
    scan(&mut &b"10.0.0.1\n\n10.0.0.2 ::1\n"[..], |found| {
        lines.push(found.line);
    })
    .unwrap();
    assert_eq!(lines, [1, 3, 3]);
}

#[test]
fn contradicting_rows_are_refused() {
    for rows in [
        [("10.0.0.1", "10.0.0.2"), ("10.0.0.1", "10.0.0.3")],
        [("::1", "10.0.0.1"), ("::2", "::3")],
    ] {
        assert_eq!(
            Translator::new(&table(&rows)).unwrap_err().code,
            "bad_translation"
        );
    }
}

#[test]
fn a_failing_reader_is_an_error() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("no light"))
        }
    }
    let translator = Translator::new(&Table::default()).unwrap();
    let error = translator.copy(&mut Broken, &mut Vec::new()).unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.cause.as_deref()),
        ("not_translated", Some("no light"))
    );
    assert_eq!(scan(&mut Broken, |_| ()).unwrap_err().code, "not_scanned");
}

#[test]
fn pieces_may_end_anywhere_in_and_behind_an_address() {
    let awkward = [
        "10.0.0.1:2001:db8::1",
        "10.0.0.1/24::1",
        "2001:0db8:0000:0000:0000:0000:0000:0001.x",
        "1.10.0.0.1",
    ];
    for (awkward, shift) in awkward
        .iter()
        .flat_map(|text| (0..300).map(move |shift| (text, shift)))
    {
        let text = format!("{}{awkward} {awkward}{}", " ".repeat(shift), " ".repeat(300));
        let mut seen = Vec::new();
        let mut visitor = Scan::new(|found: &super::Occurrence<'_>| {
            seen.push((
                found.subject,
                usize::try_from(found.offset).unwrap(),
                found.spelling.to_vec(),
            ));
        });
        pass_in(&mut vec![0; 4 * REACH], &mut text.as_bytes(), &mut visitor).unwrap();
        assert_eq!(seen, scanned(text.as_bytes()), "{shift} {awkward}");
    }
}

/// Texts of addresses, pieces of addresses and what stands around them.
fn texts() -> impl Strategy<Value = Vec<u8>> {
    let case =
        (0..V4.len() + V6.len()).prop_map(|at| V4.iter().chain(V6).nth(at).map_or("", |case: &Case| case.0));
    let piece = prop_oneof![
        4 => case.prop_map(|text| text.as_bytes().to_vec()),
        3 => "[0-9a-f:.%/ ]{1,12}".prop_map(String::into_bytes),
        1 => "(::|[0-9a-fA-F]{1,4}:){1,12}".prop_map(String::into_bytes),
        1 => proptest::collection::vec(any::<u8>(), 0..200),
    ];
    let separated = (
        piece,
        prop_oneof![Just(""), Just(" "), Just("\n"), Just(":"), Just(".")],
    )
        .prop_map(|(mut piece, behind)| {
            piece.extend_from_slice(behind.as_bytes());
            piece
        });
    proptest::collection::vec(separated, 0..40).prop_map(|pieces| pieces.concat())
}

/// Gives out one to `most` bytes at a time.
struct Trickle<'t>(&'t [u8], usize);

impl Read for Trickle<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = self.1.min(into.len());
        self.0.read(&mut into[..most])
    }
}

/// A bijective table within which every notation survives: same zero groups, letters in all.
fn swaps() -> Table {
    let mut rows = vec![
        ("10.0.0.0/24", "10.9.9.0/25"),
        ("2001:db8::1", "2001:dba::2"),
        ("fe80::1", "fe80::2"),
        ("::1", "::2"),
    ];
    rows.extend([
        ("10.0.0.1", "192.168.100.200"),
        ("10.0.0.2", "255.255.255.255"),
        ("0.0.0.0", "1.2.3.4"),
    ]);
    let back: Vec<_> = rows.iter().map(|&(from, to)| (to, from)).collect();
    rows.extend(back);
    table(&rows)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn pieces_of_any_size_give_the_same(text in texts(), buffer in 4 * REACH..1000, most in 1usize..300) {
        let mut seen = Vec::new();
        let mut visitor = Scan::new(|found: &super::Occurrence<'_>| {
            seen.push((found.subject, usize::try_from(found.offset).unwrap(), found.spelling.to_vec()));
        });
        pass_in(&mut vec![0; buffer], &mut Trickle(&text, most), &mut visitor).unwrap();
        prop_assert_eq!(seen, scanned(&text));

        let translator = Translator::new(&table(TABLE)).unwrap();
        let mut out = Vec::new();
        let mut copy = translator.copying(&mut out);
        pass_in(&mut vec![0; buffer], &mut Trickle(&text, most), &mut copy).unwrap();
        prop_assert_eq!(out, translated(&table(TABLE), &text).0);
    }

    #[test]
    fn scan_and_translation_agree_and_no_other_byte_changes(text in texts()) {
        let table = table(TABLE);
        let rows = table.entries.iter().zip(0..);
        let target: HashMap<Subject, usize> = rows.map(|(entry, row)| (entry.from, row)).collect();
        let (out, counts) = translated(&table, &text);
        let mut expected = vec![0; table.entries.len()];
        let mut rest = &out[..];
        let mut kept = 0;
        for (subject, offset, spelling) in scanned(&text) {
            let untouched = &text[kept..offset];
            prop_assert!(rest.starts_with(untouched), "{:?}", String::from_utf8_lossy(&text));
            rest = &rest[untouched.len()..];
            kept = offset + spelling.len();
            let address = Subject::Address(subject.address());
            let Some(&row) = target.get(&subject).or_else(|| target.get(&address)) else {
                prop_assert!(rest.starts_with(&spelling));
                rest = &rest[spelling.len()..];
                continue;
            };
            expected[row] += 1;
            // Of what stands around it only a colon matters.
            let before: &[u8] = if untouched.ends_with(b":") { b":" } else { b"" };
            let behind: &[u8] = if text[kept..].starts_with(b":") { b":" } else { b"" };
            let (alone, _) = translated(&table, &[before, &spelling, behind].concat());
            let alone = &alone[before.len()..alone.len() - behind.len()];
            prop_assert_ne!(alone, &spelling);
            prop_assert!(rest.starts_with(alone));
            rest = &rest[alone.len()..];
        }
        prop_assert_eq!(rest, &text[kept..]);
        prop_assert_eq!(counts.rows, expected);
    }

    #[test]
    fn there_and_back_is_where_it_was(text in texts()) {
        let table = swaps();
        let there = translated(&table, &text).0;
        let back = translated(&table.inverse().unwrap(), &there).0;
        let subjects = |text: &[u8]| scanned(text).iter().map(|(subject, ..)| *subject).collect::<Vec<_>>();
        prop_assert_eq!(subjects(&back), subjects(&text));
        if scanned(&text).iter().all(|(subject, _, spelling)| subject.to_string().as_bytes() == spelling) {
            prop_assert_eq!(back, text);
        }
    }

    #[test]
    fn every_notation_of_an_address_is_that_address(mut groups in any::<[u16; 8]>(), holes in any::<u8>()) {
        for (at, group) in groups.iter_mut().enumerate() {
            if holes >> at & 1 == 1 {
                *group = 0;
            }
        }
        let address = std::net::Ipv6Addr::from(groups);
        let join = |text: Vec<String>| text.join(":");
        for spelling in [
            address.to_string(),
            join(groups.iter().map(|group| format!("{group:x}")).collect()),
            join(groups.iter().map(|group| format!("{group:04X}")).collect()),
        ] {
            let seen = scanned(spelling.as_bytes());
            if spelling != "::" {
                let subject = Subject::from(std::net::IpAddr::V6(address));
                prop_assert_eq!(seen, [(subject, 0, spelling.clone().into_bytes())]);
            }
        }
    }
}
