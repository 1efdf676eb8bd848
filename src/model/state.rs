//! What a node remembers about the pair across reboots. Generations order the two views, clocks never do.

use super::{Side, Traffic};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Counts every committed change of who is active or who has which role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(pub u64);

impl Generation {
    /// The one after this.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The number of an operation: unique in the pair, rising.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OpId(pub u64);

impl fmt::Display for OpId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for OpId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(number) if number > 0 => Ok(Self(number)),
            _ => Err(format!(
                "`{text}` is not an operation number; accepted: a number as `history` lists it"
            )),
        }
    }
}

/// Work left over from an operation that went on without the peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Debt {
    /// The operation that left it.
    pub op: OpId,
    /// The node that still has to be told.
    pub node: String,
    /// What is left to do, in words for `status`.
    pub what: String,
}

/// `/var/lib/pairadm/state/state.json` on each node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeState {
    /// Name of the pair.
    pub pair: String,
    /// This node's role.
    pub side: Side,
    /// The node (by host name) that serves calls as far as this node knows.
    pub active: Option<String>,
    /// Orders this view against the peer's.
    pub generation: Generation,
    /// What pairadm's rules on this node are to do, also after a reboot.
    pub traffic: Traffic,
    /// The last operation that this node committed.
    pub last_op: OpId,
    /// Services whose restart was put off, with the operation that wants it.
    #[serde(default)]
    pub pending_restart: Vec<String>,
    /// Work left over from an operation without the peer.
    #[serde(default)]
    pub debts: Vec<Debt>,
    /// Unix times of the last restarts pairadm made, newest last, to warn of repeated ones.
    #[serde(default)]
    pub restarts: Vec<i64>,
}
