//! Which table a place in an SQL dump is about, for texts of `pg_dump`, mysqldump, mariadb-dump and
//! sqlite3: `COPY … FROM stdin;` to `\.`, and `INSERT` or `REPLACE INTO` to the end of the statement.
//!
//! Dumps begin every statement at the beginning of a line. What follows is not parsed, except rows of
//! tables that are left alone: there quotes are followed, so that the statement's end is certain.

use super::rules::Rules;
use super::sql_words::{copy_head, insert_head};
use memchr::memchr;
use std::rc::Rc;

/// A part of a text that is about one table or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Behind its last byte in the piece asked about.
    pub end: usize,
    /// The table, as the dump names it, without quotes.
    pub table: Option<Rc<str>>,
    /// Whether its rows are left alone.
    pub alone: bool,
}

/// Follows a text piece by piece.
pub struct SqlTables<'r> {
    rules: &'r Rules,
    state: State,
    table: Option<Rc<str>>,
    alone: bool,
    /// The beginning of the present line, while it may still say something.
    line: Vec<u8>,
    /// Whether the present line has nothing more to say.
    dull: bool,
    /// The last byte of the present line so far, to see `;`.
    last: u8,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Lines that may begin a statement.
    Lines,
    /// Rows of `COPY`, one a line.
    Copy,
    /// An `INSERT` whose rows are left alone.
    Statement {
        backslash: bool,
        quote: Option<u8>,
        escaped: bool,
    },
}

/// Longest beginning of a line that is looked at: a `COPY` names all columns.
const LONGEST: usize = 64 * 1024;

impl<'r> SqlTables<'r> {
    /// At the beginning of a text.
    pub const fn new(rules: &'r Rules) -> Self {
        Self {
            rules,
            state: State::Lines,
            table: None,
            alone: false,
            line: Vec::new(),
            dull: false,
            last: 0,
        }
    }

    /// The parts of the next piece; together they are all of it.
    pub fn regions(&mut self, piece: &[u8]) -> Vec<Region> {
        let mut regions = Vec::new();
        let mut at = 0;
        while at < piece.len() {
            let (table, alone) = (self.table.clone(), self.alone);
            let end = at + self.step(&piece[at..]);
            if self.table != table || self.alone != alone {
                push(&mut regions, Region { end, table, alone });
            }
            at = end;
        }
        let (table, alone) = (self.table.clone(), self.alone);
        push(
            &mut regions,
            Region {
                end: piece.len(),
                table,
                alone,
            },
        );
        regions
    }

    /// Looks at the beginning of `rest`; returns how many bytes of it are done.
    fn step(&mut self, rest: &[u8]) -> usize {
        if let State::Statement { .. } = self.state {
            return self.statement(rest);
        }
        let newline = memchr(b'\n', rest);
        let part = &rest[..newline.unwrap_or(rest.len())];
        if !self.dull {
            let interesting: &[u8] = if self.state == State::Copy {
                b"\\"
            } else {
                b"IiRrCc"
            };
            let first = self.line.first().or(part.first());
            self.dull = first.is_some_and(|byte| !interesting.contains(byte));
        }
        if !self.dull
            && let Some(done) = self.interesting(part, newline.is_some())
        {
            return done;
        }
        if let Some(&last) = part.iter().rev().find(|byte| **byte != b'\r') {
            self.last = last;
        }
        let Some(newline) = newline else { return rest.len() };
        if self.state == State::Lines && self.last == b';' {
            self.table = None;
        }
        self.line.clear();
        (self.dull, self.last) = (false, 0);
        newline + 1
    }

    /// Part of a line that may be the head of a statement or the end of `COPY`; how much of it is done
    /// when rows of a table begin within the line.
    fn interesting(&mut self, part: &[u8], ended: bool) -> Option<usize> {
        let copies = matches!(self.line.first().or(part.first()), Some(b'C' | b'c' | b'\\'));
        let open = if copies { None } else { memchr(b'(', part) };
        let taken = open.unwrap_or(part.len());
        self.line.extend_from_slice(&part[..taken]);
        if self.line.len() > LONGEST {
            self.dull = true;
        } else if !copies && (open.is_some() || ended) {
            self.dull = true;
            return self.begin_insert().then_some(taken);
        } else if ended && self.state == State::Copy {
            self.end_copy();
        } else if ended {
            self.begin_copy();
        }
        None
    }

    /// Whether `self.line` begins rows of a table.
    fn begin_insert(&mut self) -> bool {
        let Some(name) = insert_head(&self.line) else {
            return false;
        };
        self.enter(&name);
        if self.alone {
            // Only MySQL quotes names so, and only there a backslash escapes a quote.
            let backslash = memchr(b'`', &self.line).is_some();
            let (quote, escaped) = (None, false);
            self.state = State::Statement {
                backslash,
                quote,
                escaped,
            };
        }
        true
    }

    fn begin_copy(&mut self) {
        if let Some(name) = copy_head(&self.line) {
            self.enter(&name);
            self.state = State::Copy;
        }
    }

    fn end_copy(&mut self) {
        if self.line.trim_ascii_end() == b"\\." {
            self.state = State::Lines;
            (self.table, self.alone) = (None, false);
        }
    }

    fn enter(&mut self, name: &str) {
        self.alone = self.rules.leaves_alone(name);
        self.table = Some(name.into());
    }

    /// Follows quotes up to the statement's end.
    fn statement(&mut self, rest: &[u8]) -> usize {
        let State::Statement {
            backslash,
            mut quote,
            mut escaped,
        } = self.state
        else {
            return 0;
        };
        for (at, &byte) in rest.iter().enumerate() {
            match quote {
                _ if escaped => escaped = false,
                Some(_) if backslash && byte == b'\\' => escaped = true,
                Some(open) if byte == open => quote = None,
                None if matches!(byte, b'\'' | b'"' | b'`') => quote = Some(byte),
                None if byte == b';' => {
                    self.state = State::Lines;
                    (self.table, self.alone, self.dull) = (None, false, true);
                    return at + 1;
                }
                _ => {}
            }
        }
        self.state = State::Statement {
            backslash,
            quote,
            escaped,
        };
        rest.len()
    }
}

/// Adds a region unless it is empty.
fn push(regions: &mut Vec<Region>, region: Region) {
    if region.end > regions.last().map_or(0, |last| last.end) {
        regions.push(region);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DUMP: &str = r#"-- dump
COPY public.address (id, ip) FROM stdin;
1	a
INSERT INTO location VALUES
\.
x
COPY public.location (id, contact) FROM stdin;
1	b
\.
INSERT INTO `location` VALUES (1,'c;\'(;\\'),(2,'d');
INSERT INTO `address` VALUES (1,'e');
insert or ignore into "public"."location" (id) values
(1,'f;''');
REPLACE INTO address (id)
VALUES (1);
y
"#;

    fn rules() -> Rules {
        Rules {
            never_translate: vec!["location".to_owned()],
            ..Rules::default()
        }
    }

    /// Each byte of the dump with the table it is about.
    fn tables(pieces: &[&[u8]]) -> Vec<(u8, Option<String>, bool)> {
        let rules = rules();
        let mut tables = SqlTables::new(&rules);
        let mut all = Vec::new();
        for piece in pieces {
            let mut begin = 0;
            for region in tables.regions(piece) {
                let table = region.table.as_deref().map(str::to_owned);
                let bytes = piece[begin..region.end].iter();
                all.extend(bytes.map(|&byte| (byte, table.clone(), region.alone)));
                begin = region.end;
            }
            assert_eq!(begin, piece.len());
        }
        all
    }

    #[test]
    fn rows_belong_to_the_table_of_their_statement() {
        let all = tables(&[DUMP.as_bytes()]);
        for (row, table, alone) in [
            ("1\ta", Some("public.address"), false),
            ("x\nCOPY", None, false),
            ("1\tb", Some("public.location"), true),
            ("(1,'c;", Some("location"), true),
            ("(2,'d')", Some("location"), true),
            ("(1,'e')", Some("address"), false),
            ("(1,'f;''')", Some("public.location"), true),
            ("VALUES (1);", Some("address"), false),
            ("y\n", None, false),
        ] {
            let at = DUMP.find(row).unwrap();
            let (_, found, left) = &all[at];
            assert_eq!((found.as_deref(), *left), (table, alone), "{row}");
        }
    }

    #[test]
    fn what_only_looks_like_a_statement_is_none() {
        for text in [
            "INSERT location\n1\n",
            "COPY location TO stdout;\n1\n",
            " INSERT INTO location VALUES (1",
            "INSERT INTO\n",
            "insertinto location (1",
        ] {
            assert!(
                tables(&[text.as_bytes()]).iter().all(|(_, _, alone)| !alone),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_give_the_same(cuts in proptest::collection::vec(0..DUMP.len(), 0..30)) {
            let mut cuts = cuts;
            cuts.extend([0, DUMP.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &DUMP.as_bytes()[cut[0]..cut[1]]).collect();
            prop_assert_eq!(tables(&pieces), tables(&[DUMP.as_bytes()]));
        }

        #[test]
        fn no_bytes_are_too_strange(
            bytes in any::<Vec<u8>>(),
            text in "(INSERT INTO |COPY |FROM stdin;\n|[`'\";(\\\\]|a|\n){0,40}",
        ) {
            tables(&[&bytes, text.as_bytes()]);
        }
    }
}
