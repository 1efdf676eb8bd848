//! Forward: one operation from its first journal line to its last.

use super::deadline;
use super::event::{Progress, Recorder};
use super::group::group_end;
use super::long::Long;
use super::recover::{OpenOperation, Standing};
use super::rollback;
use super::session::{Node, Session};
use crate::agent::protocol::{End, Request};
use crate::error::{Error, Kind, Result};
use crate::model::{BySide, Cancel, OpId, Side};
use crate::plan::{Action, Plan, Stage, Step, StepId, StepPlace, Window};
use crate::priority::Priority;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Which way an interrupted operation is finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To the new state.
    Forward,
    /// Back to the old state.
    Back,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Verified and committed on every node that takes part.
    Committed,
    /// Everything was taken back; the error says why.
    RolledBack(Error),
    /// Stopped; the journals tell `resume` and `undo` where.
    Open(Error),
    /// A person has to look.
    Unknown(Error),
}

/// One operation being carried out.
pub struct Run<'r, 'l> {
    pub(super) session: &'r mut Session,
    pub(super) recorder: Mutex<&'r mut Recorder<'l>>,
    pub(super) cancel: &'r Cancel,
    pub(super) op: OpId,
    pub(super) plan: &'r Plan,
    /// The nodes that take part and have not ended it.
    pub(super) sides: Vec<Side>,
    /// Those of them whose journals do not have it yet.
    new_to: Vec<Side>,
    /// Steps an earlier, interrupted run completed.
    pub(super) completed: BTreeSet<StepId>,
    /// How long a node that went away is waited for on the way back.
    pub(super) patience: Duration,
    /// Lets time pass; tests have a time of their own.
    pub(super) wait: Box<dyn Fn(Duration) + 'r>,
    /// Steps that may have had an effect, in the order in which they were started.
    pub(super) started: Mutex<Vec<StepId>>,
}

impl<'r, 'l> Run<'r, 'l> {
    /// A run of `plan` as operation `op`. The session holds the locks.
    pub fn new(
        session: &'r mut Session,
        recorder: &'r mut Recorder<'l>,
        cancel: &'r Cancel,
        op: OpId,
        plan: &'r Plan,
    ) -> Self {
        Self {
            session,
            recorder: Mutex::new(recorder),
            cancel,
            op,
            plan,
            sides: plan.sides.clone(),
            new_to: plan.sides.clone(),
            completed: BTreeSet::new(),
            patience: deadline::RETURN,
            wait: Box::new(std::thread::sleep),
            started: Mutex::new(Vec::new()),
        }
    }

    /// Goes on with an interrupted operation: what its journals call done was done, and everything
    /// prepared may have had an effect. A node that has ended it is left as it is: it did so after all steps
    /// of all nodes were done, or taken back, or because it was told to go on alone.
    #[must_use]
    pub fn continuing(mut self, open: &OpenOperation) -> Self {
        self.sides.retain(|&side| open.standing[side] != Standing::Ended);
        self.new_to
            .retain(|&side| open.standing[side] == Standing::Unknown);
        let mut started = Vec::new();
        for &side in &self.sides {
            for &(step, place) in &open.places[side] {
                match place {
                    StepPlace::Done => {
                        self.completed.insert(step);
                        started.push(step);
                    }
                    StepPlace::Begun | StepPlace::Failed => started.push(step),
                    StepPlace::Waiting | StepPlace::Reverted => {}
                }
            }
        }
        started.sort_unstable();
        self.started = Mutex::new(started);
        self
    }

    /// Journals the operation on every node that does not have it, in parallel; nothing is changed yet.
    pub fn begin(&mut self, tag: &str) -> Result<()> {
        let (op, plan, owner) = (self.op, self.plan, self.session.owner().clone());
        let results = self.session.each(&self.new_to, |node| {
            let request = Request::Begin {
                op,
                tag: tag.to_owned(),
                owner: owner.clone(),
                plan: plan.clone(),
            };
            node.ask(request, deadline::BOOKKEEPING)
        });
        let begun: Vec<Side> = results
            .iter()
            .filter(|(_, r)| matches!(r, Some(Ok(_))))
            .map(|(side, _)| side)
            .collect();
        if let Err(error) = first_fault(results) {
            for side in begun {
                let request = Request::Finish {
                    op,
                    end: End::RolledBack,
                };
                // The node that cannot be told finds an operation without steps, which `resume` closes.
                drop(self.session.ask(side, request, deadline::BOOKKEEPING));
            }
            return Err(error.with_kind(Kind::Refused));
        }
        self.emit(Progress::Begun {
            op,
            tag: tag.to_owned(),
        });
        for side in plan.sides.iter().filter(|side| !self.sides.contains(side)) {
            let text = format!(
                "{} has ended operation {op} already: what it did stays as it is",
                self.session.name(*side)
            );
            self.emit(Progress::Remark { text });
        }
        Ok(())
    }

    /// Carries the plan out and commits it, or takes it back.
    pub fn forward(mut self) -> Verdict {
        let verdict = match self.apply_all() {
            Ok(()) => match self.finish(End::Committed) {
                Ok(()) => Verdict::Committed,
                Err(error) => Verdict::Open(error.with_kind(Kind::Incomplete)),
            },
            Err(Stop::Cancelled) if self.plan.gives_way() => {
                self.emit(Progress::Cancelled);
                let error = Error::new(Kind::RolledBack, "cancelled", "stopped on request");
                self.back(error.hint("nothing is lost; the next try goes on from what is there"))
            }
            Err(Stop::Cancelled) => {
                self.emit(Progress::Cancelled);
                self.keep_what_is_up();
                let error = Error::incomplete("cancelled", "stopped on request after the current step");
                Verdict::Open(error.hint(self.open_hint()))
            }
            Err(Stop::Failed(error)) if error.code == "gave_way" => self.leave(error),
            Err(Stop::Failed(error)) => self.back(error),
            Err(Stop::Moved(error)) => {
                self.keep_what_is_up();
                Verdict::Open(error.with_kind(Kind::Incomplete).hint(self.open_hint()))
            }
        };
        self.conclude(&verdict);
        verdict
    }

    /// Takes an interrupted operation back.
    pub fn backward(mut self) -> Verdict {
        let why = Error::new(
            Kind::RolledBack,
            "undone",
            "the operation was taken back on request",
        );
        let verdict = self.back(why);
        self.conclude(&verdict);
        verdict
    }

    fn conclude(&mut self, verdict: &Verdict) {
        let (end, error) = match verdict {
            Verdict::Committed => (Some(End::Committed), None),
            Verdict::RolledBack(error) => (Some(End::RolledBack), Some(error.clone())),
            Verdict::Open(error) | Verdict::Unknown(error) => (None, Some(error.clone())),
        };
        self.emit(Progress::Finished { end, error });
    }

    pub(super) fn open_hint(&self) -> String {
        format!(
            "pairadm resume {0} goes on; pairadm undo {0} takes it back",
            self.op
        )
    }

    fn apply_all(&mut self) -> Result<(), Stop> {
        let plan = self.plan;
        let mut armed = Vec::new();
        let mut from = 0;
        while from < plan.stages.len() {
            if self.cancel.asked() {
                return Err(Stop::Cancelled);
            }
            let until = group_end(&plan.stages, from);
            self.arm(&plan.stages[from..until], &mut armed)?;
            let after = plan.stages[from].window == Window::After;
            let outcome = self.run_group(from, until);
            outcome.map_err(|stop| match stop {
                Stop::Failed(error) if after && rollback::is_link(&error) && !self.lost_the_leased() => {
                    Stop::Moved(error)
                }
                stop => stop,
            })?;
            from = until;
        }
        self.confirm(&armed)
    }

    /// Starts the timers of nodes whose first armed steps are in these stages.
    fn arm(&mut self, stages: &[Stage], armed: &mut Vec<Side>) -> Result<(), Stop> {
        let begins = |side: &Side| {
            let mut steps = stages.iter().flat_map(|stage| &stage.steps);
            !armed.contains(side) && steps.any(|step| step.side == *side && step.armed)
        };
        let sides: Vec<Side> = self.sides.iter().copied().filter(begins).collect();
        let (op, plan) = (self.op, self.plan);
        first_fault(self.session.each(&sides, |node| {
            let seconds = deadline::arm_seconds(plan, node.side);
            node.ask(Request::Arm { op, seconds }, deadline::BOOKKEEPING)
        }))?;
        armed.extend(sides);
        Ok(())
    }

    /// Stages that are prepared together, see [`super::group`].
    fn run_group(&mut self, from: usize, until: usize) -> Result<(), Stop> {
        let stages = &self.plan.stages[from..until];
        let dark = stages.iter().any(|stage| stage.window == Window::Dark);
        let leased = self.plan.leased().map(|(side, _)| side);
        self.session.keep_alive(leased);
        self.prepare(stages)?;
        if dark {
            self.with_recorder(Recorder::hold);
            // A window is much shorter than a lease, and a thread more would only delay it.
            self.session.keep_alive(None);
        }
        let urgency = dark.then(Priority::urgent);
        let mut outcome = Ok(());
        for (offset, stage) in stages.iter().enumerate() {
            self.emit(Progress::Stage { index: from + offset });
            outcome = self.run_stage(stage, !dark);
            if outcome.is_err() {
                break;
            }
        }
        drop(urgency);
        if dark {
            self.with_recorder(Recorder::release);
            self.session.keep_alive(leased);
        }
        outcome?;
        let op = self.op;
        let sides = self.sides_of(stages);
        Ok(first_fault(self.session.each(&sides, |node| {
            node.ask(Request::Settle { op }, deadline::BOOKKEEPING)
        }))?)
    }

    fn prepare(&mut self, stages: &[Stage]) -> Result<(), Stop> {
        let (op, sides) = (self.op, self.sides_of(stages));
        let results = self.session.each(&sides, |node| {
            let side = node.side;
            let steps = stages
                .iter()
                .flat_map(|s| &s.steps)
                .filter(|s| s.side == side)
                .map(|s| s.id)
                .collect();
            node.ask(Request::Prepare { op, steps }, deadline::BOOKKEEPING * 4)
        });
        Ok(first_fault(results)?)
    }

    fn run_stage(&mut self, stage: &Stage, may_stop: bool) -> Result<(), Stop> {
        let failed = AtomicBool::new(false);
        let (op, cancel, completed) = (self.op, self.cancel, &self.completed);
        let sides = self.sides_of(std::slice::from_ref(stage));
        let (recorder, started) = (&self.recorder, &self.started);
        let results = self.session.each(&sides, |node| {
            let side = node.side;
            for step in stage.steps.iter().filter(|step| step.side == side) {
                if failed.load(Ordering::SeqCst) {
                    return Ok(());
                }
                if may_stop && cancel.asked() {
                    return Err(Stop::Cancelled);
                }
                if completed.contains(&step.id) && once_only(&step.action) {
                    continue;
                }
                push(started, step.id);
                let outcome = apply_step(node, op, step, recorder, cancel);
                if let Err(error) = outcome {
                    if error.code == "stopped" && cancel.asked() {
                        return Err(Stop::Cancelled);
                    }
                    failed.store(true, Ordering::SeqCst);
                    return Err(Stop::Failed(error));
                }
            }
            Ok(())
        });
        let mut cancelled = false;
        for (side, result) in results.iter() {
            match result {
                Some(Err(Stop::Failed(error) | Stop::Moved(error))) => {
                    return Err(Stop::Failed(error.clone()));
                }
                Some(Err(Stop::Cancelled)) => cancelled = true,
                None if sides.contains(&side) => {
                    return Err(Stop::Failed(Error::bug("the thread of a node panicked")));
                }
                Some(Ok(())) | None => {}
            }
        }
        if cancelled { Err(Stop::Cancelled) } else { Ok(()) }
    }

    /// Over new connections, so that a change that locks everybody out is not confirmed (S9).
    fn confirm(&mut self, armed: &[Side]) -> Result<(), Stop> {
        let op = self.op;
        let (mut second, faults) = self.session.again(armed);
        first_fault(faults.map(|_, fault| fault.map(Err::<(), _>)))?;
        Ok(first_fault(second.each(armed, |node| {
            node.ask(Request::Confirm { op }, deadline::BOOKKEEPING)
        }))?)
    }

    /// Journals the end on every node; one that went away is given time to come back, because an end
    /// that only one node knows leaves the operation open.
    pub(super) fn finish(&mut self, end: End) -> Result<()> {
        let op = self.op;
        let request = Request::Finish { op, end };
        let results = self.session.each(&self.sides, |node| {
            node.ask(request.clone(), deadline::BOOKKEEPING)
        });
        for side in self.sides.clone() {
            if let Some(Err(error)) = &results[side] {
                if !rollback::is_link(error) {
                    return Err(error.clone());
                }
                self.reach_again(side)?;
                self.session.ask(side, request.clone(), deadline::BOOKKEEPING)?;
            }
        }
        Ok(())
    }

    /// The nodes that have something left to do in these stages.
    fn sides_of(&self, stages: &[Stage]) -> Vec<Side> {
        let has = |side: &Side| {
            let mut steps = stages.iter().flat_map(|stage| &stage.steps);
            steps.any(|step| step.side == *side)
        };
        self.sides.iter().copied().filter(has).collect()
    }

    pub(super) fn emit(&self, progress: Progress) {
        emit(&self.recorder, progress);
    }

    fn with_recorder(&self, f: impl FnOnce(&mut Recorder<'l>)) {
        f(&mut self
            .recorder
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner));
    }
}

/// Why the way forward ended.
enum Stop {
    Cancelled,
    Failed(Error),
    /// A node went away after traffic had moved.
    Moved(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

fn apply_step(
    node: &mut Node<'_>,
    op: OpId,
    step: &Step,
    recorder: &Mutex<&mut Recorder<'_>>,
    cancel: &Cancel,
) -> Result<()> {
    let (id, side) = (step.id, step.side);
    emit(recorder, Progress::Started { step: id, side });
    let began = Instant::now();
    if matches!(step.action, Action::Hook { .. } | Action::React { .. }) {
        node.may_work_until(began + deadline::of(&step.action));
    }
    let moved = |moved| {
        emit(
            recorder,
            Progress::Moved {
                step: id,
                side,
                moved,
            },
        );
    };
    let answer = Long {
        op,
        cancel,
        told: &moved,
        warned: &|text| emit(recorder, Progress::Remark { text }),
    }
    .carry(
        &mut |request| node.ask(request, deadline::of(&step.action)),
        &Request::Apply { op, step: id },
    );
    let took_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
    let error = match answer {
        Ok(report) => {
            emit(
                recorder,
                Progress::Done {
                    step: id,
                    side,
                    took_us,
                    report,
                },
            );
            return Ok(());
        }
        Err(error) => error,
    };
    emit(
        recorder,
        Progress::Failed {
            step: id,
            side,
            error: error.clone(),
        },
    );
    Err(error)
}

/// Steps that an interrupted run completed and that must not happen twice; all others are idempotent.
fn once_only(action: &Action) -> bool {
    matches!(
        action,
        Action::Unit { .. } | Action::Hook { .. } | Action::React { .. } | Action::Reload { .. }
    )
}

pub(super) fn emit(recorder: &Mutex<&mut Recorder<'_>>, progress: Progress) {
    recorder
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .emit(progress);
}

fn push(started: &Mutex<Vec<StepId>>, step: StepId) {
    let mut started = started.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if !started.contains(&step) {
        started.push(step);
    }
}

/// The first error of a parallel request.
pub(super) fn first_fault<T>(results: BySide<Option<Result<T>>>) -> Result<()> {
    let BySide { primary, secondary } = results;
    for result in [primary, secondary].into_iter().flatten() {
        result?;
    }
    Ok(())
}
