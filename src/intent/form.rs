//! A form: the questions of one operation, with help, defaults and validation, for all three doors.

use crate::error::{Error, Result};
use std::collections::BTreeMap;

/// Raw answers by field key, as typed.
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

    /// True when the answer is `yes`.
    pub fn is_yes(&self, key: &str) -> bool {
        self.get(key) == Some("yes")
    }

    /// Sets one answer.
    pub fn set(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.0.insert(key.into(), value.into());
    }

    /// All, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

/// How an answer is entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldKind {
    /// One line.
    Text,
    /// Comma-separated values on one line.
    List,
    /// `yes` or `no`.
    YesNo,
    /// One of: value and label.
    Choice(Vec<(String, String)>),
    /// A word that has to be typed exactly to go on.
    TypedConfirmation(String),
}

/// Checks one answer against the others; the message says what is accepted.
pub type Check = fn(&str, &Answers) -> std::result::Result<(), String>;

/// One question.
#[derive(Debug, Clone)]
pub struct Field {
    /// Key in `--set key=value` and answers files: `secondary.address`.
    pub key: &'static str,
    /// The question, 30 characters at most so that it fits beside its answer.
    pub prompt: &'static str,
    /// Help for F1: what it is, what is accepted, where to find it. Several lines allowed.
    pub help: &'static str,
    /// How it is entered.
    pub kind: FieldKind,
    /// Offered; taken without asking when there is no terminal.
    pub default: Option<String>,
    /// An empty answer is refused.
    pub required: bool,
    /// Validation of a non-empty answer.
    pub check: Check,
    /// Asked only when this holds.
    pub asked_if: fn(&Answers) -> bool,
}

/// The questions of one operation in order.
#[derive(Debug, Clone)]
pub struct Form {
    /// Shown above it.
    pub title: String,
    /// Questions in order.
    pub fields: Vec<Field>,
}

impl Form {
    /// The field with this key.
    pub fn field(&self, key: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// Validates one field by itself and against the other answers.
    pub fn check(&self, field: &Field, answers: &Answers) -> std::result::Result<(), String> {
        let Some(value) = answers.get(field.key) else {
            return if field.required {
                Err(format!("an answer is needed: {}", field.prompt))
            } else {
                Ok(())
            };
        };
        match &field.kind {
            FieldKind::YesNo if !matches!(value, "yes" | "no") => {
                return Err(format!("`{value}` is not an answer; accepted: yes, no"));
            }
            FieldKind::Choice(choices) if !choices.iter().any(|(choice, _)| choice == value) => {
                let accepted: Vec<&str> = choices.iter().map(|(choice, _)| choice.as_str()).collect();
                return Err(format!(
                    "`{value}` is not a choice; accepted: {}",
                    accepted.join(", ")
                ));
            }
            FieldKind::TypedConfirmation(word) if value != word => {
                return Err(format!("type `{word}` to go on"));
            }
            _ => {}
        }
        (field.check)(value, answers)
    }

    /// Fills in defaults, drops answers to questions that are not asked, refuses unknown keys, and
    /// validates everything: the first fault is named by field, value and what is accepted.
    pub fn complete(&self, given: &Answers) -> Result<Answers> {
        for (key, _) in given.iter() {
            if self.field(key).is_none() {
                let known: Vec<&str> = self.fields.iter().map(|field| field.key).collect();
                return Err(Error::refused("unknown_field", "there is no such field")
                    .at(key)
                    .hint(format!("fields of this operation: {}", known.join(", "))));
            }
        }
        let mut answers = Answers::default();
        for field in &self.fields {
            if !(field.asked_if)(&answers) {
                continue;
            }
            if let Some(value) = given.get(field.key).or(field.default.as_deref()) {
                answers.set(field.key, value);
            }
        }
        for field in self.fields.iter().filter(|field| (field.asked_if)(&answers)) {
            self.check(field, &answers).map_err(|why| {
                let code = if answers.get(field.key).is_none() {
                    "missing_answer"
                } else {
                    "bad_answer"
                };
                Error::refused(code, why).at(field.key).hint(format!(
                    "give it with --set {}=VALUE or in the answers file",
                    field.key
                ))
            })?;
        }
        Ok(answers)
    }
}
