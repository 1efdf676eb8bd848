//! From a reviewed plan to a report: lock, look again, run, save.

use super::locking::lock_patiently;
use super::looking::Looking;
use super::planning::{Review, barring, dispensable};
use super::recovery::refuse_unfinished;
use super::{Cancel, Controller, Ended, identity, names, outage};
use crate::agent::protocol::End;
use crate::engine::{
    Direction, Listener, OpenOperation, Progress, Record, Recorder, Run, Session, Verdict, next_op,
};
use crate::error::{Error, Kind, Result};
use crate::intent::{Answers, Operation};
use crate::model::{OpId, Pair, Side};
use crate::plan::{Action, Plan};
use crate::report::{Outcome, Report, save};

impl Controller {
    /// Carries out a reviewed plan. Under the lock everything is looked at and planned once more: when
    /// that gives another plan, the reviewed one is stale and refused.
    pub fn apply(&self, review: &Review, listener: &mut dyn Listener, cancel: &Cancel) -> Result<Ended> {
        let (_, sides) = self.scope(review.operation, &review.answers)?;
        let mut session = self.locked(
            &review.pair,
            &review.plan.operation,
            &sides,
            dispensable(review.operation),
            Looking::quietly(cancel),
        )?;
        self.log_in_ahead(&mut session, &review.pair, review.operation);
        refuse_unfinished(&mut session, review.operation)?;
        let now = self.plan_in(
            &mut session,
            review.operation,
            &review.answers,
            Looking::quietly(cancel),
        )?;
        if now.plan.stages != review.plan.stages || now.plan.facts != review.plan.facts {
            return Err(Error::refused(
                "plan_stale",
                "the nodes are not as they were when this plan was made",
            )
            .hint("look at the new plan and confirm that one"));
        }
        self.run_new(&mut session, &now, listener, cancel)
    }

    /// Plans and carries out at once, under one lock; for callers who need no review.
    /// `before` sees the plan before the first change and may refuse it.
    pub fn plan_and_apply(
        &self,
        operation: Operation,
        answers: &Answers,
        listener: &mut dyn Listener,
        looking: Looking<'_>,
        before: impl FnOnce(&Review) -> Result<()>,
    ) -> Result<Option<Ended>> {
        let cancel = looking.cancel;
        let (pair, sides) = self.scope(operation, answers)?;
        let mut session = self.locked(&pair, operation.verb(), &sides, dispensable(operation), looking)?;
        self.log_in_ahead(&mut session, &pair, operation);
        if let Some(ended) = self.finish_unfinished(&mut session, &pair, operation, listener, cancel)? {
            return Ok(Some(ended));
        }
        let review = self.plan_in(&mut session, operation, answers, looking)?;
        before(&review)?;
        if review.plan.is_empty() {
            return Ok(None);
        }
        self.run_new(&mut session, &review, listener, cancel).map(Some)
    }

    /// A session with every side of `sides` reached and locked that is not dispensable, or the first reason
    /// why not.
    pub(super) fn locked(
        &self,
        pair: &Pair,
        operation: &str,
        sides: &[Side],
        dispensable: &[Side],
        looking: Looking<'_>,
    ) -> Result<Session> {
        let (mut session, faults) = self.connect(pair, operation, sides, looking.cancel)?;
        if let Some(error) = barring(faults, dispensable) {
            return Err(error);
        }
        lock_patiently(&mut session, looking)?;
        Ok(session)
    }

    fn run_new(
        &self,
        session: &mut Session,
        review: &Review,
        listener: &mut dyn Listener,
        cancel: &Cancel,
    ) -> Result<Ended> {
        if review.operation == Operation::Remove {
            self.keep_answers(&review.pair)?;
        }
        let journals = self.journals(&review.pair);
        let op = next_op(session, journals.newest())?;
        let record = record(op, &review.pair, identity::backup_tag(), session, &review.plan);
        let ended = self.run(session, &review.pair, &record, listener, cancel, |mut run| {
            run.begin(&record.tag)?;
            Ok(run.forward())
        })?;
        if ended.outcome == Outcome::Done {
            self.adopt(session, &review.plan)?;
        }
        Ok(ended)
    }

    /// Goes on with, or takes back, what an interrupted run left.
    pub(super) fn run_open(
        &self,
        session: &mut Session,
        pair: &Pair,
        open: &OpenOperation,
        direction: Direction,
        listener: &mut dyn Listener,
        cancel: &Cancel,
    ) -> Result<Ended> {
        let counts = |step| direction == Direction::Forward || open.touched(step);
        self.another_way_in(session, pair, &open.plan, direction, counts)
            .map_err(|error| error.with_kind(Kind::Incomplete))?;
        let record = record(open.op, pair, open.tag.clone(), session, &open.plan);
        self.run(session, pair, &record, listener, cancel, |run| {
            let mut run = run.continuing(open);
            run.begin(&open.tag)
                .map_err(|error| error.with_kind(Kind::Incomplete))?;
            Ok(match direction {
                Direction::Forward => run.forward(),
                Direction::Back => run.backward(),
            })
        })
    }

    fn run(
        &self,
        session: &mut Session,
        pair: &Pair,
        record: &Record,
        listener: &mut dyn Listener,
        cancel: &Cancel,
        go: impl FnOnce(Run<'_, '_>) -> Result<Verdict>,
    ) -> Result<Ended> {
        session.carries_out();
        let mut recorder = Recorder::new(listener);
        recorder.open(&self.journals(pair).path(record.op), record)?;
        let watch = moves_vips(&record.plan)
            .then(|| outage::Watch::start(pair, &self.profile(pair).ok()?))
            .flatten();
        let verdict = go(Run::new(session, &mut recorder, cancel, record.op, &record.plan));
        for (target, dark_us) in watch.map(outage::Watch::stop).unwrap_or_default() {
            recorder.emit(Progress::Outage { target, dark_us });
        }
        let verdict = verdict?;
        if let Some(fault) = recorder.fault().cloned() {
            recorder.emit(Progress::Remark {
                text: fault.to_string(),
            });
        }
        Ok(self.conclude(pair, record, &recorder, verdict))
    }

    fn conclude(&self, pair: &Pair, record: &Record, recorder: &Recorder<'_>, verdict: Verdict) -> Ended {
        // An operation that was interrupted has earlier events in the same journal.
        let stored = self.journals(pair).read(record.op);
        let events = stored.map_or_else(|_| recorder.events().to_vec(), |stored| stored.events);
        let report = Report::new(record, &events);
        let saved = save(&self.options.report_dir, &report);
        let (outcome, error) = match verdict {
            Verdict::Committed => (Outcome::Done, None),
            Verdict::RolledBack(error) => (Outcome::RolledBack, Some(error)),
            Verdict::Open(error) => (Outcome::Incomplete, Some(error)),
            Verdict::Unknown(error) => (Outcome::Unknown, Some(error)),
        };
        Ended {
            outcome,
            error,
            report,
            saved,
        }
    }
}

fn record(op: OpId, pair: &Pair, tag: String, session: &Session, plan: &Plan) -> Record {
    Record {
        op,
        pair: pair.name.clone(),
        nodes: plan.hosts(|| names(pair)),
        tag,
        owner: session.owner().clone(),
        plan: plan.clone(),
    }
}

/// Taking VIPs off a side that serves is what makes calls dark, and that side is blocked with it; a first
/// bring-up, which only makes sure that nobody holds them, interrupts nobody.
fn moves_vips(plan: &Plan) -> bool {
    let moves = |action: &Action| matches!(action, Action::Release { block: Some(_), .. });
    plan.steps().any(|step| moves(&step.action))
}

/// The end that a node's journal is given for an outcome.
pub(super) const fn end_of(outcome: Outcome) -> Option<End> {
    match outcome {
        Outcome::Done => Some(End::Committed),
        Outcome::RolledBack => Some(End::RolledBack),
        Outcome::Incomplete | Outcome::Unknown => None,
    }
}
