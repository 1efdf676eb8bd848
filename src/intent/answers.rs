//! Raw answers, as typed: by field key, from a form, from `--set`, or from an answers file.

use crate::error::{Error, Result};
use crate::model::syntax::shown;
use std::collections::BTreeMap;
use toml::Value;

/// Raw answers by field key. An empty answer is an answer: it clears a default.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answers(BTreeMap<String, String>);

impl Answers {
    /// The answer, without surrounding blanks; `None` when absent or empty.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0
            .get(key)
            .map(|text| text.trim())
            .filter(|text| !text.is_empty())
    }

    /// True when there is an answer, be it an empty one.
    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// True when the answer is `yes`.
    pub fn is_yes(&self, key: &str) -> bool {
        self.get(key) == Some("yes")
    }

    /// The values of a comma-separated answer.
    pub fn list(&self, key: &str) -> impl Iterator<Item = &str> {
        list(self.get(key).unwrap_or_default())
    }

    /// Sets one answer.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.0.insert(key.into(), value.into());
    }

    /// All, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Takes over every answer of `others`; theirs win.
    pub fn merge(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Takes one `key=value`.
    pub fn set_pair(&mut self, text: &str) -> Result<()> {
        match text.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => {
                self.set(key.trim(), value);
                Ok(())
            }
            _ => Err(Error::refused(
                "bad_answer",
                format!("`{}` is not an answer; accepted: KEY=VALUE", shown(text)),
            )
            .at("--set")),
        }
    }

    /// Reads an answers file: tables become dotted keys, lists comma-separated answers, `true` and
    /// `false` become yes and no. `file` is its name in messages.
    pub fn parse(text: &str, file: &str) -> Result<Self> {
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
            let start = error.span().map_or(0, |span| span.start);
            let line = 1 + text.bytes().take(start).filter(|&byte| byte == b'\n').count();
            Error::refused("bad_answers_file", format!("line {line}: not TOML"))
                .at(file)
                .because(shown(error.message()))
        })?;
        let mut answers = Self::default();
        answers.flatten("", &table).map_err(|error| error.at(file))?;
        Ok(answers)
    }

    fn flatten(&mut self, above: &str, table: &toml::Table) -> Result<()> {
        for (key, value) in table {
            let key = if above.is_empty() {
                key.clone()
            } else {
                format!("{above}.{key}")
            };
            match value {
                Value::Table(inner) => self.flatten(&key, inner)?,
                Value::Array(values) => {
                    let texts: Option<Vec<String>> = values.iter().map(single).collect();
                    let texts = texts.ok_or_else(|| not_an_answer(&key))?;
                    self.set(key, texts.join(", "));
                }
                value => {
                    let text = single(value).ok_or_else(|| not_an_answer(&key))?;
                    self.set(key, text);
                }
            }
        }
        Ok(())
    }
}

/// The values of comma-separated text.
pub fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|value| !value.is_empty())
}

fn single(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(true) => Some("yes".to_owned()),
        Value::Boolean(false) => Some("no".to_owned()),
        _ => None,
    }
}

fn not_an_answer(key: &str) -> Error {
    let message = format!(
        "`{}` is not an answer; accepted: a text, a whole number, true or false, or a list of them",
        shown(key)
    );
    Error::refused("bad_answers_file", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_flatten_to_dotted_keys() {
        let text = "ntp = [\"a\", \"b\"]\nencrypted_link = true\n[primary]\nserver_id = 3\naddress.v4 = \"10.0.0.1\"\n";
        let answers = Answers::parse(text, "x").unwrap();
        let all: Vec<_> = answers.iter().collect();
        assert_eq!(
            all,
            [
                ("encrypted_link", "yes"),
                ("ntp", "a, b"),
                ("primary.address.v4", "10.0.0.1"),
                ("primary.server_id", "3")
            ]
        );
    }

    #[test]
    fn what_is_no_answer_is_refused_by_file_and_key() {
        let error = Answers::parse("[[vips]]\nv4 = \"10.0.0.1\"", "a.toml").unwrap_err();
        assert!(error.to_string().contains("a.toml: `vips`"), "{error}");
        let error = Answers::parse("a = \n", "a.toml").unwrap_err();
        assert!(error.to_string().contains("line 1: not TOML"), "{error}");
        assert!(Answers::default().set_pair("novalue").is_err());
        assert!(Answers::default().set_pair("=x").is_err());
    }

    #[test]
    fn a_value_may_contain_an_equals_sign_and_may_be_empty() {
        let mut answers = Answers::default();
        answers.set_pair("a=b=c").unwrap();
        answers.set_pair("d=").unwrap();
        assert_eq!(answers.get("a"), Some("b=c"));
        assert_eq!(answers.get("d"), None);
        assert!(answers.has("d"));
    }
}
