//! Tables in a plain SQL dump of PostgreSQL: the blocks that `COPY … FROM stdin` begins and `\.` ends, see
//! <https://www.postgresql.org/docs/current/sql-copy.html>.

use super::live_postgresql::name;
use super::{Read, Reader, if_small};
use crate::agent::data::copy::failed;
use crate::data::Row;
use crate::error::Result;
use std::fs::File;
use std::io::{BufRead as _, BufReader, ErrorKind};
use std::path::Path;

pub fn read(reader: &Reader<'_>, file: &Path) -> Result<Vec<Read>> {
    let lines = match File::open(file) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(file, error)),
    };
    let mut tables = Vec::new();
    let mut open: Option<Block> = None;
    for line in lines.split(b'\n') {
        let line = line.map_err(|error| failed(file, error))?;
        let line = String::from_utf8_lossy(&line);
        match &mut open {
            None => open = Block::begin(&line),
            Some(block) if line == "\\." => {
                let rows = std::mem::take(&mut block.rows);
                let wanted = reader.wants(&block.table, block.count);
                tables.push(Read {
                    table: block.table.clone(),
                    count: block.count,
                    rows: if wanted { if_small(rows) } else { None },
                });
                reader.in_time()?;
                open = None;
            }
            Some(block) => block.row(reader, &line),
        }
    }
    Ok(tables)
}

struct Block {
    table: String,
    columns: Vec<String>,
    count: u64,
    rows: Vec<Row>,
}

impl Block {
    /// `COPY public.dispatcher (id, setid) FROM stdin;`
    fn begin(line: &str) -> Option<Self> {
        let rest = line.strip_prefix("COPY ")?.strip_suffix(") FROM stdin;")?;
        let (table, columns) = rest.split_once(" (")?;
        let (schema, table) = table.split_once('.')?;
        Some(Self {
            table: name(schema, table),
            columns: columns
                .split(", ")
                .map(|column| column.trim_matches('"').to_owned())
                .collect(),
            count: 0,
            rows: Vec::new(),
        })
    }

    fn row(&mut self, reader: &Reader<'_>, line: &str) {
        self.count += 1;
        if !reader.wants(&self.table, self.count) {
            self.rows.clear();
            return;
        }
        let values = self.columns.iter().zip(line.split('\t'));
        let told = values.filter_map(|(name, value)| Some((name.clone(), unescaped(value)?)));
        self.rows.push(Row(told.collect()));
    }
}

/// A value of COPY's text format; `None` for NULL.
fn unescaped(value: &str) -> Option<String> {
    if value == "\\N" {
        return None;
    }
    let mut text = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some('t') => text.push('\t'),
                Some('b') => text.push('\u{8}'),
                Some('f') => text.push('\u{c}'),
                Some('v') => text.push('\u{b}'),
                Some(other) => text.push(other),
                None => {}
            },
            other => text.push(other),
        }
    }
    Some(text)
}
