//! The one place where a node's reply becomes data: parsed, matched to its call, and cleaned of anything
//! a terminal could mistake for a command.

use super::sanitize::sanitize;
use crate::agent::protocol::{Hello, Outcome, Reply};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::borrow::Cow;

/// Keys whose values are used byte by byte and so stay as they are; whoever shows them cleans them:
/// file contents, and programs with their arguments.
const EXACT: [&str; 3] = ["content", "argv", "undo"];

/// A reply from its line.
pub(super) fn reply(line: &[u8]) -> serde_json::Result<Reply> {
    let mut reply: Reply = serde_json::from_slice(line)?;
    if contains_unsafe(line) {
        reply.outcome = cleaned::<Outcome>(line, "outcome")?;
    }
    Ok(reply)
}

/// The agent's introduction from its line.
pub(super) fn hello(line: &[u8]) -> serde_json::Result<Hello> {
    let mut value = serde_json::from_slice(line)?;
    clean(&mut value);
    serde_json::from_value(value)
}

fn cleaned<T: DeserializeOwned>(line: &[u8], key: &str) -> serde_json::Result<T> {
    let mut value: Value = serde_json::from_slice(line)?;
    let mut part = value.get_mut(key).map(Value::take).unwrap_or_default();
    clean(&mut part);
    serde_json::from_value(part)
}

/// Unsafe characters are either escaped in JSON or not ASCII; most replies have neither.
fn contains_unsafe(line: &[u8]) -> bool {
    line.iter().any(|byte| *byte == b'\\' || !byte.is_ascii())
}

fn clean(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(clean) = sanitize(text) {
                *text = clean;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(fields) => {
            let shown = fields
                .iter_mut()
                .filter(|(key, _)| !EXACT.contains(&key.as_str()));
            shown.for_each(|(_, field)| clean(field));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::protocol::{FileImage, Response, StepReport};
    use crate::error::Error;
    use crate::plan::Content;

    const HOSTILE: &str = "ok\u{1b}]0;owned\u{7}\u{202e}\u{9b}2J";

    fn through(outcome: Outcome) -> Outcome {
        let sent = Reply {
            id: 7,
            took_us: 1,
            outcome,
        };
        reply(&serde_json::to_vec(&sent).unwrap()).unwrap().outcome
    }

    #[test]
    fn what_is_shown_is_cleaned() {
        let Outcome::Err(error) = through(Outcome::Err(
            Error::refused("x", HOSTILE).because(HOSTILE).on(HOSTILE),
        )) else {
            panic!("an error stays an error");
        };
        assert_eq!(
            (
                error.message.as_str(),
                error.cause.as_deref(),
                error.node.as_deref()
            ),
            ("ok", Some("ok"), Some("ok"))
        );
        let report = StepReport {
            changed: true,
            detail: HOSTILE.to_owned(),
            backup: None,
        };
        let Outcome::Ok(Response::Step(report)) = through(Outcome::Ok(Response::Step(report))) else {
            panic!("a report stays a report");
        };
        assert_eq!(report.detail, "ok");
    }

    #[test]
    fn file_contents_stay_exact() {
        let image = FileImage {
            path: "/etc/motd".to_owned(),
            content: Some(Content::Text(HOSTILE.to_owned())),
            sha256: None,
            mode: 0o644,
            owner: (0, 0),
            obstacle: Some(HOSTILE.to_owned()),
        };
        let Outcome::Ok(Response::File(image)) = through(Outcome::Ok(Response::File(image))) else {
            panic!("a file stays a file");
        };
        assert_eq!(image.content, Some(Content::Text(HOSTILE.to_owned())));
        assert_eq!(image.obstacle.as_deref(), Some("ok"));
    }
}
