//! Whether a side serves calls, and how a takeover is started.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Whether SIP traffic reaches the service of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Traffic {
    /// pairadm's rules let SIP traffic in.
    Allowed,
    /// pairadm's rules stop SIP traffic, established flows included.
    Blocked,
}

impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Allowed => "allowed",
            Self::Blocked => "blocked",
        })
    }
}

/// Who decides that traffic moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Takeover {
    /// An operator.
    #[default]
    Manual,
    /// keepalived.
    Automatic,
}
