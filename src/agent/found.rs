//! What a step found before it changed anything: journalled with its intent, and all that taking it
//! back needs.

use super::{data, file, unit};
use crate::data::Ledger;
use crate::model::NodeState;
use crate::plan::{Change, VipPlace};
use serde::{Deserialize, Serialize};

/// By kind of step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "was", rename_all = "snake_case")]
pub enum Found {
    /// A file: its original, where that is kept, and what is to become of it.
    File(file::Found),
    /// A unit's state.
    Unit(unit::Found),
    /// Kernel parameters.
    Sysctl {
        /// Name and value.
        values: Vec<(String, String)>,
    },
    /// The recorded state.
    State {
        /// `None` when there was none.
        state: Option<NodeState>,
    },
    /// The network as it was.
    Network {
        /// What would make our traffic rules as they were; `None`: there was no chain of ours.
        rules: Option<Change>,
        /// Those of the step's addresses that the node carried.
        vips: Vec<VipPlace>,
    },
    /// Saved data: what was there before.
    Kept(data::Kept),
    /// What was loaded before.
    Loaded {
        /// The ledger.
        ledger: Ledger,
    },
    /// The step needs to remember nothing.
    Nothing,
}
