//! Operations that give way to others (see [`Plan::gives_way`](crate::plan::Plan::gives_way)): closing
//! one that was interrupted, so that it is in nobody's way, and leaving one that was told to stop.

use super::deadline;
use super::long::Long;
use super::recover::OpenOperation;
use super::run::{Direction, Run, Verdict};
use super::session::Session;
use crate::agent::protocol::{End, Request, Response};
use crate::error::{Error, Kind, Result};
use crate::model::{Cancel, Side};
use crate::plan::{Step, StepPlace};
use std::time::Duration;

/// Writing one wish on a node.
const WISH: Duration = Duration::from_secs(5);

/// Asks whoever holds the locks to give way to `to`. True when somebody will.
pub fn ask_for_way(session: &mut Session, to: &str) -> bool {
    let up = session.up();
    let answers = session.each(&up, |node| node.ask(Request::GiveWay { to: to.to_owned() }, WISH));
    answers.iter().any(|(_, answer)| matches!(answer, Some(Ok(_))))
}

/// Closes an operation that gives way and was interrupted, on every node that can be asked: what is whole
/// stays, the rest is taken back. A node where that fails is no reason to wait either.
pub fn clear(session: &mut Session, open: &OpenOperation) -> Result<()> {
    let places = |step: &Step| {
        let placed = open.places[step.side].iter().find(|(id, _)| *id == step.id);
        placed.map_or(StepPlace::Waiting, |(_, place)| *place)
    };
    let whole = open.plan.steps().all(|step| places(step) == StepPlace::Done);
    let keep = whole || open.decided == Some(Direction::Forward);
    for side in session.up() {
        let mut end = if keep { End::Committed } else { End::RolledBack };
        let steps: Vec<&Step> = open.plan.steps().filter(|step| step.side == side).collect();
        for step in steps.into_iter().rev().filter(|_| !keep) {
            let begun = !matches!(places(step), StepPlace::Waiting | StepPlace::Reverted);
            if begun && revert(session, open, step).is_err() {
                end = End::Abandoned;
            }
        }
        let finish = Request::Finish { op: open.op, end };
        match session.ask(side, finish, deadline::BOOKKEEPING) {
            Err(error) if !matches!(error.code.as_str(), "no_such_operation" | "op_finished") => {
                return Err(error);
            }
            _ => {}
        }
    }
    Ok(())
}

fn revert(session: &mut Session, open: &OpenOperation, step: &Step) -> Result<()> {
    let long = Long {
        op: open.op,
        cancel: &Cancel::default(),
        told: &|_| {},
        warned: &|_| {},
    };
    let request = Request::Revert {
        op: open.op,
        step: step.id,
    };
    let mut ask =
        |request| -> Result<Response> { session.ask(step.side, request, deadline::of(&step.action)) };
    long.carry(&mut ask, &request).map(drop)
}

impl Run<'_, '_> {
    /// A node was asked to give way, has taken back its part and gave up its lock. Whatever other node
    /// was not asked is told to do the same; one that cannot be told is no obstacle to anybody.
    pub(super) fn leave(&mut self, why: Error) -> Verdict {
        let steps: Vec<(Side, Request)> = self
            .plan
            .steps()
            .map(|step| {
                let request = Request::Revert {
                    op: self.op,
                    step: step.id,
                };
                (step.side, request)
            })
            .collect();
        for (side, request) in steps.into_iter().rev() {
            drop(self.session.ask(side, request, deadline::BOOKKEEPING));
        }
        for side in self.sides.clone() {
            let request = Request::Finish {
                op: self.op,
                end: End::RolledBack,
            };
            drop(self.session.ask(side, request, deadline::BOOKKEEPING));
        }
        Verdict::RolledBack(why.with_kind(Kind::RolledBack))
    }
}
