//! When every byte of a mirror was read last, and what that came to.

use serde::{Deserialize, Serialize};

/// The newest reading of a mirror.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Verified {
    /// When, Unix seconds of the node that holds it.
    pub at: i64,
    /// What was not as it was copied; `None` where everything was.
    pub fault: Option<String>,
}
