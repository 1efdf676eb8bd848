//! The life of one operation on this node: begun, prepared, applied, settled and finished, each with
//! its journal lines in the order that a crash can be recovered from.

use super::{Session, context, no_such_operation};
use crate::agent::found::Found;
use crate::agent::journal::{self, Entry, Journal, Log, Timer};
use crate::agent::protocol::{End, LockOwner, StepReport};
use crate::agent::step;
use crate::agent::{arm, data, lease};
use crate::error::{Error, Result};
use crate::model::OpId;
use crate::plan::{Action, Plan, Step, StepId, StepPlace, Window};
use std::time::{Duration, Instant};

impl Session {
    /// Idempotent: a controller that lost the answer asks again.
    pub(super) fn begin(&mut self, op: OpId, tag: String, owner: LockOwner, plan: Plan) -> Result<()> {
        self.locked()?;
        if let Some(known) = journal::read(&self.paths, op)? {
            if known.tag == tag && known.plan == plan && known.end.is_none() {
                return Ok(());
            }
            return Err(
                Error::refused("op_exists", format!("this node already has an operation {op}"))
                    .hint("start again: the number is chosen anew"),
            );
        }
        if !is_plain(&tag) {
            return Err(Error::bug(format!("`{tag}` cannot be part of a file name")));
        }
        let plan = Box::new(plan);
        self.journal = Some(Journal::create(
            &self.paths,
            Entry::Begun { op, tag, owner, plan },
        )?);
        Ok(())
    }

    /// Makes the journal of `op` the current one, up to date.
    pub(super) fn open(&mut self, op: OpId) -> Result<&mut Journal> {
        let current = self
            .journal
            .as_ref()
            .is_some_and(|journal| journal.log().op == op);
        if !current {
            self.journal = Journal::open(&self.paths, op)?;
        }
        let journal = self.journal.as_mut().ok_or_else(|| no_such_operation(op))?;
        journal.refresh()?;
        Ok(journal)
    }

    /// For what changes something: the operation must be open and not taken back by its timer.
    fn open_to_change(&mut self, op: OpId) -> Result<&mut Journal> {
        self.locked()?;
        let journal = self.open(op)?;
        if let Some(end) = journal.log().end {
            return Err(Error::refused(
                "op_finished",
                format!("operation {op} is finished: {end:?}"),
            ));
        }
        Ok(journal)
    }

    pub(super) fn prepare(&mut self, op: OpId, ids: &[StepId], deadline: Instant) -> Result<()> {
        let paths = self.paths.clone();
        let journal = self.open_to_change(op)?;
        if journal.log().timer == Timer::Fired {
            return Err(arm::fired(op));
        }
        let mut steps = Vec::new();
        for &id in ids {
            let step = journal.log().step(id).ok_or_else(|| no_such_step(op, id))?;
            if journal.log().place(id) == StepPlace::Waiting {
                steps.push(step);
            }
        }
        let context = context(&paths, op, &journal.log().tag, deadline);
        let found = step::find(&context, &steps)?;
        let intents = steps
            .iter()
            .zip(found)
            .map(|(step, found)| Entry::Intent {
                step: step.id,
                found: Box::new(found),
            })
            .collect();
        journal.record(intents)
    }

    pub(super) fn apply(&mut self, op: OpId, id: StepId, deadline: Instant) -> Result<StepReport> {
        let paths = self.paths.clone();
        let (action, found, place, dark, tag) = self.prepared(op, id)?;
        self.not_fired(op)?;
        let context = context(&paths, op, &tag, deadline);
        let once = step::leaves_no_trace(&action) || step::takes_long(&context, &action)?;
        if place == StepPlace::Done && once {
            return Ok(StepReport {
                changed: false,
                detail: "already done by this operation".to_owned(),
                backup: None,
            });
        }
        if step::leaves_no_trace(&action) {
            let journal = self.open(op)?;
            journal.append(vec![Entry::Started { step: id }])?;
            if !dark {
                journal.sync()?;
            }
        }
        let waited_for = matches!(action, Action::Hook { .. } | Action::React { .. });
        if waited_for {
            lease::hold(&paths, deadline.saturating_duration_since(Instant::now()));
        }
        let result = step::apply(&context, &mut self.gate, &action, &found);
        if waited_for {
            lease::heard(&paths);
        }
        let entry = match &result {
            Ok(report) => Entry::Done {
                step: id,
                report: report.clone(),
            },
            Err(error) => Entry::Failed {
                step: id,
                error: error.clone(),
            },
        };
        if dark {
            self.unsettled.push(entry);
            return result;
        }
        let journalled = self.open(op)?.append(vec![entry]);
        // The step's own failure says more than the journal's.
        result.and_then(|report| journalled.map(|()| report))
    }

    /// Needs no lock: it also tells planners whether a finished operation can be undone.
    pub(super) fn verify(&self, op: OpId, id: StepId, deadline: Instant) -> Result<StepReport> {
        let log = journal::read(&self.paths, op)?.ok_or_else(|| no_such_operation(op))?;
        let step = log.step(id).ok_or_else(|| no_such_step(op, id))?;
        let found = log.found.get(&id).ok_or_else(|| not_prepared(op, id))?;
        let context = context(&self.paths, op, &log.tag, deadline);
        if log.end.is_some() {
            step::is_still_there(&context, &step.action, found)
        } else {
            step::verify(&context, &step.action, found)
        }
    }

    pub(super) fn revert(&mut self, op: OpId, id: StepId, deadline: Instant) -> Result<StepReport> {
        let paths = self.paths.clone();
        self.settle(op)?;
        let (action, found, place, _, tag) = match self.prepared(op, id) {
            Ok(prepared) => prepared,
            Err(error) if error.code == "not_prepared" => {
                return Ok(nothing("never prepared, so nothing to take back"));
            }
            Err(error) => return Err(error),
        };
        if place == StepPlace::Reverted {
            return Ok(nothing("already taken back"));
        }
        let ran = place == StepPlace::Done || self.open(op)?.log().started.contains(&id);
        let context = context(&paths, op, &tag, deadline);
        let report = step::revert(&context, &mut self.gate, &action, &found, ran)?;
        self.open(op)?.append(vec![Entry::Reverted { step: id }])?;
        Ok(report)
    }

    /// Refuses to go on with what the timer took back.
    pub(super) fn not_fired(&mut self, op: OpId) -> Result<()> {
        match self.open(op)?.log().timer {
            Timer::Fired => Err(arm::fired(op)),
            _ => Ok(()),
        }
    }

    /// A step of an open operation with what it found.
    pub(super) fn prepared(
        &mut self,
        op: OpId,
        id: StepId,
    ) -> Result<(Action, Found, StepPlace, bool, String)> {
        let log = self.open_to_change(op)?.log();
        let stage = log
            .plan
            .stages
            .iter()
            .find(|stage| stage.steps.iter().any(|step| step.id == id));
        let dark = stage.is_some_and(|stage| stage.window == Window::Dark);
        let action = log.step(id).ok_or_else(|| no_such_step(op, id))?.action.clone();
        let found = log.found.get(&id).cloned().ok_or_else(|| not_prepared(op, id))?;
        Ok((action, found, log.place(id), dark, log.tag.clone()))
    }

    pub(super) fn settle(&mut self, op: OpId) -> Result<()> {
        let entries = std::mem::take(&mut self.unsettled);
        self.gate.rest();
        self.open_to_change(op)?.record(entries)
    }

    /// What the operation brought up here stays, although it is not finished.
    pub(super) fn keep(&mut self, op: OpId) -> Result<()> {
        self.open_to_change(op)?;
        lease::end(&self.paths, op)
    }

    pub(super) fn arm(&mut self, op: OpId, seconds: u32, deadline: Instant) -> Result<()> {
        let paths = self.paths.clone();
        let journal = self.open_to_change(op)?;
        if journal.log().timer == Timer::Fired {
            return Err(arm::fired(op));
        }
        let context = context(&paths, op, "", deadline);
        arm::start(&context, journal, seconds)?;
        self.armed = Some((op, Instant::now() + Duration::from_secs(seconds.into())));
        Ok(())
    }

    pub(super) fn finish(&mut self, op: OpId, end: End, deadline: Instant) -> Result<()> {
        self.locked()?;
        let paths = self.paths.clone();
        if let Some(known) = self.open(op)?.log().end {
            if known == end {
                return Ok(());
            }
            return Err(Error::refused(
                "op_finished",
                format!("operation {op} is already finished: {known:?}"),
            ));
        }
        self.settle(op)?;
        let journal = self.open(op)?;
        let timer = journal.log().timer;
        match (timer, end) {
            (Timer::Fired, End::Committed) => return Err(arm::fired(op)),
            (Timer::Armed, End::Committed) => {
                return Err(Error::bug(
                    "armed changes were to be committed without a confirmation",
                ));
            }
            _ => {}
        }
        if end == End::Committed && leased(journal.log()) && !lease::holds(&paths, op)? {
            return Err(Error::incomplete(
                "lease_over",
                "the lease on what the operation brought up ran out, because nobody was heard",
            )
            .hint("the same command once more goes on from here"));
        }
        let context = context(&paths, op, &journal.log().tag, deadline);
        step::sweep(&context, journal.log(), end)?;
        journal.record(vec![Entry::Finished { end }])?;
        self.armed = None;
        lease::end(&paths, op)?;
        if timer == Timer::Armed {
            arm::stop(&self::context(&paths, op, "", deadline))?;
        }
        if end == End::Committed {
            // Only room is lost if something stays; the next load tries again.
            let _ = data::tidy(&paths);
        }
        Ok(())
    }
}

/// True when this node's part of the operation was on a lease.
fn leased(log: &Log) -> bool {
    let done = |step: &Step| matches!(step.action, Action::Lease(_)) && log.place(step.id) == StepPlace::Done;
    log.plan.steps().any(done)
}

fn no_such_step(op: OpId, id: StepId) -> Error {
    Error::bug(format!("the plan of operation {op} has no step {id}"))
}

fn not_prepared(op: OpId, id: StepId) -> Error {
    Error::refused(
        "not_prepared",
        format!("step {id} of operation {op} was not prepared"),
    )
}

fn nothing(detail: &str) -> StepReport {
    StepReport {
        changed: false,
        detail: detail.to_owned(),
        backup: None,
    }
}

/// A tag becomes part of file names.
fn is_plain(tag: &str) -> bool {
    !tag.is_empty()
        && tag.len() <= 40
        && tag
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
