//! What a node tells the world when it begins or ceases to serve calls.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Whether the passive side keeps up with the active one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standby {
    /// Its data is kept in step: calls and registrations outlive a takeover.
    Hot,
    /// It starts from its last copy.
    #[default]
    Warm,
}

impl Standby {
    /// As the pair file says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::Warm => "warm",
        }
    }
}

impl FromStr for Standby {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "hot" => Ok(Self::Hot),
            "warm" => Ok(Self::Warm),
            other => Err(format!(
                "`{}` is not a standby; accepted: hot, warm",
                super::syntax::shown(other)
            )),
        }
    }
}

/// What a node became.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It serves calls.
    Active,
    /// It stands by.
    Passive,
}

impl Mode {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Active => Self::Passive,
            Self::Passive => Self::Active,
        }
    }

    /// The event's number: the ones that SIP servers' supervision systems already know for this.
    pub const fn code(self, standby: Standby) -> u16 {
        match (standby, self) {
            (Standby::Hot, Self::Active) => 4563,
            (Standby::Hot, Self::Passive) => 4561,
            (Standby::Warm, Self::Active) => 4562,
            (Standby::Warm, Self::Passive) => 4560,
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Active => "active",
            Self::Passive => "passive",
        })
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "active" => Ok(Self::Active),
            "passive" => Ok(Self::Passive),
            other => Err(format!(
                "`{}` is not a mode; accepted: active, passive",
                super::syntax::shown(other)
            )),
        }
    }
}
