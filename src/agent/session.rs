//! The agent's side of one conversation: what each request means, and what is remembered from one
//! request to the next.

use super::arm;
use super::file;
use super::found::Found;
use super::journal::{self, Entry, Journal, Timer};
use super::lock::{self, Lock};
use super::paths::NodePaths;
use super::protocol::{End, LockOwner, Operation, Request, Response, StepReport};
use super::step::{self, Context};
use super::traffic::Gate;
use super::watch::Watch;
use super::{backups, network, state};
use crate::error::{Error, Result};
use crate::facts::{Facts, FactsQuery};
use crate::model::OpId;
use crate::plan::{Action, Plan, StepId, StepPlace, Window};
use crate::probe;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

/// One agent.
#[derive(Debug)]
pub struct Session {
    paths: NodePaths,
    lock: Option<Lock>,
    journal: Option<Journal>,
    /// What happened in the dark window and is not in the journal yet.
    unsettled: Vec<Entry>,
    gate: Gate,
    armed: Option<(OpId, Instant)>,
    watch: Option<Watch>,
}

impl Session {
    /// An agent that has not been asked anything.
    pub fn new(paths: NodePaths) -> Self {
        Self {
            paths,
            lock: None,
            journal: None,
            unsettled: Vec::new(),
            gate: Gate::default(),
            armed: None,
            watch: None,
        }
    }

    /// Answers one request.
    pub fn answer(&mut self, request: Request, deadline: Instant) -> Result<Response> {
        match request {
            Request::Ping => {}
            Request::Facts(query) => return Ok(Response::Facts(Box::new(self.facts(&query, deadline)))),
            Request::Lock { owner } => self.take_lock(&owner)?,
            Request::Unlock => {
                self.journal = None;
                self.lock = None;
            }
            Request::Begin { op, tag, owner, plan } => self.begin(op, tag, owner, plan)?,
            Request::Prepare { op, steps } => self.prepare(op, &steps, deadline)?,
            Request::Apply { op, step } => return self.apply(op, step, deadline).map(Response::Step),
            Request::Verify { op, step } => return self.verify(op, step, deadline).map(Response::Step),
            Request::Revert { op, step } => return self.revert(op, step, deadline).map(Response::Step),
            Request::Settle { op } => self.settle(op)?,
            Request::Arm { op, seconds } => self.arm(op, seconds, deadline)?,
            Request::Confirm { op } => arm::confirm(&context(&self.paths, op, "", deadline))?,
            Request::Finish { op, end } => self.finish(op, end, deadline)?,
            Request::History { op, limit } => {
                let operations = self.history(op, limit)?;
                return Ok(Response::History { operations });
            }
            Request::Probe { action } => return network::look(&action, deadline).map(Response::Step),
            Request::WhoHas { vips } => {
                let seen = probe::who_has(&vips, probe::PROBE_TRIES, probe::PROBE_WAIT)?;
                return Ok(Response::Holders { seen });
            }
            Request::Read { path } => return file::image(Path::new(&path)).map(Response::File),
            Request::Backups => {
                let backups = backups::list(&self.paths)?;
                return Ok(Response::Backups { backups });
            }
            Request::Prune { paths } => {
                self.locked()?;
                backups::prune(&self.paths, &paths)?;
            }
            Request::State => {
                let state = state::read(&self.paths)?;
                return Ok(Response::State { state });
            }
            Request::Reach { target, timeout_ms } => {
                let timeout =
                    Duration::from_millis(timeout_ms).min(deadline.saturating_duration_since(Instant::now()));
                let rtt_us = probe::ping(target, timeout)?.map(micros);
                return Ok(Response::Reached { rtt_us });
            }
            Request::Watch { target, port, hz } => {
                self.watch = Some(Watch::start(SocketAddr::new(target, port), hz)?);
            }
            Request::Watched => return self.watched(),
        }
        Ok(Response::Done)
    }

    /// When the armed changes are due to be taken back.
    pub fn due(&self) -> Option<Instant> {
        self.armed.map(|(_, due)| due)
    }

    /// Takes unconfirmed armed changes back: their time is up, or the controller is gone.
    pub fn fire(&mut self, deadline: Instant) -> Result<()> {
        let Some((op, _)) = self.armed.take() else {
            return Ok(());
        };
        let paths = self.paths.clone();
        self.open(op)?;
        let Some(journal) = &mut self.journal else {
            return Ok(());
        };
        if arm::fire(&paths, journal, &mut self.gate)? {
            arm::stop(&context(&paths, op, "", deadline))?;
        }
        Ok(())
    }

    fn facts(&self, query: &FactsQuery, deadline: Instant) -> Facts {
        let mut facts = crate::facts::gather(query, deadline);
        match lock::holder(&self.paths) {
            Ok(holder) => facts.lock = holder.map(|holder| holder.owner),
            Err(error) => facts.gaps.push(error.to_string()),
        }
        match journal::newest_first(&self.paths).map(|mut logs| logs.next().transpose()) {
            Ok(Ok(newest)) => {
                facts.last_operation = newest.map(|log| (log.op, log.plan.title, log.end.is_none()));
            }
            Ok(Err(error)) | Err(error) => facts.gaps.push(error.to_string()),
        }
        for path in &query.files {
            match file::image(Path::new(path)) {
                Ok(image) => facts.files.push(image),
                Err(error) => facts.gaps.push(error.to_string()),
            }
        }
        facts
    }

    fn take_lock(&mut self, owner: &LockOwner) -> Result<()> {
        if self.lock.is_none() {
            self.lock = Some(Lock::take(&self.paths, owner)?);
        }
        Ok(())
    }

    fn locked(&self) -> Result<()> {
        match self.lock {
            Some(_) => Ok(()),
            None => Err(Error::bug("a change was asked for without the pair's lock")),
        }
    }

    /// Idempotent: a controller that lost the answer asks again.
    fn begin(&mut self, op: OpId, tag: String, owner: LockOwner, plan: Plan) -> Result<()> {
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
    fn open(&mut self, op: OpId) -> Result<&mut Journal> {
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

    fn prepare(&mut self, op: OpId, ids: &[StepId], deadline: Instant) -> Result<()> {
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

    fn apply(&mut self, op: OpId, id: StepId, deadline: Instant) -> Result<StepReport> {
        let paths = self.paths.clone();
        let (action, found, place, dark, tag) = self.prepared(op, id)?;
        if self.open(op)?.log().timer == Timer::Fired {
            return Err(arm::fired(op));
        }
        let context = context(&paths, op, &tag, deadline);
        if place == StepPlace::Done && step::leaves_no_trace(&action) {
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
        let result = step::apply(&context, &mut self.gate, &action, &found);
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
    fn verify(&self, op: OpId, id: StepId, deadline: Instant) -> Result<StepReport> {
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

    fn revert(&mut self, op: OpId, id: StepId, deadline: Instant) -> Result<StepReport> {
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

    /// A step of an open operation with what it found.
    fn prepared(&mut self, op: OpId, id: StepId) -> Result<(Action, Found, StepPlace, bool, String)> {
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

    fn settle(&mut self, op: OpId) -> Result<()> {
        let entries = std::mem::take(&mut self.unsettled);
        self.open_to_change(op)?.record(entries)
    }

    fn arm(&mut self, op: OpId, seconds: u32, deadline: Instant) -> Result<()> {
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

    fn finish(&mut self, op: OpId, end: End, deadline: Instant) -> Result<()> {
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
        let context = context(&paths, op, &journal.log().tag, deadline);
        step::sweep(&context, journal.log())?;
        journal.record(vec![Entry::Finished { end }])?;
        self.armed = None;
        if timer == Timer::Armed {
            arm::stop(&self::context(&paths, op, "", deadline))?;
        }
        Ok(())
    }

    fn history(&self, op: Option<OpId>, limit: u32) -> Result<Vec<Operation>> {
        match op {
            Some(op) => Ok(journal::read(&self.paths, op)?
                .into_iter()
                .map(journal::Log::into_operation)
                .collect()),
            None => journal::newest_first(&self.paths)?
                .take(usize::try_from(limit).unwrap_or(usize::MAX))
                .map(|log| log.map(journal::Log::into_operation))
                .collect(),
        }
    }

    fn watched(&mut self) -> Result<Response> {
        let watch = self
            .watch
            .take()
            .ok_or_else(|| Error::bug("nothing is being watched"))?;
        let seen = watch.stop()?;
        Ok(Response::Watched {
            sent: seen.sent,
            answered: seen.answered,
            dark_us: micros(seen.dark),
        })
    }
}

fn context<'c>(paths: &'c NodePaths, op: OpId, tag: &'c str, deadline: Instant) -> Context<'c> {
    Context {
        paths,
        op,
        tag,
        deadline,
    }
}

fn no_such_operation(op: OpId) -> Error {
    Error::refused("no_such_operation", format!("this node has no operation {op}"))
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

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
