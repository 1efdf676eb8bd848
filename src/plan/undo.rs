//! Undo: a new operation that takes back, step by step, what an earlier one did on each node.

use super::{Action, Plan, Stage, Step, StepId, Window, reverting_order};
use crate::error::{Error, Result};
use crate::model::{OpId, Side};

/// Plans to take back `op`, whose plan was `undone`. `conflicts` are the steps whose result a person
/// changed since, with the reason and diff as the nodes told them (S10).
pub fn plan(op: OpId, undone: &Plan, conflicts: &[(Side, StepId, Error)]) -> Result<Plan> {
    if let Some((_, step, error)) = conflicts.first() {
        let title = undone
            .steps()
            .find(|known| known.id == *step)
            .map_or("", |step| step.title.as_str());
        return Err(Error::refused(
            "changed_since",
            format!("operation {op} cannot be undone: what it did was changed since ({title})"),
        )
        .because(error)
        .hint(
            error
                .hint
                .clone()
                .unwrap_or_else(|| "settle the difference by hand, then undo again".to_owned()),
        ));
    }
    let effective = undone.steps().filter(|step| has_effect(&step.action));
    let effective: Vec<&Step> = effective.collect();
    let steps = reverting_order(effective.into_iter())
        .into_iter()
        .zip(1..)
        .map(|(step, number)| Step {
            id: StepId(number),
            side: step.side,
            title: format!("take back: {}", step.title),
            action: Action::TakeBack { op, step: step.id },
            armed: step.armed,
        })
        .collect::<Vec<_>>();
    Ok(Plan {
        operation: "undo".to_owned(),
        title: format!("undo operation {op} ({})", undone.title),
        asked: vec![("operation".to_owned(), op.to_string())],
        facts: String::new(),
        notice: notice(undone),
        stages: one_after_the_other(steps),
        sides: undone.sides.clone(),
        service_affecting: undone.service_affecting,
        how_to_undo: "pairadm undo with this operation's own number brings the change back".to_owned(),
    })
}

/// What is left in the world after the step: probes and checks leave nothing.
fn has_effect(action: &Action) -> bool {
    !matches!(
        action,
        Action::ProbeVip { .. } | Action::SipCheck { .. } | Action::ArmTraffic(_) | Action::Announce { .. }
    )
}

fn notice(undone: &Plan) -> Vec<String> {
    let affecting = if undone.service_affecting {
        "Service affecting: calls may be interrupted, as by the operation that is undone."
    } else {
        "Not service affecting."
    };
    vec![
        affecting.to_owned(),
        "Only what pairadm changed is taken back; files get their first original bytes, owner, mode and times."
            .to_owned(),
    ]
}

/// Runs of steps of one node become stages, so that the order between the nodes stays that of the
/// way back: traffic is never allowed on one side before the other side's step is read back.
fn one_after_the_other(steps: Vec<Step>) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    for step in steps {
        match stages.last_mut() {
            Some(stage) if stage.steps.last().is_some_and(|last| last.side == step.side) => {
                stage.steps.push(step)
            }
            _ => stages.push(Stage {
                title: format!("take back on the {}", step.side),
                steps: vec![step],
                window: Window::None,
            }),
        }
    }
    stages
}
