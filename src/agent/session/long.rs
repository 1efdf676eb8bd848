//! Steps that take long: the first request for one starts it, each further one tells how far it is, the
//! last one what came of it. Steps that end within their request pass through.

use super::Session;
use crate::agent::found::Found;
use crate::agent::job::{self, Job, StepWork, Way};
use crate::agent::journal::Entry;
use crate::agent::protocol::{Response, StepReport};
use crate::agent::step;
use crate::agent::traffic::Gate;
use crate::agent::work;
use crate::error::{Error, Result};
use crate::model::OpId;
use crate::plan::{Action, StepId, StepPlace};
use std::time::{Duration, Instant};

/// No step may take longer (L2); work that stands still is stopped by the controller long before.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

impl Session {
    /// Applies a step or takes it back.
    pub(super) fn advance(&mut self, op: OpId, id: StepId, way: Way, deadline: Instant) -> Result<Response> {
        self.end_job(Some(StepWork { op, step: id, way }))?;
        if self.job.is_none() && !self.starts(op, id, way, deadline)? {
            return match way {
                Way::Forth => self.apply(op, id, deadline),
                Way::Back => self.revert(op, id, deadline),
            }
            .map(Response::Step);
        }
        match self.job.as_ref().map(Job::ask) {
            Some(job::Found::Going(moved)) => Ok(Response::Running(moved)),
            Some(job::Found::Ended(outcome)) => {
                let job = self.job.take();
                let warnings = job.map(|job| job.warnings()).unwrap_or_default();
                let report = self.ended(op, id, way, outcome)?;
                Ok(if warnings.is_empty() {
                    Response::Step(report)
                } else {
                    Response::Warned { report, warnings }
                })
            }
            None => Err(Error::bug("a long step was started and is not there")),
        }
    }

    /// Asks the step that is going on to stop.
    pub(super) fn stop(&self, op: OpId) {
        if let Some(job) = self.job.as_ref().filter(|job| job.what.op == op) {
            job.stop();
        }
    }

    /// Ends what is going on unless it is `but`: nothing else is begun beside it, and no agent ends
    /// before it.
    pub(super) fn end_job(&mut self, but: Option<StepWork>) -> Result<()> {
        if self.job.as_ref().is_some_and(|job| Some(job.what) != but)
            && let Some(job) = self.job.take()
        {
            let StepWork { op, step: id, way } = job.what;
            // What came of it is in the journal; the step's own failure is nobody's question here.
            if let Err(error) = self.ended(op, id, way, job.end())
                && error.code == "not_stopped"
            {
                return Err(error);
            }
        }
        Ok(())
    }

    /// True when the step takes long and was started just now.
    fn starts(&mut self, op: OpId, id: StepId, way: Way, deadline: Instant) -> Result<bool> {
        let Ok((action, found, place, _, tag)) = self.prepared(op, id) else {
            // Its own path says what is wrong.
            return Ok(false);
        };
        let paths = self.paths.clone();
        let due = match way {
            Way::Forth => place != StepPlace::Done,
            Way::Back => place != StepPlace::Reverted,
        };
        if !due || !step::takes_long(&super::context(&paths, op, &tag, deadline), &action)? {
            return Ok(false);
        }
        let ran = place == StepPlace::Done || self.open(op)?.log().started.contains(&id);
        match way {
            Way::Forth => {
                self.not_fired(op)?;
                let journal = self.open(op)?;
                journal.append(vec![Entry::Started { step: id }])?;
                journal.sync()?;
            }
            Way::Back => self.settle(op)?,
        }
        self.job = Some(Job::start(StepWork { op, step: id, way }, move |meter| {
            let context = step::Context {
                paths: &paths,
                op,
                tag: &tag,
                deadline: Instant::now() + LONGEST,
                meter,
            };
            work(&context, way, &action, &found, ran)
        }));
        Ok(true)
    }

    fn ended(&mut self, op: OpId, id: StepId, way: Way, outcome: Result<StepReport>) -> Result<StepReport> {
        work::clear(&self.paths);
        let entry = match (&outcome, way) {
            (Ok(report), Way::Forth) => Entry::Done {
                step: id,
                report: report.clone(),
            },
            (Err(error), Way::Forth) => Entry::Failed {
                step: id,
                error: error.clone(),
            },
            (Ok(_), Way::Back) => Entry::Reverted { step: id },
            (Err(_), Way::Back) => return outcome,
        };
        let journalled = self.open(op)?.append(vec![entry]);
        outcome.and_then(|report| journalled.map(|()| report))
    }
}

fn work(
    context: &step::Context<'_>,
    way: Way,
    action: &Action,
    found: &Found,
    ran: bool,
) -> Result<StepReport> {
    // No step that takes long touches traffic, so the session's own gate is not needed.
    let mut gate = Gate::default();
    match way {
        Way::Forth => step::apply(context, &mut gate, action, found),
        Way::Back => step::revert(context, &mut gate, action, found, ran),
    }
}
