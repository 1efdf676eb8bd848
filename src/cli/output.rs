//! The one gate for output on the command line: lines for people, or one JSON document for programs.
//! A reader that closed its end is no error: what was begun goes on, the rest is not shown.

use crate::error::{Error, Result};
use crate::render::{Line, Tone};
use serde_json::{Map, Value, json};
use std::cell::Cell;
use std::io::{IsTerminal, Write};

/// What a command hands over when it is done.
#[derive(Debug, Default)]
pub struct Done {
    /// The process exit code.
    pub exit_code: u8,
    /// For the JSON document.
    pub result: Value,
    /// What went wrong after something was begun.
    pub error: Option<Error>,
}

impl Done {
    /// Done as asked, with what the JSON document shall hold.
    pub fn with(result: impl serde::Serialize) -> Result<Self> {
        let result = serde_json::to_value(result).map_err(|error| Error::bug(error.to_string()))?;
        Ok(Self {
            result,
            ..Self::default()
        })
    }
}

/// The gate.
#[derive(Debug)]
pub struct Output {
    json: bool,
    colour: bool,
    closed: Cell<bool>,
}

impl Output {
    /// Colours appear on a terminal unless they are refused by flag or by `NO_COLOR`.
    pub fn new(json: bool, no_color: bool) -> Self {
        let refused = no_color || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
        Self {
            json,
            colour: !refused && !dumb && std::io::stdout().is_terminal(),
            closed: Cell::new(false),
        }
    }

    /// True when a program reads the output.
    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// True when colours are used.
    pub const fn colour(&self) -> bool {
        self.colour
    }

    /// True when nobody reads any more.
    pub fn closed(&self) -> bool {
        self.closed.get()
    }

    /// Lines for people; nothing when a program reads.
    pub fn say<'l>(&self, lines: impl IntoIterator<Item = &'l Line>) {
        if self.json {
            return;
        }
        let text: String = lines
            .into_iter()
            .map(|line| line.paint(self.colour) + "\n")
            .collect();
        self.write(text.as_bytes());
    }

    /// Text that was made for standard output as it is: a report, a completion script.
    pub fn raw(&self, text: &str) {
        if !self.json {
            self.write(text.as_bytes());
        }
    }

    /// Ends the command: prints the document or the error, and gives the exit code.
    pub fn finish(&self, command: &str, outcome: Result<Done>) -> u8 {
        let done = outcome.unwrap_or_else(|error| Done {
            exit_code: error.kind.exit_code(),
            result: Value::Null,
            error: Some(error),
        });
        if self.json {
            self.write(document(command, &done).as_bytes());
        } else if let Some(error) = &done.error {
            complain(error);
        }
        done.exit_code
    }

    fn write(&self, bytes: &[u8]) {
        if self.closed.get() {
            return;
        }
        let mut out = std::io::stdout().lock();
        if out.write_all(bytes).and_then(|()| out.flush()).is_err() {
            self.closed.set(true);
        }
    }
}

/// The one JSON document of a command.
fn document(command: &str, done: &Done) -> String {
    let mut document = Map::new();
    document.insert("command".to_owned(), json!(command));
    document.insert("exit_code".to_owned(), json!(done.exit_code));
    if !done.result.is_null() {
        document.insert("result".to_owned(), done.result.clone());
    }
    if let Some(error) = &done.error {
        document.insert("error".to_owned(), json!(error));
    }
    Value::Object(document).to_string() + "\n"
}

/// An error for people, on standard error.
fn complain(error: &Error) {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colour = std::io::stderr().is_terminal() && !refused;
    let text = error.to_string();
    let mut lines = text.lines();
    let mut painted = Line::toned(Tone::Bad, "pairadm: ")
        .then(Tone::Plain, lines.next().unwrap_or_default())
        .paint(colour);
    for more in lines {
        painted.push('\n');
        painted.push_str(&Line::plain(more).paint(colour));
    }
    for line in error.diff.iter().flat_map(|diff| diff.lines()) {
        painted.push('\n');
        painted.push_str(&Line::plain(line).paint(colour));
    }
    if let Some(hint) = &error.hint {
        painted.push('\n');
        painted.push_str(
            &Line::toned(Tone::Warning, "hint: ")
                .then(Tone::Plain, hint)
                .paint(colour),
        );
    }
    // Standard error may be closed; the exit code still tells.
    let _ = writeln!(std::io::stderr().lock(), "{painted}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_holds_the_exit_code_and_either_result_or_error() {
        let done = Done::with(json!({"a": 1})).unwrap();
        let parsed: Value = serde_json::from_str(&document("status", &done)).unwrap();
        assert_eq!(
            parsed,
            json!({"command": "status", "exit_code": 0, "result": {"a": 1}})
        );
        let failed = Done {
            exit_code: 2,
            error: Some(Error::refused("locked", "taken\nby \"root\"")),
            ..Done::default()
        };
        let parsed: Value = serde_json::from_str(&document("status", &failed)).unwrap();
        assert_eq!(parsed["error"]["code"], "locked");
        assert_eq!(parsed["exit_code"], 2);
    }
}
