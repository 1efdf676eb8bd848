//! By what the two sides' health is compared: whether the passive side would be the better one.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// What decides which side is the healthier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// The best health wins: service first, then control address, then interfaces.
    #[default]
    High,
    /// Only connectivity counts: control addresses that answer and interfaces with a link.
    Equal,
    /// Health is not considered.
    Ignore,
}

impl Priority {
    /// As the pair file says it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Equal => "equal",
            Self::Ignore => "ignore",
        }
    }
}

impl FromStr for Priority {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "high" => Ok(Self::High),
            "equal" => Ok(Self::Equal),
            "ignore" => Ok(Self::Ignore),
            other => Err(format!(
                "`{}` is not a priority; accepted: high, equal, ignore",
                super::syntax::shown(other)
            )),
        }
    }
}
