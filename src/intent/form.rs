//! A form: the questions of one operation, with help, defaults and validation, for all three doors.

use super::{Answers, Field, FieldKind};
use crate::error::{Error, Result};
use crate::model::syntax::shown;

/// The questions of one operation in order. A form without questions goes straight to its review.
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

    /// The same form, with what `present` says as defaults.
    #[must_use]
    pub fn with_defaults(mut self, present: &Answers) -> Self {
        for field in &mut self.fields {
            if present.has(field.key) {
                field.default = present.get(field.key).map(str::to_owned);
            }
        }
        self
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
        if let Some(bad) = value.chars().find(|c| c.is_control()) {
            return Err(format!(
                "`{}` contains the control character {}; accepted: printable text",
                shown(value),
                bad.escape_debug()
            ));
        }
        match &field.kind {
            FieldKind::YesNo if !matches!(value, "yes" | "no") => {
                return Err(format!("`{}` is not an answer; accepted: yes, no", shown(value)));
            }
            FieldKind::Choice(choices) if !choices.iter().any(|(choice, _)| choice == value) => {
                let accepted: Vec<&str> = choices.iter().map(|(choice, _)| choice.as_str()).collect();
                return Err(format!(
                    "`{}` is not a choice; accepted: {}",
                    shown(value),
                    accepted.join(", ")
                ));
            }
            FieldKind::TypedConfirmation(word) if value != word => {
                return Err(format!(
                    "`{}` does not confirm it; accepted: {word}",
                    shown(value)
                ));
            }
            _ => {}
        }
        (field.check)(value, answers)
    }

    /// The fields that `answers` leaves to be asked, given all answers so far.
    pub fn asked<'f>(&'f self, answers: &'f Answers) -> impl Iterator<Item = &'f Field> {
        self.fields.iter().filter(|field| (field.asked_if)(answers))
    }

    /// Fills in defaults, drops answers to questions that are not asked, refuses unknown keys, and
    /// validates everything: the first fault is named by field, value and what is accepted, missing
    /// answers all at once.
    pub fn complete(&self, given: &Answers) -> Result<Answers> {
        self.refuse_unknown(given)?;
        let mut answers = Answers::default();
        for field in &self.fields {
            if !(field.asked_if)(&answers) {
                continue;
            }
            let value = if given.has(field.key) {
                given.get(field.key)
            } else {
                field.default.as_deref()
            };
            if let Some(value) = value {
                answers.set(field.key, value);
            }
        }
        self.refuse_missing(&answers)?;
        for field in self.asked(&answers) {
            self.check(field, &answers).map_err(|why| {
                Error::refused("bad_answer", why).at(field.key).hint(format!(
                    "give it with --set {}=VALUE or in the answers file",
                    field.key
                ))
            })?;
        }
        Ok(answers)
    }

    fn refuse_unknown(&self, given: &Answers) -> Result<()> {
        let Some((key, _)) = given.iter().find(|(key, _)| self.field(key).is_none()) else {
            return Ok(());
        };
        let known: Vec<&str> = self.fields.iter().map(|field| field.key).collect();
        let hint = if known.is_empty() {
            "this operation asks nothing".to_owned()
        } else {
            format!("fields of this operation: {}", known.join(", "))
        };
        Err(Error::refused("unknown_field", "there is no such field")
            .at(shown(key))
            .hint(hint))
    }

    fn refuse_missing(&self, answers: &Answers) -> Result<()> {
        let missing: Vec<&Field> = self
            .asked(answers)
            .filter(|field| field.required && answers.get(field.key).is_none())
            .collect();
        let Some(first) = missing.first() else {
            return Ok(());
        };
        let keys: Vec<String> = missing
            .iter()
            .map(|field| format!("--set {}=VALUE", field.key))
            .collect();
        Err(
            Error::refused("missing_answer", format!("an answer is needed: {}", first.prompt))
                .at(first.key)
                .hint(format!("give {} or an answers file", keys.join(" "))),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Form {
        Form {
            title: "x".to_owned(),
            fields: vec![
                Field::choice("color", "Colour", "a\nb", [("red", "Red"), ("blue", "Blue")]).default("red"),
                Field::text("shade", "Shade", "a\nb")
                    .required()
                    .asked_if(|answers| answers.get("color") == Some("blue")),
                Field::text("note", "Note", "a\nb").default("old"),
            ],
        }
    }

    fn answers(pairs: &[&str]) -> Answers {
        let mut answers = Answers::default();
        for pair in pairs {
            answers.set_pair(pair).unwrap();
        }
        answers
    }

    #[test]
    fn defaults_fill_what_is_not_said_and_an_empty_answer_clears_them() {
        let all = form().complete(&answers(&[])).unwrap();
        assert_eq!((all.get("color"), all.get("note")), (Some("red"), Some("old")));
        let all = form().complete(&answers(&["note="])).unwrap();
        assert_eq!(all.get("note"), None);
    }

    #[test]
    fn only_asked_questions_count() {
        let all = form().complete(&answers(&["shade=dark"])).unwrap();
        assert!(!all.has("shade"));
        let error = form().complete(&answers(&["color=blue"])).unwrap_err();
        assert_eq!(error.code, "missing_answer");
        assert_eq!(error.subject.as_deref(), Some("shade"));
        assert!(error.hint.unwrap().contains("--set shade=VALUE"));
    }

    #[test]
    fn unknown_fields_and_bad_values_are_refused_by_name() {
        let error = form().complete(&answers(&["colour=red"])).unwrap_err();
        assert!(error.hint.unwrap().contains("color, shade, note"));
        let error = form().complete(&answers(&["color=green"])).unwrap_err();
        assert!(error.message.contains("`green`") && error.message.contains("red, blue"));
        assert!(form().complete(&answers(&["note=a\u{1b}b"])).is_err());
    }
}
