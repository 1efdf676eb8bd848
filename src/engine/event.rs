//! What happens while a plan is carried out, as data: the report is the plan plus these.

use crate::agent::protocol::{End, StepReport};
use crate::error::Error;
use crate::model::{OpId, Side};
use crate::plan::StepId;
use serde::{Deserialize, Serialize};

/// One event with its time since the operation began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Microseconds since the operation began, controller's monotonic clock.
    pub at_us: u64,
    /// What happened.
    pub progress: Progress,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Progress {
    /// Locks are taken and the operation has its number.
    Begun {
        /// Number.
        op: OpId,
        /// Backup tag.
        tag: String,
    },
    /// A stage starts.
    Stage {
        /// Index from 0.
        index: usize,
    },
    /// A step starts.
    Started {
        /// Step.
        step: StepId,
        /// Node.
        side: Side,
    },
    /// A step is applied and read back.
    Done {
        /// Step.
        step: StepId,
        /// Node.
        side: Side,
        /// Microseconds of the round trip.
        took_us: u64,
        /// What the node said.
        report: StepReport,
    },
    /// A step failed; what follows is the way back.
    Failed {
        /// Step.
        step: StepId,
        /// Node.
        side: Side,
        /// Why.
        error: Error,
    },
    /// A step was taken back.
    Reverted {
        /// Step.
        step: StepId,
        /// Node.
        side: Side,
        /// What the node said.
        report: StepReport,
    },
    /// A remark worth a line in the report.
    Remark {
        /// The line.
        text: String,
    },
    /// Measured darkness at the VIP.
    Outage {
        /// Address probed.
        target: std::net::IpAddr,
        /// Microseconds, longest gap between answers less the probe interval.
        dark_us: u64,
    },
    /// Cancelled by the operator after the current step.
    Cancelled,
    /// The end.
    Finished {
        /// How.
        end: Option<End>,
    },
}

/// Receives events as they happen: menu, line mode, report.
pub trait Listener: Send {
    /// One event.
    fn on(&mut self, event: &Event);
}
