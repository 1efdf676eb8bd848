//! From answers to a plan: which facts are needed, and which planner is asked.

use super::Controller;
use super::facts::{all, gather};
use crate::config::Profile;
use crate::engine::Session;
use crate::error::{Error, Result};
use crate::facts::FactsQuery;
use crate::intent::{self, Answers, Operation};
use crate::model::{Pair, Side};
use crate::plan::{self, Basis, Plan};
use std::sync::Arc;

/// A plan with all that is needed to make it again.
#[derive(Debug, Clone)]
pub struct Review {
    /// The operation.
    pub operation: Operation,
    /// Completed answers.
    pub answers: Answers,
    /// The pair as it will be.
    pub pair: Arc<Pair>,
    /// What will be done.
    pub plan: Plan,
}

impl Controller {
    /// Completes the answers, asks the nodes, and plans. Changes nothing.
    pub fn plan(&self, operation: Operation, answers: &Answers) -> Result<Review> {
        let answers = self.form(operation, None)?.complete(answers)?;
        let (pair, sides) = self.scope(operation, &answers)?;
        let (mut session, faults) = self.connect(&pair, operation.verb(), &sides);
        if let Some(fault) = [faults.primary, faults.secondary].into_iter().flatten().next() {
            return Err(fault);
        }
        self.plan_in(&mut session, operation, &answers)
    }

    /// The pair to connect to and the sides that take part.
    pub(super) fn scope(&self, operation: Operation, answers: &Answers) -> Result<(Arc<Pair>, Vec<Side>)> {
        if operation == Operation::Configure {
            let present = self.pair();
            let intent = intent::configure::resolve(answers, present.as_deref())?;
            return Ok((Arc::new(intent.pair), Side::BOTH.to_vec()));
        }
        let sides = match operation {
            Operation::Takeover => {
                let intent = intent::takeover::resolve(answers)?;
                if intent.peer_lost {
                    vec![intent.to]
                } else {
                    Side::BOTH.to_vec()
                }
            }
            _ => Side::BOTH.to_vec(),
        };
        Ok((self.need_pair()?, sides))
    }

    /// Plans over an open session.
    pub(super) fn plan_in(
        &self,
        session: &mut Session,
        operation: Operation,
        answers: &Answers,
    ) -> Result<Review> {
        let (pair, sides) = self.scope(operation, answers)?;
        let profile = self.profile(&pair)?;
        if let Operation::Undo(op) = operation {
            return self.plan_undo(session, op, answers);
        }
        let present = self.pair();
        let facts = all(gather(session, &sides, |side| {
            query(
                operation,
                &pair,
                present.as_deref(),
                &profile,
                side,
                self.options.dry_run,
            )
        }))?;
        let both = facts.as_ref().map(|_, facts| facts.as_ref());
        let basis = Basis {
            pair: &pair,
            profile: &profile,
            facts: both,
        };
        let (pair, plan) = match operation {
            Operation::Takeover => {
                let intent = intent::takeover::resolve(answers)?;
                let plan = plan::takeover::plan(&plan::takeover::TakeoverInput { basis, intent })?;
                (Arc::clone(&pair), plan)
            }
            Operation::Traffic => {
                let plan = plan::traffic::plan(&basis, intent::traffic::resolve(answers)?)?;
                (Arc::clone(&pair), plan)
            }
            Operation::Restart => {
                let sides = intent::restart::resolve(answers).sides;
                (Arc::clone(&pair), plan::restart::plan(&pair, both, &sides)?)
            }
            Operation::Configure | Operation::Settings => {
                self.plan_configure(session, operation, answers, &pair, &basis)?
            }
            Operation::Reverse | Operation::Remove | Operation::Undo(_) => {
                return Err(Error::bug("an undo is planned from the journals"));
            }
        };
        Ok(Review {
            operation,
            answers: answers.clone(),
            pair,
            plan,
        })
    }
}

fn query(
    operation: Operation,
    pair: &Pair,
    present: Option<&Pair>,
    profile: &Profile,
    side: Side,
    dry_run: bool,
) -> FactsQuery {
    let ensure_node_key = !dry_run && matches!(operation, Operation::Configure | Operation::Settings);
    FactsQuery {
        ensure_node_key,
        ..plan::configure::query(pair, present, profile, side)
    }
}
