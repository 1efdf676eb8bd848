//! Between two calls: tells other controllers how far the long step is, and ends an operation that
//! something more urgent asks to give way, whether its own controller still calls or not.

use super::Session;
use crate::agent::data::mirror;
use crate::agent::job::Job;
use crate::agent::journal::{Journal, Log};
use crate::agent::protocol::{End, Request};
use crate::agent::{lock, work};
use crate::error::{Error, Kind, Result};
use crate::model::Work;
use crate::plan::{Action, StepId, StepPlace, gives_way};
use std::time::{Duration, Instant};

/// How often the agent looks while there is something to look for.
const PULSE: Duration = Duration::from_millis(200);

/// How long ending an operation may take on this node.
const ENDING: Duration = Duration::from_secs(30);

impl Session {
    /// When to look again, if there is anything to look for.
    pub fn pulse(&self) -> Option<Instant> {
        (self.job.is_some() || self.may_have_to_give_way()).then(|| Instant::now() + PULSE)
    }

    /// Looks.
    pub fn look_around(&mut self) {
        if let Some(job) = &self.job {
            let work = Work {
                op: job.what.op,
                title: self.title(),
                moved: job.moved(),
            };
            // Somebody who looks sees an older number, or none.
            let _ = work::publish(&self.paths, &work);
        }
        if self.may_have_to_give_way()
            && let Some(to) = lock::asked_to_give_way(&self.paths)
        {
            let ended = self.give_way();
            self.gave_way = Some(match ended {
                Ok(()) => gave_way(&to),
                Err(error) => gave_way(&to).because(error),
            });
            self.journal = None;
            self.ahead = None;
            self.lock = None;
        }
    }

    /// Refuses what belongs to an operation that had to give way.
    pub(super) fn not_given_way(&self, request: &Request) -> Result<()> {
        let looks_only = matches!(
            request,
            Request::Ping
                | Request::Facts(_)
                | Request::History { .. }
                | Request::Examine { .. }
                | Request::Read { .. }
                | Request::Backups
                | Request::State
                | Request::Unlock
        );
        match &self.gave_way {
            Some(error) if !looks_only => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// What this session's operation offers is offered no longer than the session lasts.
    pub(super) fn withdraw(&self, deadline: Instant) -> Result<()> {
        let offers = |log: &&Log| {
            log.plan
                .steps()
                .any(|step| matches!(step.action, Action::Offer(_)))
        };
        match self.journal.as_ref().map(Journal::log).filter(offers) {
            Some(log) => {
                let context = super::context(&self.paths, log.op, &log.tag, deadline);
                mirror::withdraw(&context).map(drop)
            }
            None => Ok(()),
        }
    }

    fn may_have_to_give_way(&self) -> bool {
        self.lock
            .as_ref()
            .is_some_and(|lock| gives_way(&lock.owner().operation))
    }

    fn title(&self) -> String {
        let log = self.journal.as_ref().map(Journal::log);
        log.map(|log| log.plan.title.clone()).unwrap_or_default()
    }

    /// Stops the step that is going on, takes back what this node did, and closes the operation. What
    /// is whole stays.
    fn give_way(&mut self) -> Result<()> {
        let until = Instant::now() + ENDING;
        let running = self.job.as_ref().map(|job| job.what.op);
        self.job.iter().for_each(Job::stop);
        self.end_job(None)?;
        let begun = self.journal.as_ref().map(Journal::log);
        let Some(op) = begun
            .filter(|log| log.end.is_none() && log.plan.gives_way())
            .map(|log| log.op)
            .or(running)
        else {
            return Ok(());
        };
        let log = self.open(op)?.log();
        if log.end.is_some() {
            return Ok(());
        }
        if complete(log) {
            return self.finish(op, End::Committed, until);
        }
        for step in effective(log) {
            self.revert(op, step, until)?;
        }
        self.finish(op, End::RolledBack, until)
    }
}

/// The last step of the plan is done, so all of it is.
fn complete(log: &Log) -> bool {
    let last = log.plan.steps().last();
    last.is_some_and(|step| log.place(step.id) == StepPlace::Done)
}

/// Steps of this node that may have had an effect, last first.
fn effective(log: &Log) -> Vec<StepId> {
    let steps = log.plan.steps().map(|step| step.id);
    let mut begun: Vec<StepId> = steps
        .filter(|&step| !matches!(log.place(step), StepPlace::Waiting | StepPlace::Reverted))
        .collect();
    begun.reverse();
    begun
}

fn gave_way(to: &str) -> Error {
    Error::new(Kind::RolledBack, "gave_way", format!("stopped for {to}"))
        .hint("nothing is lost; the next try goes on from what is there")
}
