//! The one error type: a kind that decides the exit code, and the words an operator needs.
//!
//! The kind is set where the failure is understood, never derived from prose. Everything below the
//! engine returns [`Error`]; `anyhow` appears only at the edge, in `main`.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What an operator may conclude about the pair after this error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Refused before anything was changed. Exit code 2.
    Refused,
    /// Something failed and every change was taken back. Exit code 3.
    RolledBack,
    /// Stopped part-way; `resume` or `undo` finishes it. Exit code 4.
    Incomplete,
    /// The state of a node could not be established; a person has to look. Exit code 5.
    Unknown,
    /// The command line was wrong. Exit code 64.
    Usage,
    /// A defect in pairadm itself. Exit code 1.
    Bug,
}

impl Kind {
    /// The process exit code that stands for this kind.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Bug => 1,
            Self::Refused => 2,
            Self::RolledBack => 3,
            Self::Incomplete => 4,
            Self::Unknown => 5,
            Self::Usage => 64,
        }
    }
}

/// What failed, on which node, at which file or field, why, and what to do next.
///
/// Crosses the agent's channel, so it is plain data; text from a node is sanitized when it arrives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Error {
    /// Decides the exit code.
    pub kind: Kind,
    /// A stable word for scripts, such as `locked`, `host_key_changed`, `file_changed`.
    pub code: String,
    /// What failed, one line, no trailing full stop.
    pub message: String,
    /// The node it happened on, by host name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The file or form field concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The reason below it: an errno text, a program's last line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What the operator can do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// For a conflict: what is there against what was expected, as a unified diff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

/// The result of everything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of `kind` with its stable `code` and one line of text.
    pub fn new(kind: Kind, code: &str, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: code.to_owned(),
            message: message.into(),
            node: None,
            subject: None,
            cause: None,
            hint: None,
            diff: None,
        }
    }

    /// Refused, nothing changed (exit 2).
    pub fn refused(code: &str, message: impl Into<String>) -> Self {
        Self::new(Kind::Refused, code, message)
    }

    /// Stopped because somebody asked, before anything was changed (exit 2).
    pub fn cancelled() -> Self {
        Self::refused("cancelled", "stopped on request; nothing was changed")
    }

    /// Stopped part-way (exit 4).
    pub fn incomplete(code: &str, message: impl Into<String>) -> Self {
        Self::new(Kind::Incomplete, code, message)
    }

    /// State not established (exit 5).
    pub fn unknown(code: &str, message: impl Into<String>) -> Self {
        Self::new(Kind::Unknown, code, message)
    }

    /// A defect in pairadm (exit 1).
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(Kind::Bug, "bug", message)
    }

    /// Names the node.
    #[must_use]
    pub fn on(mut self, node: impl Into<String>) -> Self {
        self.node.get_or_insert(node.into());
        self
    }

    /// Names the file or field.
    #[must_use]
    pub fn at(mut self, subject: impl fmt::Display) -> Self {
        self.subject.get_or_insert(subject.to_string());
        self
    }

    /// Adds the reason below.
    #[must_use]
    pub fn because(mut self, cause: impl fmt::Display) -> Self {
        self.cause.get_or_insert(cause.to_string());
        self
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint.get_or_insert(hint.into());
        self
    }

    /// Shows a conflict.
    #[must_use]
    pub fn with_diff(mut self, diff: impl Into<String>) -> Self {
        self.diff.get_or_insert(diff.into());
        self
    }

    /// The same error with another consequence, as when a refusal happens after changes were made.
    #[must_use]
    pub fn with_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(node) = &self.node {
            write!(f, "{node}: ")?;
        }
        if let Some(subject) = &self.subject {
            write!(f, "{subject}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(cause) = &self.cause {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
