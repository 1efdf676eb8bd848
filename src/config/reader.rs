//! Strict reading of one TOML file: every key is asked for by name, whatever is left over is refused,
//! and every fault carries line, key, value and what is accepted. All faults of a file are collected,
//! so that one look mends them all.

use crate::error::{Error, Result};
use crate::model::syntax::shown;
use std::cell::RefCell;
use toml_edit::{Array, Document, Item, TableLike};

/// One thing wrong in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Fault {
    line: usize,
    text: String,
}

/// A parsed file and what was found wrong in it.
pub struct Source<'a> {
    name: &'a str,
    code: &'static str,
    document: Document<&'a str>,
    faults: RefCell<Vec<Fault>>,
}

impl<'a> Source<'a> {
    /// Parses the syntax. `name` is the file's path for messages, `code` the error's stable word.
    pub fn parse(text: &'a str, name: &'a str, code: &'static str) -> Result<Self> {
        match Document::parse(text) {
            Ok(document) => Ok(Self {
                name,
                code,
                document,
                faults: RefCell::default(),
            }),
            Err(error) => {
                let line = line_at(text, error.span().map_or(0, |span| span.start));
                Err(Error::refused(code, format!("line {line}: not TOML"))
                    .at(name)
                    .because(shown(error.message())))
            }
        }
    }

    /// The whole file as a section.
    pub fn root(&self) -> Section<'_> {
        Section {
            faults: &self.faults,
            text: self.document.raw(),
            table: self.document.as_table(),
            path: String::new(),
            offset: 0,
            known: Vec::new(),
        }
    }

    /// Adds a fault found by a rule about several values; `key` is its dotted path, with tables of an
    /// array counted from 1.
    pub fn fault(&self, key: &str, text: &str) {
        let line = line_at(self.document.raw(), self.offset(key));
        self.faults.borrow_mut().push(Fault {
            line,
            text: format!("{key}: {text}"),
        });
    }

    /// Refuses when anything was found, naming all of it.
    pub fn finish<T>(self, value: Option<T>) -> Result<T> {
        let mut faults = self.faults.into_inner();
        faults.sort_by_key(|fault| fault.line);
        let lines: Vec<String> = faults
            .iter()
            .map(|fault| format!("line {}: {}", fault.line, fault.text))
            .collect();
        match (value, lines.as_slice()) {
            (Some(value), []) => Ok(value),
            (None, []) => Err(Error::bug("a file without faults gave no value").at(self.name)),
            (_, [only]) => Err(Error::refused(self.code, only.clone()).at(self.name)),
            (_, many) => {
                let headline = format!("{} faults", many.len());
                Err(Error::refused(self.code, headline)
                    .at(self.name)
                    .because(many.join("\n  ")))
            }
        }
    }

    /// Byte offset of the deepest part of `key` that exists.
    fn offset(&self, key: &str) -> usize {
        let mut item = self.document.as_item();
        let mut offset = 0;
        for part in key.split('.') {
            let next = match (part.parse::<usize>(), item) {
                (Ok(number), Item::ArrayOfTables(_)) => item.get(number.wrapping_sub(1)),
                _ => item.get(part),
            };
            let Some(next) = next else { break };
            item = next;
            offset = item.span().map_or(offset, |span| span.start);
        }
        offset
    }
}

/// One table of a file, from which keys are taken by name.
pub struct Section<'s> {
    faults: &'s RefCell<Vec<Fault>>,
    text: &'s str,
    table: &'s dyn TableLike,
    path: String,
    /// Where the table begins; counted into a line only for a fault, because files can be long.
    offset: usize,
    known: Vec<&'static str>,
}

impl<'s> Section<'s> {
    /// A text value, parsed; `None` when absent or faulty.
    pub fn text<T>(&mut self, key: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let item = self.take(key)?;
        let Some(text) = item.as_str() else {
            self.wrong_type(key, item, "a text in quotes");
            return None;
        };
        parse(text).map_err(|why| self.fault(key, item, &why)).ok()
    }

    /// A text value that must be there.
    pub fn need_text<T>(
        &mut self,
        key: &'static str,
        accepted: &str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.need(key, accepted);
        self.text(key, parse)
    }

    /// A whole number, checked; `None` when absent or faulty.
    pub fn number<T>(&mut self, key: &'static str, check: impl Fn(i64) -> Result<T, String>) -> Option<T> {
        let item = self.take(key)?;
        let Some(number) = item.as_integer() else {
            self.wrong_type(key, item, "a whole number without quotes");
            return None;
        };
        check(number).map_err(|why| self.fault(key, item, &why)).ok()
    }

    /// `true` or `false`.
    pub fn flag(&mut self, key: &'static str) -> Option<bool> {
        let item = self.take(key)?;
        let flag = item.as_bool();
        if flag.is_none() {
            self.wrong_type(key, item, "true or false without quotes");
        }
        flag
    }

    /// A list of texts, each parsed; empty when absent.
    pub fn list<T>(&mut self, key: &'static str, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let Some(item) = self.take(key) else {
            return Vec::new();
        };
        let Some(array) = item.as_array() else {
            self.wrong_type(key, item, "a list of texts, such as [\"a\", \"b\"]");
            return Vec::new();
        };
        let mut found = Vec::new();
        for value in array {
            match value.as_str().map(&parse) {
                Some(Ok(parsed)) => found.push(parsed),
                Some(Err(why)) => self.fault(key, item, &why),
                None => self.wrong_type(key, item, "a list of texts, such as [\"a\", \"b\"]"),
            }
        }
        found
    }

    /// A table below this one, written as `[key]` or `key = { … }`.
    pub fn section(&mut self, key: &'static str) -> Option<Section<'s>> {
        let item = self.take(key)?;
        if let Some(table) = item.as_table_like() {
            return Some(self.below(key, item, table));
        }
        self.wrong_type(key, item, "a table");
        None
    }

    /// Tables written as `[[key]]`; empty when absent.
    pub fn sections(&mut self, key: &'static str) -> Vec<Section<'s>> {
        let Some(item) = self.take(key) else {
            return Vec::new();
        };
        let Some(tables) = item.as_array_of_tables() else {
            self.wrong_type(key, item, &format!("tables that begin with [[{key}]]"));
            return Vec::new();
        };
        (1..)
            .zip(tables)
            .map(|(number, table)| self.below(&format!("{key}.{number}"), item, table))
            .collect()
    }

    /// Records that `key` has to be there.
    pub fn need(&self, key: &str, accepted: &str) {
        if !self.table.contains_key(key) {
            self.push(
                self.offset,
                format!("`{}` is missing; accepted: {accepted}", self.full(key)),
            );
        }
    }

    /// Refuses `key` when it is there.
    pub fn refuse(&self, key: &str, why: &str) {
        if let Some(item) = self.table.get(key) {
            self.fault(key, item, why);
        }
    }

    /// Refuses `key` when it is there as an empty list.
    pub fn refuse_empty(&self, key: &str, why: &str) {
        let item = self.table.get(key);
        if let Some(item) = item.filter(|item| item.as_array().is_some_and(Array::is_empty)) {
            self.fault(key, item, why);
        }
    }

    /// Refuses every key that was not asked for.
    pub fn close(self) {
        for (key, item) in self.table.iter() {
            if !self.known.contains(&key) {
                let offset = self.offset_of(key, item);
                let accepted = self.known.join(", ");
                self.push(
                    offset,
                    format!(
                        "unknown key `{}`; accepted here: {accepted}",
                        self.full(&shown(key))
                    ),
                );
            }
        }
    }

    fn take(&mut self, key: &'static str) -> Option<&'s Item> {
        self.known.push(key);
        self.table.get(key).filter(|item| !item.is_none())
    }

    fn below(&self, key: &str, item: &Item, table: &'s dyn TableLike) -> Section<'s> {
        let offset = table
            .iter()
            .find_map(|(_, first)| first.span())
            .or_else(|| item.span())
            .map_or(self.offset, |span| span.start);
        Section {
            faults: self.faults,
            text: self.text,
            table,
            path: self.full(key),
            offset,
            known: Vec::new(),
        }
    }

    fn wrong_type(&self, key: &str, item: &Item, accepted: &str) {
        let value = shown(item.to_string().trim());
        self.fault(
            key,
            item,
            &format!("`{value}` has the wrong type; accepted: {accepted}"),
        );
    }

    fn fault(&self, key: &str, item: &Item, why: &str) {
        self.push(self.offset_of(key, item), format!("{}: {why}", self.full(key)));
    }

    fn push(&self, offset: usize, text: String) {
        let line = line_at(self.text, offset);
        self.faults.borrow_mut().push(Fault { line, text });
    }

    fn offset_of(&self, key: &str, item: &Item) -> usize {
        let span = self
            .table
            .get_key_value(key)
            .and_then(|(key, _)| key.span())
            .or_else(|| item.span());
        span.map_or(self.offset, |span| span.start)
    }

    fn full(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }
}

/// Line number, from 1, of a byte offset.
fn line_at(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|&byte| byte == b'\n').count()
}
