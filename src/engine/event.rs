//! What happens while a plan is carried out, as data: the report is the plan plus these.

use crate::agent::protocol::{End, LockOwner, StepReport};
use crate::error::{Error, Result};
use crate::model::{Moved, OpId, Side};
use crate::plan::{Plan, StepId};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

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
    /// How far a step is that takes long; told, and not kept.
    Moved {
        /// Step.
        step: StepId,
        /// Node.
        side: Side,
        /// How far.
        moved: Moved,
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
        /// How; `None` leaves it open.
        end: Option<End>,
        /// What went wrong, if anything did.
        error: Option<Error>,
    },
}

/// Receives events as they happen: menu, line mode.
pub trait Listener: Send {
    /// One event.
    fn on(&mut self, event: &Event);
}

/// The first line of the controller's journal of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Number.
    pub op: OpId,
    /// Name of the pair.
    pub pair: String,
    /// Host names, primary first.
    pub nodes: crate::model::BySide<String>,
    /// Backup tag.
    pub tag: String,
    /// Who, from where, since when.
    pub owner: LockOwner,
    /// What was planned.
    pub plan: Plan,
}

/// Stamps events, tells the listener, and appends them to the controller's journal.
pub struct Recorder<'l> {
    began: Instant,
    events: Vec<Event>,
    listener: &'l mut dyn Listener,
    journal: Option<File>,
    unwritten: usize,
    /// While calls are dark nothing is written to disk.
    hold: bool,
    fault: Option<Error>,
}

impl<'l> Recorder<'l> {
    /// A recorder without a file yet.
    pub fn new(listener: &'l mut dyn Listener) -> Self {
        Self {
            began: Instant::now(),
            events: Vec::new(),
            listener,
            journal: None,
            unwritten: 0,
            hold: false,
            fault: None,
        }
    }

    /// Starts the journal file, or goes on with the one an interrupted run left.
    pub fn open(&mut self, path: &Path, record: &Record) -> Result<()> {
        let fault = |error: std::io::Error| {
            Error::refused("controller_journal", "the controller's journal cannot be written")
                .at(path.display())
                .because(error)
                .hint("free space or give another directory with PAIRADM_STATE_DIR")
        };
        if let Some(directory) = path.parent() {
            std::fs::create_dir_all(directory).map_err(fault)?;
        }
        let fresh = !path.exists();
        let mut file = File::options()
            .create(true)
            .append(true)
            .open(path)
            .map_err(fault)?;
        restrict(&file).map_err(fault)?;
        if fresh {
            let line = serde_json::to_string(record).map_err(|error| Error::bug(error.to_string()))?;
            writeln!(file, "{line}").map_err(fault)?;
            file.sync_all().map_err(fault)?;
            if let Some(directory) = path.parent() {
                File::open(directory)
                    .and_then(|directory| directory.sync_all())
                    .map_err(fault)?;
            }
        }
        self.journal = Some(file);
        Ok(())
    }

    /// Nothing is written to disk until [`Recorder::release`].
    pub fn hold(&mut self) {
        self.hold = true;
    }

    /// Writes what was held back.
    pub fn release(&mut self) {
        self.hold = false;
        self.write_out();
    }

    /// Records one event.
    pub fn emit(&mut self, progress: Progress) {
        let at_us = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let event = Event { at_us, progress };
        self.listener.on(&event);
        if matches!(event.progress, Progress::Moved { .. }) {
            return;
        }
        self.events.push(event);
        if !self.hold {
            self.write_out();
        }
    }

    /// Everything so far.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The first fault in writing the journal, for the report: the operation itself went on.
    pub fn fault(&self) -> Option<&Error> {
        self.fault.as_ref()
    }

    fn write_out(&mut self) {
        let Some(file) = &mut self.journal else { return };
        let mut lines = Vec::new();
        let mut sync = false;
        for event in &self.events[self.unwritten..] {
            sync |= matches!(event.progress, Progress::Stage { .. } | Progress::Finished { .. });
            if serde_json::to_writer(&mut lines, event).is_ok() {
                lines.push(b'\n');
            }
        }
        self.unwritten = self.events.len();
        let written = file
            .write_all(&lines)
            .and_then(|()| if sync { file.sync_data() } else { Ok(()) });
        if let (Err(error), None) = (written, &self.fault) {
            let error = Error::incomplete("controller_journal", "the controller's journal is incomplete")
                .because(error);
            self.fault = Some(error);
        }
    }
}

fn restrict(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}
