//! Planning an undo from what the nodes' journals say of the operation.

use super::Controller;
use super::looking::Looking;
use super::planning::Review;
use super::remembered::{self, remembered};
use crate::agent::protocol::{End, Request};
use crate::engine::{Direction, Session, oriented};
use crate::error::{Error, Result};
use crate::intent::{Answers, Operation};
use crate::model::{BySide, OpId, Pair, Side};
use crate::plan::{self, Plan, StepId, StepPlace};
use std::sync::Arc;
use std::time::Duration;

/// Reading one step back from a node.
const READ: Duration = Duration::from_secs(20);

impl Controller {
    /// Undo of what moved traffic is the same operation the other way, planned afresh with all its
    /// checks; undo of anything else takes back step by step.
    pub(super) fn plan_undo(
        &self,
        session: &mut Session,
        pair: Arc<Pair>,
        op: OpId,
        answers: &Answers,
        looking: Looking<'_>,
    ) -> Result<Review> {
        let (undone, reversed) = committed(session, op)?;
        if undone.server().is_some() {
            let message = format!("operation {op} was done on one server, before it had a pair");
            return Err(Error::refused("before_the_pair", message)
                .hint("block and allow a side of the pair with `pairadm traffic`"));
        }
        let today = |key: &str| -> Result<Side> {
            let then: Side = asked(&undone, key).parse().map_err(|_| damaged(op))?;
            Ok(if reversed { then.other() } else { then })
        };
        let mut again = Answers::default();
        let inverse = match undone.operation.as_str() {
            "takeover" => {
                again.set("to", today("to")?.other().as_str());
                Some(Operation::Takeover)
            }
            "traffic" => {
                again.set(
                    "action",
                    if asked(&undone, "action") == "block" {
                        "allow"
                    } else {
                        "block"
                    },
                );
                again.set("side", today("side")?.as_str());
                again.set("override", "yes");
                Some(Operation::Traffic)
            }
            "reverse" => Some(Operation::Reverse),
            _ => None,
        };
        if let Some(inverse) = inverse {
            let mut review = self.plan_in(session, inverse, &again, looking)?;
            review.plan.title = format!("undo operation {op}: {}", review.plan.title);
            review.plan.asked.push((plan::UNDOES.to_owned(), op.to_string()));
            review.operation = Operation::Undo(op);
            review.answers = answers.clone();
            return Ok(review);
        }
        session.need(&undone.sides)?;
        let conflicts = conflicts(session, op, &undone)?;
        let plan = plan::undo::plan(op, &undone, &conflicts)?;
        self.another_way_in(session, &pair, &plan, Direction::Forward, |_| true)?;
        Ok(Review {
            operation: Operation::Undo(op),
            answers: answers.clone(),
            pair,
            plan,
        })
    }
}

/// The plan of a committed operation on today's sides, and whether the roles were reversed since.
fn committed(session: &mut Session, op: OpId) -> Result<(Plan, bool)> {
    let told_by = remembered::all(remembered(session, Some(op), 1)?)?;
    let mut places = BySide::<Vec<(StepId, StepPlace)>>::default();
    let mut told = None;
    for (side, operations) in [
        (Side::Primary, told_by.primary),
        (Side::Secondary, told_by.secondary),
    ] {
        let Some(operation) = operations.into_iter().next() else {
            continue;
        };
        refuse_uncommitted(op, operation.end)?;
        places[side] = operation.places;
        told = Some(operation.plan);
    }
    if told.is_none() {
        // One that was not asked may know it.
        session.need(&Side::BOTH)?;
    }
    let told = told.ok_or_else(|| {
        Error::refused("no_such_operation", format!("no node knows operation {op}"))
            .hint("pairadm history lists the operations")
    })?;
    let plan = oriented(told.clone(), &places);
    let reversed = plan != told;
    Ok((plan, reversed))
}

fn refuse_uncommitted(op: OpId, end: Option<End>) -> Result<()> {
    match end {
        Some(End::Committed) => Ok(()),
        Some(_) => Err(Error::refused(
            "not_done",
            format!("operation {op} was not carried out to its end"),
        )
        .hint("there is nothing to undo")),
        None => Err(
            Error::incomplete("unfinished", format!("operation {op} is unfinished")).hint(format!(
                "pairadm resume {op} goes on; pairadm undo {op} takes it back"
            )),
        ),
    }
}

fn asked<'p>(plan: &'p Plan, key: &str) -> &'p str {
    plan.asked
        .iter()
        .find(|(known, _)| known == key)
        .map_or("", |(_, value)| value.as_str())
}

fn damaged(op: OpId) -> Error {
    let message = format!("the journals do not say what was asked of operation {op}");
    Error::unknown("journal_damaged", message)
}

/// Steps whose result is no longer there, as each node reads it back.
fn conflicts(session: &mut Session, op: OpId, undone: &Plan) -> Result<Vec<(Side, StepId, Error)>> {
    let mut found = Vec::new();
    for step in undone.steps().filter(|step| plan::undo::has_effect(&step.action)) {
        match session.ask(step.side, Request::Verify { op, step: step.id }, READ) {
            Ok(_) => {}
            Err(error) if error.code == "changed_since" => found.push((step.side, step.id, error)),
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}
