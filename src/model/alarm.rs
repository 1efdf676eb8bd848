//! Alarm conditions: what raises one, how bad it is, and one that is raised.

use super::{Mode, Standby};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How bad an alarm is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// Worth knowing.
    Minor,
    /// Needs attention.
    Major,
    /// Calls are at risk.
    Critical,
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Critical => "critical",
        })
    }
}

impl FromStr for Category {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "minor" => Ok(Self::Minor),
            "major" => Ok(Self::Major),
            "critical" => Ok(Self::Critical),
            other => Err(format!(
                "`{}` is not a category; accepted: critical, major, minor",
                super::syntax::shown(other)
            )),
        }
    }
}

/// A mode event as alarm files name it: `active` and `passive` of any standby, or one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The node became this, hot or warm.
    Mode(Mode),
    /// Exactly this event.
    Code(u16),
}

impl Event {
    /// The numbers it stands for.
    pub fn codes(self) -> Vec<u16> {
        match self {
            Self::Mode(mode) => [Standby::Hot, Standby::Warm].map(|of| mode.code(of)).to_vec(),
            Self::Code(code) => vec![code],
        }
    }
}

impl FromStr for Event {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let modes = [Mode::Active, Mode::Passive];
        let known = |code: &u16| modes.iter().any(|mode| Self::Mode(*mode).codes().contains(code));
        if let Ok(mode) = text.parse() {
            return Ok(Self::Mode(mode));
        }
        text.parse().ok().filter(known).map(Self::Code).ok_or_else(|| {
            format!(
                "`{}` is not an event; accepted: active, passive, 4560, 4561, 4562, 4563",
                super::syntax::shown(text)
            )
        })
    }
}

/// An alarm that is raised on a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Raised {
    /// Name of its file without `.toml`.
    pub name: String,
    /// How bad it is.
    pub category: Category,
    /// Since when, Unix seconds of the node's clock.
    pub since: i64,
    /// Until when, Unix seconds; `None`: until an event or a person clears it.
    pub until: Option<i64>,
    /// The event's number, or `test`.
    pub cause: String,
}

impl Raised {
    /// Its time is up at `now`, Unix seconds of the node's clock.
    pub fn is_over(&self, now: i64) -> bool {
        self.until.is_some_and(|until| until <= now)
    }

    /// Raised by hand.
    pub fn is_test(&self) -> bool {
        self.cause == TEST
    }
}

/// The cause of an alarm that a person raised.
pub const TEST: &str = "test";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_modes_or_the_four_numbers() {
        assert_eq!("active".parse::<Event>().unwrap().codes(), [4563, 4562]);
        assert_eq!("4560".parse::<Event>().unwrap().codes(), [4560]);
        for bad in ["4559", "up", "", "456\u{1b}0"] {
            assert!(bad.parse::<Event>().unwrap_err().contains("accepted: active"));
        }
    }
}
