//! The agent's side of one conversation: what each request means, and what is remembered from one
//! request to the next.

mod examine;
mod give_way;
mod long;
mod looking;
mod operation;

use super::arm;
use super::data;
use super::data::mirror::{Ahead, Peer};
use super::file;
use super::job::{Job, StepWork, Way};
use super::journal::{self, Entry, Journal};
use super::lease;
use super::link_rate;
use super::lock::{self, Lock};
use super::meter;
use super::paths::NodePaths;
use super::protocol::{LockOwner, Operation, Request, Response, StepReport};
use super::step::Context;
use super::traffic::Gate;
use super::watch::Watch;
use super::{alarm, backups, network, reaction, state, work};
use crate::error::{Error, Result};
use crate::facts::{Facts, FactsQuery};
use crate::model::OpId;
use crate::priority::Priority;
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
    /// The step that is going on, if it takes long.
    job: Option<Job<StepWork, StepReport>>,
    /// The look at a load that is going on.
    looking: Option<looking::Looking>,
    /// The mirror that is being read again.
    examination: Option<Job<String, StepReport>>,
    /// The login for a copy that is being planned or done.
    ahead: Option<Ahead>,
    /// Why this agent does nothing more for its controller.
    gave_way: Option<Error>,
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
            job: None,
            looking: None,
            examination: None,
            ahead: None,
            gave_way: None,
        }
    }

    /// Answers one request.
    pub fn answer(&mut self, request: Request, deadline: Instant) -> Result<Response> {
        // Of those who call only the one with the lock is the controller of what is on a lease here.
        if self.lock.is_some() {
            lease::heard(&self.paths);
        }
        self.look_around();
        self.not_given_way(&request)?;
        match request {
            Request::Ping => {}
            Request::Facts(query) => return Ok(Response::Facts(Box::new(self.facts(&query, deadline)))),
            Request::Lock { owner } => self.take_lock(&owner)?,
            Request::GiveWay { to } => lock::ask_to_give_way(&self.paths, &to)?,
            Request::LogInAhead(peer) => self.log_in_ahead(&peer)?,
            Request::Unlock => self.unlock()?,
            Request::Begin { op, tag, owner, plan } => self.begin(op, tag, owner, plan)?,
            Request::Prepare { op, steps } => self.prepare(op, &steps, deadline)?,
            Request::Apply { op, step } => return self.advance(op, step, Way::Forth, deadline),
            Request::Verify { op, step } => return self.verify(op, step, deadline).map(Response::Step),
            Request::Revert { op, step } => return self.advance(op, step, Way::Back, deadline),
            Request::Stop { op } => self.stop(op),
            Request::Preview(_) | Request::Search(_) | Request::Explain(_) => return self.look(request),
            Request::Settle { op } => self.settle(op)?,
            Request::Keep { op } => self.keep(op)?,
            Request::Arm { op, seconds } => self.arm(op, seconds, deadline)?,
            Request::Confirm { op } => arm::confirm(&context(&self.paths, op, "", deadline))?,
            Request::Finish { op, end } => self.finish(op, end, deadline)?,
            Request::History { op, limit } => {
                let operations = self.history(op, limit)?;
                return Ok(Response::History { operations });
            }
            Request::React { mode, standby } => {
                let told = reaction::try_out(&self.paths, mode, mode.code(standby), deadline)?;
                if told.failed {
                    let hint = "run it by hand on the node with `active` or `passive` and a number";
                    return Err(Error::incomplete("reaction_failed", told.detail).hint(hint));
                }
                return Ok(Response::Step(told.report()));
            }
            Request::Alarm { name, raise } => {
                let outcome = if raise {
                    alarm::test(&self.paths, &name, deadline)?
                } else {
                    alarm::clear(&self.paths, &name, deadline)?
                };
                let told = reaction::Told::of(vec![outcome], "");
                if told.failed {
                    return Err(Error::incomplete("reaction_failed", told.detail)
                        .hint("mend the program, or what the alarm needs, on the node"));
                }
                return Ok(Response::Step(told.report()));
            }
            Request::Probe { action } => return network::look(&action, deadline).map(Response::Step),
            Request::WhoHas { vips } => {
                let seen = probe::who_has(&vips, probe::PROBE_TRIES, probe::PROBE_WAIT)?;
                return Ok(Response::Holders { seen });
            }
            Request::Examine { mirror, source } => return self.examine(mirror, source),
            Request::Read { path } => return file::image(Path::new(&path)).map(Response::File),
            Request::Rows(query) => {
                let tables = data::rows(self.paths.search(), &query, deadline)?;
                return Ok(Response::Rows { tables });
            }
            Request::LinkRate => {
                let bytes_s = link_rate::measure(deadline)?;
                return Ok(Response::LinkRate { bytes_s });
            }
            Request::Blob { bytes } => {
                return Ok(Response::Blob {
                    text: link_rate::blob(bytes),
                });
            }
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

    /// The controller is gone: keeps what it did not wait for, and takes back what it did not confirm.
    pub fn close(&mut self, deadline: Instant) -> Result<()> {
        if let Some(lock) = &mut self.lock {
            lock.leave();
        }
        self.end_job(None)?;
        self.withdraw(deadline)?;
        let kept = match &mut self.journal {
            Some(journal) => journal.record(std::mem::take(&mut self.unsettled)),
            None => Ok(()),
        };
        self.fire(deadline).and(kept)
    }

    /// Takes unconfirmed armed changes back: their time is up, or the controller is gone.
    pub fn fire(&mut self, deadline: Instant) -> Result<()> {
        let Some((op, _)) = self.armed.take() else {
            return Ok(());
        };
        // What is still being done would be done beside its own way back.
        self.end_job(None)?;
        let paths = self.paths.clone();
        self.open(op)?;
        let Some(journal) = &mut self.journal else {
            return Ok(());
        };
        if arm::fire(&paths, journal, &mut self.gate, arm::Occasion::Running)? {
            arm::stop(&context(&paths, op, "", deadline))?;
        }
        Ok(())
    }

    fn facts(&self, query: &FactsQuery, deadline: Instant) -> Facts {
        let calls_first = Priority::leisurely();
        let mut facts = crate::facts::gather(query, deadline);
        drop(calls_first);
        match lock::holder(&self.paths) {
            Ok(holder) => {
                facts.work = holder.as_ref().and_then(|_| work::read(&self.paths));
                facts.lock_left = holder.as_ref().is_some_and(|holder| holder.left);
                facts.lock = holder.map(|holder| holder.owner);
            }
            Err(error) => facts.gaps.push(error.to_string()),
        }
        match journal::newest_first(&self.paths).map(|mut logs| logs.next().transpose()) {
            Ok(Ok(newest)) => {
                facts.last_operation = newest.map(|log| {
                    let bars = log.end.is_none() && !log.plan.gives_way();
                    (log.op, log.plan.title, bars)
                });
            }
            Ok(Err(error)) | Err(error) => facts.gaps.push(error.to_string()),
        }
        facts.state_obstacle = state::check_replaceable(&self.paths).err();
        (facts.alarms, facts.alarm_faults) = alarm::look(&self.paths);
        facts.reactions = reaction::files(&self.paths);
        match data::ledger::read(&self.paths) {
            Ok(ledger) => {
                if let Some(data) = &mut facts.data {
                    data.loaded = ledger.newest().map(|loaded| loaded.mirror.clone());
                }
                facts.loaded = ledger;
            }
            Err(error) => facts.gaps.push(error.to_string()),
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
            lease::heard(&self.paths);
        }
        Ok(())
    }

    fn unlock(&mut self) -> Result<()> {
        self.end_job(None)?;
        self.journal = None;
        self.ahead = None;
        self.lock = None;
        Ok(())
    }

    fn log_in_ahead(&mut self, peer: &Peer) -> Result<()> {
        self.locked()?;
        // The one before ends first.
        self.ahead = None;
        self.ahead = Some(Ahead::begin(&self.paths, peer)?);
        Ok(())
    }

    fn locked(&self) -> Result<()> {
        match self.lock {
            Some(_) => Ok(()),
            None => Err(Error::bug("a change was asked for without the pair's lock")),
        }
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
        meter: &meter::UNREAD,
    }
}

fn no_such_operation(op: OpId) -> Error {
    Error::refused("no_such_operation", format!("this node has no operation {op}"))
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
