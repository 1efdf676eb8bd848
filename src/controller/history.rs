//! Operations of the past, from the nodes' journals and the controller's own.

use super::apply::end_of;
use super::backend::Past;
use super::remembered::remembered;
use super::{Cancel, Controller, names};
use crate::agent::protocol::Operation;
use crate::engine::{Event, Progress, Record};
use crate::error::{Error, Result};
use crate::model::{BySide, OpId, Side};
use crate::plan::StepPlace;
use crate::report::{Journals, Report};
use std::collections::BTreeMap;

/// How many operations a list goes back.
pub(super) const LIMIT: u32 = 100;

/// One operation as the node of a side tells it.
pub(super) type Told = (Side, Operation);

impl Controller {
    /// Operations, newest first, from every node that answers and from this controller's journal. Without
    /// a pair, those of single servers.
    pub fn history(&self, cancel: &Cancel) -> Result<Vec<Past>> {
        let Some(pair) = self.pair() else {
            return self.history_alone(None, cancel);
        };
        let own = told_by(&self.journals(&pair)).into_iter();
        let mut known: BTreeMap<OpId, Past> = own.map(|past| (past.op, past)).collect();
        let (mut session, _) = self.connect(&pair, "history", &Side::BOTH, cancel)?;
        let answers = remembered(&mut session, None, LIMIT)?;
        let mut told: BTreeMap<OpId, Past> = BTreeMap::new();
        for answer in [answers.primary, answers.secondary].into_iter().flatten() {
            for operation in answer.unwrap_or_default() {
                let past = past(&operation);
                // One node that has not finished leaves it open, whatever the other says.
                let merged = told.entry(past.op).or_insert_with(|| past.clone());
                if past.end.is_none() {
                    merged.end = None;
                }
            }
        }
        known.extend(told);
        Ok(known.into_values().rev().collect())
    }

    /// The report of one operation: from this controller's journal, or, for one that another
    /// controller ran, from the nodes' journals, which know no times of single steps. Without a pair, of
    /// the only operation of this number.
    pub fn report(&self, op: OpId, cancel: &Cancel) -> Result<Report> {
        let Some(pair) = self.pair() else {
            return self.report_alone(op, None, cancel);
        };
        let own = self.journals(&pair).read(op);
        let missing = match own {
            Ok(stored) => return Ok(Report::new(&stored.record, &stored.events)),
            Err(error) => error,
        };
        let told = self.operations(op, cancel)?;
        let Some((_, first)) = told.first() else {
            return Err(missing);
        };
        let record = Record {
            op,
            pair: pair.name.clone(),
            nodes: names(&pair),
            tag: first.tag.clone(),
            owner: first.owner.clone(),
            plan: first.plan.clone(),
        };
        Ok(Report::new(&record, &events_of(&told)))
    }

    /// One operation as each node that answers tells it.
    pub(super) fn operations(&self, op: OpId, cancel: &Cancel) -> Result<Vec<Told>> {
        let Some(pair) = self.pair() else {
            return Ok(Vec::new());
        };
        let (mut session, _) = self.connect(&pair, "history", &Side::BOTH, cancel)?;
        let BySide { primary, secondary } = remembered(&mut session, Some(op), 1)?;
        let mut told = Vec::new();
        for (side, answer) in [(Side::Primary, primary), (Side::Secondary, secondary)] {
            let operations = answer.and_then(Result::ok).unwrap_or_default();
            told.extend(operations.into_iter().map(|operation| (side, operation)));
        }
        Ok(told)
    }
}

/// Operations that a controller ran, as its own journals tell them.
pub(super) fn told_by(journals: &Journals) -> Vec<Past> {
    let told = journals.list(LIMIT as usize).into_iter().map(|report| Past {
        op: report.op,
        end: end_of(report.outcome),
        title: report.title,
        when: report.began,
        who: report.who,
    });
    told.collect()
}

pub(super) fn past(operation: &Operation) -> Past {
    Past {
        op: operation.op,
        title: operation.plan.title.clone(),
        when: operation.owner.since.clone(),
        who: operation.owner.who.clone(),
        end: operation.end,
    }
}

/// What the nodes' journals amount to as events, without times.
pub(super) fn events_of(told: &[Told]) -> Vec<Event> {
    let mut events = Vec::new();
    let mut push = |progress| events.push(Event { at_us: 0, progress });
    for (side, operation) in told {
        for &(step, place) in &operation.places {
            let side = *side;
            let report = || crate::agent::protocol::StepReport {
                changed: true,
                detail: "as the node's journal tells it".to_owned(),
                backup: None,
            };
            match place {
                StepPlace::Waiting => {}
                StepPlace::Begun => push(Progress::Started { step, side }),
                StepPlace::Done => push(Progress::Done {
                    step,
                    side,
                    took_us: 0,
                    report: report(),
                }),
                StepPlace::Reverted => push(Progress::Reverted {
                    step,
                    side,
                    report: report(),
                }),
                StepPlace::Failed => {
                    let error = Error::incomplete("failed", "failed, as the node's journal tells it");
                    push(Progress::Failed { step, side, error });
                }
            }
        }
    }
    let ends: Vec<_> = told.iter().map(|(_, operation)| operation.end).collect();
    let end = if ends.contains(&None) {
        None
    } else {
        ends.first().copied().flatten()
    };
    push(Progress::Finished { end, error: None });
    events
}
