//! What a node's journal records of one operation, and the picture those records add up to.

use crate::agent::found::Found;
use crate::agent::protocol::{End, LockOwner, Operation, StepReport};
use crate::error::Error;
use crate::model::OpId;
use crate::plan::{Plan, Step, StepId, StepPlace};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Entry {
    /// The operation begins; always the first line.
    Begun {
        /// Number.
        op: OpId,
        /// Backup suffix.
        tag: String,
        /// Who, from where.
        owner: LockOwner,
        /// The whole plan.
        plan: Box<Plan>,
    },
    /// A step is about to be done; what it found is all that taking it back needs.
    Intent {
        /// Step.
        step: StepId,
        /// What was there before.
        found: Box<Found>,
    },
    /// A step whose effect cannot be seen by looking (a restart, a hook) is being done right now.
    Started {
        /// Step.
        step: StepId,
    },
    /// Applied and read back.
    Done {
        /// Step.
        step: StepId,
        /// What came of it.
        report: StepReport,
    },
    /// Not applied, or not as wanted.
    Failed {
        /// Step.
        step: StepId,
        /// Why.
        error: Error,
    },
    /// Taken back.
    Reverted {
        /// Step.
        step: StepId,
    },
    /// The on-node timer runs (S9).
    Armed {
        /// Seconds until it fires.
        seconds: u32,
    },
    /// The armed changes are confirmed: the timer has nothing more to do.
    Confirmed,
    /// Nobody confirmed: the armed steps are being taken back.
    Fired,
    /// The end.
    Finished {
        /// How.
        end: End,
    },
}

/// Where the timer of an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Timer {
    /// Never armed.
    #[default]
    Off,
    /// Runs.
    Armed,
    /// Confirmed in time.
    Confirmed,
    /// Not confirmed.
    Fired,
}

/// One operation as its journal tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Number.
    pub op: OpId,
    /// Backup suffix.
    pub tag: String,
    /// Who began it.
    pub owner: LockOwner,
    /// Its plan.
    pub plan: Plan,
    /// What each prepared step found.
    pub found: BTreeMap<StepId, Found>,
    /// Where each prepared step stands.
    pub places: BTreeMap<StepId, StepPlace>,
    /// Steps that were really begun, of those whose effect cannot be seen.
    pub started: Vec<StepId>,
    /// The timer.
    pub timer: Timer,
    /// How it ended; `None` while it is open.
    pub end: Option<End>,
}

impl Log {
    /// The picture of a whole journal; `None` without a first line, as a crash at the very beginning
    /// leaves it.
    pub fn of(entries: Vec<Entry>) -> Option<Self> {
        let mut entries = entries.into_iter();
        let Some(Entry::Begun { op, tag, owner, plan }) = entries.next() else {
            return None;
        };
        let mut log = Self {
            op,
            tag,
            owner,
            plan: *plan,
            found: BTreeMap::new(),
            places: BTreeMap::new(),
            started: Vec::new(),
            timer: Timer::Off,
            end: None,
        };
        entries.for_each(|entry| log.add(entry));
        Some(log)
    }

    /// Takes one more line into the picture.
    pub fn add(&mut self, entry: Entry) {
        match entry {
            Entry::Begun { .. } => {}
            Entry::Intent { step, found } => {
                self.found.insert(step, *found);
                self.places.insert(step, StepPlace::Begun);
            }
            Entry::Started { step } => self.started.push(step),
            Entry::Done { step, .. } => {
                self.places.insert(step, StepPlace::Done);
            }
            Entry::Failed { step, .. } => {
                self.places.insert(step, StepPlace::Failed);
            }
            Entry::Reverted { step } => {
                self.places.insert(step, StepPlace::Reverted);
                self.started.retain(|started| *started != step);
            }
            Entry::Armed { .. } => self.timer = Timer::Armed,
            Entry::Confirmed => self.timer = Timer::Confirmed,
            Entry::Fired => self.timer = Timer::Fired,
            Entry::Finished { end } => self.end = Some(end),
        }
    }

    /// A step of the plan.
    pub fn step(&self, id: StepId) -> Option<&Step> {
        self.plan.steps().find(|step| step.id == id)
    }

    /// Where a prepared step stands.
    pub fn place(&self, id: StepId) -> StepPlace {
        self.places.get(&id).copied().unwrap_or(StepPlace::Waiting)
    }

    /// For `History`.
    pub fn into_operation(self) -> Operation {
        Operation {
            op: self.op,
            tag: self.tag,
            owner: self.owner,
            plan: self.plan,
            places: self.places.into_iter().collect(),
            end: self.end,
        }
    }
}
