//! Completed answers as typed values; an error names the field.

use super::Answers;
use crate::error::{Error, Result};

/// The typed value of one field; `None` when it was left empty.
pub fn value<T>(
    answers: &Answers,
    key: &str,
    parse: impl Fn(&str) -> std::result::Result<T, String>,
) -> Result<Option<T>> {
    answers
        .get(key)
        .map(parse)
        .transpose()
        .map_err(|why| bad(key, why))
}

/// The typed value of a field that must have one.
pub fn needed<T>(
    answers: &Answers,
    key: &str,
    parse: impl Fn(&str) -> std::result::Result<T, String>,
) -> Result<T> {
    value(answers, key, parse)?.ok_or_else(|| Error::refused("missing_answer", "an answer is needed").at(key))
}

/// The typed values of a comma-separated field.
pub fn values<T>(
    answers: &Answers,
    key: &str,
    parse: impl Fn(&str) -> std::result::Result<T, String>,
) -> Result<Vec<T>> {
    let parsed: std::result::Result<Vec<T>, String> = answers.list(key).map(parse).collect();
    parsed.map_err(|why| bad(key, why))
}

fn bad(key: &str, why: String) -> Error {
    Error::refused("bad_answer", why).at(key)
}
