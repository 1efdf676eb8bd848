//! One question of a form: key, prompt, help, default, and what is accepted.

use super::Answers;

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
    /// Key in `--set key=value` and answers files: `secondary.address.v4`.
    pub key: &'static str,
    /// The question, 30 characters at most so that it fits beside its answer.
    pub prompt: &'static str,
    /// Help for F1: what it is, what is accepted, where to find it. Two to six lines.
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

impl Field {
    /// A line of text that may stay empty; the methods below change that.
    pub fn text(key: &'static str, prompt: &'static str, help: &'static str) -> Self {
        Self {
            key,
            prompt,
            help,
            kind: FieldKind::Text,
            default: None,
            required: false,
            check: |_, _| Ok(()),
            asked_if: |_| true,
        }
    }

    /// Comma-separated values.
    pub fn list(key: &'static str, prompt: &'static str, help: &'static str) -> Self {
        Self {
            kind: FieldKind::List,
            ..Self::text(key, prompt, help)
        }
    }

    /// Yes or no, with what is taken when nothing is said.
    pub fn yes_no(key: &'static str, prompt: &'static str, help: &'static str, default: bool) -> Self {
        Self {
            kind: FieldKind::YesNo,
            default: Some(if default { "yes" } else { "no" }.to_owned()),
            required: true,
            ..Self::text(key, prompt, help)
        }
    }

    /// One of some values, each with its label.
    pub fn choice<V: Into<String>, L: Into<String>>(
        key: &'static str,
        prompt: &'static str,
        help: &'static str,
        choices: impl IntoIterator<Item = (V, L)>,
    ) -> Self {
        let choices = choices
            .into_iter()
            .map(|(value, label)| (value.into(), label.into()));
        Self {
            kind: FieldKind::Choice(choices.collect()),
            required: true,
            ..Self::text(key, prompt, help)
        }
    }

    /// A word that has to be typed.
    pub fn typed_confirmation(
        key: &'static str,
        prompt: &'static str,
        help: &'static str,
        word: impl Into<String>,
    ) -> Self {
        Self {
            kind: FieldKind::TypedConfirmation(word.into()),
            required: true,
            ..Self::text(key, prompt, help)
        }
    }

    /// An empty answer is refused.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Offered, and taken when nothing is said.
    #[must_use]
    pub fn default(mut self, value: impl Into<String>) -> Self {
        self.default = Some(value.into());
        self
    }

    /// Validates a non-empty answer.
    #[must_use]
    pub fn check(mut self, check: Check) -> Self {
        self.check = check;
        self
    }

    /// Asked only when this holds.
    #[must_use]
    pub fn asked_if(mut self, condition: fn(&Answers) -> bool) -> Self {
        self.asked_if = condition;
        self
    }
}
