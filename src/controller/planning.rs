//! From answers to a plan: which facts are needed, and which planner is asked.

use super::facts::{all, gather};
use super::failing_back::plan_failback_copy;
use super::loading::{plan_failback_load, plan_load, plan_rollback};
use super::looking::Looking;
use super::remembered::{self, remembered};
use super::scheduling::plan_schedule;
use super::syncing::plan_sync;
use super::{Controller, Seen};
use crate::config::Profile;
use crate::engine::Session;
use crate::error::{Error, Result};
use crate::facts::FactsQuery;
use crate::intent::{self, Answers, Operation};
use crate::model::{BySide, Pair, Side};
use crate::plan::{self, Basis, Plan};
use std::sync::Arc;

/// A plan with all that is needed to make it again.
#[derive(Debug, Clone)]
pub struct Review {
    /// The operation.
    pub operation: Operation,
    /// Completed answers.
    pub answers: Answers,
    /// The pair as it was dialled: as it is, or for `configure` as it was answered.
    pub pair: Arc<Pair>,
    /// What will be done.
    pub plan: Plan,
}

impl Controller {
    /// Completes the answers, asks the nodes, and plans. Changes nothing.
    pub fn plan(&self, operation: Operation, answers: &Answers, looking: Looking<'_>) -> Result<Review> {
        let answers = self.form(operation, Seen::default())?.complete(answers)?;
        let (pair, sides) = self.scope(operation, &answers)?;
        let (mut session, faults) = self.connect(&pair, operation.verb(), &sides, looking.cancel)?;
        if let Some(fault) = barring(faults, dispensable(operation)) {
            return Err(fault);
        }
        self.plan_in(&mut session, operation, &answers, looking)
    }

    /// The pair to connect to and the sides that take part.
    pub(super) fn scope(&self, operation: Operation, answers: &Answers) -> Result<(Arc<Pair>, Vec<Side>)> {
        if operation == Operation::Configure {
            let intent = intent::configure::resolve(answers, self.last_pair().as_deref())?;
            return Ok((Arc::new(intent.pair), Side::BOTH.to_vec()));
        }
        if self.is_alone(operation) {
            return Ok((self.alone(answers)?, vec![plan::alone::SERVER]));
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
            Operation::Backup => vec![intent::backup::resolve(answers)?.side],
            _ => Side::BOTH.to_vec(),
        };
        let pair = match operation {
            Operation::Undo(_) => self.last_pair().ok_or_else(|| self.no_pair())?,
            Operation::Remove => self.pair_at_work()?,
            _ => self.need_pair()?,
        };
        // What the answers and the files alone can refuse is refused before a node is asked.
        self.profile(&pair)?;
        match operation {
            Operation::Settings => drop(intent::settings::resolve(answers, &pair)?),
            Operation::Remove => intent::remove::resolve(answers)?,
            Operation::Traffic => drop(intent::traffic::resolve(answers)?),
            _ => {}
        }
        Ok((pair, sides))
    }

    /// Plans over an open session.
    pub(super) fn plan_in(
        &self,
        session: &mut Session,
        operation: Operation,
        answers: &Answers,
        looking: Looking<'_>,
    ) -> Result<Review> {
        let (pair, sides) = self.scope(operation, answers)?;
        if self.is_alone(operation) {
            return self.plan_alone(session, answers, pair);
        }
        let needed = sides.iter().filter(|side| !dispensable(operation).contains(side));
        session.need(&needed.copied().collect::<Vec<_>>())?;
        let profile = self.profile(&pair)?;
        if let Operation::Undo(op) = operation {
            return self.plan_undo(session, pair, op, answers, looking);
        }
        let present = self.pair();
        let sides: Vec<Side> = sides
            .into_iter()
            .filter(|&side| session.is_up(side) || !dispensable(operation).contains(&side))
            .collect();
        let facts = all(gather(session, &sides, |side| {
            query(
                operation,
                &pair,
                present.as_deref(),
                &profile,
                side,
                self.options.dry_run,
            )
        })?)?;
        let both = facts.as_ref().map(|_, facts| facts.as_ref());
        let basis = Basis {
            pair: &pair,
            profile: &profile,
            facts: both,
        };
        let plan = match operation {
            Operation::Takeover => {
                let intent = intent::takeover::resolve(answers)?;
                plan::takeover::plan(&plan::takeover::TakeoverInput { basis, intent })?
            }
            Operation::Traffic => plan::traffic::plan(&basis, intent::traffic::resolve(answers)?)?,
            Operation::Restart => plan::restart::plan(&pair, both, &intent::restart::resolve(answers).sides)?,
            Operation::Configure | Operation::Settings => {
                self.plan_configure(session, operation, answers, &pair, &basis)?
            }
            Operation::Reverse => {
                let pair_file = self.pair_file_text(&pair.as_ref().clone().reversed())?;
                plan::reverse::plan(&basis, &pair_file)?
            }
            Operation::Remove => {
                intent::remove::resolve(answers)?;
                // What is removed is what they once put in place.
                let journals = remembered::all(remembered(session, None, remembered::ALL)?)?;
                plan::remove::plan(&basis, journals.as_ref().map(|_, journal| journal.as_slice()))?
            }
            Operation::Backup => plan::backup::plan(&basis, intent::backup::resolve(answers)?)?,
            Operation::Load => plan_load(session, answers, &basis, looking)?,
            Operation::Rollback => plan_rollback(session, &basis, Side::Secondary, looking)?,
            Operation::FailbackLoad => plan_failback_load(session, answers, &basis, looking)?,
            Operation::FailbackRollback => plan_rollback(session, &basis, Side::Primary, looking)?,
            Operation::Translation => {
                plan::translation::plan(&basis, &intent::translation::resolve(answers)?)?
            }
            Operation::Copy => plan::copy::plan(&basis)?,
            Operation::FailbackCopy => plan_failback_copy(session, answers, &basis)?,
            Operation::Auto => plan_schedule(session, answers, &basis)?,
            Operation::Sync => plan_sync(session, answers, &basis)?,
            Operation::Undo(_) => return Err(Error::bug("an undo is planned from the journals")),
        };
        plan::record::check(&plan, both)?;
        Ok(Review {
            operation,
            answers: answers.clone(),
            pair,
            plan,
        })
    }
}

/// The first fault that bars the way: one of a side that is not among the dispensable ones, or of any side
/// when there is none without.
pub(super) fn barring(faults: BySide<Option<Error>>, dispensable: &[Side]) -> Option<Error> {
    let nobody = faults.iter().all(|(_, fault)| fault.is_some());
    let BySide { primary, secondary } = faults;
    [(Side::Primary, primary), (Side::Secondary, secondary)]
        .into_iter()
        .filter(|(side, _)| nobody || !dispensable.contains(side))
        .find_map(|(_, fault)| fault)
}

/// Sides that the operation does without when they cannot be reached. Data is loaded on one side; of the
/// other it is good to know more than the pair file says. Which nodes an undo needs, the journal of the
/// operation says that is undone.
pub(super) const fn dispensable(operation: Operation) -> &'static [Side] {
    match operation {
        Operation::Load | Operation::Rollback => &[Side::Primary],
        Operation::FailbackLoad | Operation::FailbackRollback => &[Side::Secondary],
        Operation::Undo(_) => &Side::BOTH,
        _ => &[],
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
    match operation {
        Operation::Configure | Operation::Settings => FactsQuery {
            ensure_node_key: !dry_run,
            ..plan::configure::query(pair, present, profile, side)
        },
        Operation::Backup => FactsQuery {
            brief: true,
            ..FactsQuery::default()
        },
        Operation::Copy => plan::copy::query(pair, profile, Side::Primary, side),
        Operation::FailbackCopy => plan::copy::query(pair, profile, Side::Secondary, side),
        Operation::Sync => plan::continuous::query(profile),
        Operation::Auto => plan::schedule::query(profile),
        Operation::Remove => plan::remove::query(pair, profile, side),
        Operation::Takeover => plan::takeover::query(pair, profile, side),
        Operation::Traffic => plan::traffic::query(profile),
        Operation::Reverse => plan::reverse::query(),
        Operation::Restart => plan::restart::query(),
        Operation::Translation => plan::translation::query(),
        Operation::Load | Operation::Rollback => plan::load::query(pair, profile, Side::Secondary, side),
        Operation::FailbackLoad | Operation::FailbackRollback => {
            plan::load::query(pair, profile, Side::Primary, side)
        }
        // Planned from the journals.
        Operation::Undo(_) => FactsQuery::default(),
    }
}
