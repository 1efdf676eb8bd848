//! Undo: a new operation that takes back, step by step, what an earlier one did on each node.

use super::{Action, Draft, Plan, Step, StepId, UNDOES, reverting_order};
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
        let refusal = Error::refused(
            "changed_since",
            format!("operation {op} cannot be undone: what it did was changed since ({title})"),
        );
        let hint = error
            .hint
            .as_deref()
            .unwrap_or("settle the difference by hand, then undo again");
        let refusal = refusal.because(error).hint(hint);
        return Err(match &error.diff {
            Some(diff) => refusal.with_diff(diff),
            None => refusal,
        });
    }
    let effective = undone.steps().filter(|step| has_effect(&step.action));
    let effective: Vec<&Step> = effective.collect();
    if effective.iter().all(|step| step.action.takes_up()) {
        let message = format!(
            "operation {op} left nothing that could be taken back ({})",
            undone.title
        );
        return Err(Error::refused("nothing_to_undo", message)
            .hint("what a restart took up is undone with the operation that changed it"));
    }
    let mut draft = Draft::default();
    // A run of one node's steps is a stage, so that the order between the nodes stays that of the way
    // back: traffic is never allowed on one side before the other side's step is read back.
    let mut last = None;
    for step in reverting_order(effective.into_iter()) {
        if last != Some(step.side) {
            draft.stage(&format!("Take back on the {}", step.side));
            last = Some(step.side);
        }
        let title = title(&step.title);
        let action = Action::TakeBack {
            op,
            step: step.id,
            left_by: None,
            takes_up: step.action.takes_up(),
        };
        if step.armed {
            draft.armed(step.side, title, action);
        } else {
            draft.step(step.side, title, action);
        }
    }
    Ok(Plan {
        operation: "undo".to_owned(),
        title: format!("undo operation {op} ({})", undone.title),
        asked: vec![(UNDOES.to_owned(), op.to_string())],
        facts: String::new(),
        notice: notice(undone),
        stages: draft.finish(),
        sides: undone.sides.clone(),
        service_affecting: undone.service_affecting,
        how_to_undo: "pairadm undo with this operation's own number brings the change back".to_owned(),
    })
}

const BACK: &str = "take back: ";
const AGAIN: &str = "do again: ";

/// What taking back a step of this title is called; what is taken back twice is done again.
fn title(of: &str) -> String {
    match of.strip_prefix(BACK) {
        Some(done) => format!("{AGAIN}{done}"),
        None => format!("{BACK}{}", of.strip_prefix(AGAIN).unwrap_or(of)),
    }
}

/// What is left in the world after the step: probes and checks leave nothing.
pub fn has_effect(action: &Action) -> bool {
    !matches!(
        action,
        Action::ProbeVip { .. }
            | Action::SipCheck { .. }
            | Action::Alive { .. }
            | Action::Count(_)
            | Action::ArmTraffic(_)
            | Action::Lease(_)
            | Action::Announce { .. }
            | Action::Offer(_)
            | Action::Pull(_)
            | Action::Withdraw(_)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::UnitVerb;

    fn undone() -> Plan {
        let mut draft = Draft::default();
        draft.stage("one");
        draft.step(
            Side::Primary,
            "hook",
            Action::Hook {
                argv: vec!["x".into()],
                undo: None,
                timeout_ms: 1,
            },
        );
        draft.armed(Side::Secondary, "sysctl", Action::Sysctl { values: vec![] });
        draft.step(Side::Primary, "say it again", Action::Announce { vips: vec![] });
        Plan {
            operation: "configure".into(),
            title: "configure".into(),
            asked: vec![],
            facts: String::new(),
            notice: vec![],
            stages: draft.finish(),
            sides: Side::BOTH.to_vec(),
            service_affecting: false,
            how_to_undo: String::new(),
        }
    }

    #[test]
    fn steps_with_an_effect_are_taken_back_last_first_and_stay_armed() {
        let plan = plan(OpId(4), &undone(), &[]).unwrap();
        let steps: Vec<_> = plan
            .steps()
            .map(|step| (step.side, step.armed, step.action.clone()))
            .collect();
        let back = |step| Action::TakeBack {
            op: OpId(4),
            step: StepId(step),
            left_by: None,
            takes_up: false,
        };
        assert_eq!(
            steps,
            [(Side::Secondary, true, back(2)), (Side::Primary, false, back(1))]
        );
        assert_eq!(plan.stages.len(), 2);
    }

    #[test]
    fn an_undo_that_is_undone_does_the_steps_again() {
        let back = plan(OpId(4), &undone(), &[]).unwrap();
        let again = plan(OpId(5), &back, &[]).unwrap();
        let once_more = plan(OpId(6), &again, &[]).unwrap();
        let titles = |plan: &Plan| plan.steps().map(|step| step.title.clone()).collect::<Vec<_>>();
        assert_eq!(titles(&again), ["do again: hook", "do again: sysctl"]);
        assert_eq!(titles(&once_more), titles(&back));
    }

    #[test]
    fn a_restart_alone_leaves_nothing_to_take_back() {
        let mut draft = Draft::default();
        draft.stage("restart");
        let verb = UnitVerb::Restart;
        let unit = "sip.service".to_owned();
        draft.step(Side::Primary, "restart", Action::Unit { unit, verb });
        let stages = draft.finish();
        let error = plan(OpId(4), &Plan { stages, ..undone() }, &[]).unwrap_err();
        assert_eq!(error.code, "nothing_to_undo");
    }

    #[test]
    fn a_later_change_by_a_person_is_refused_with_its_diff() {
        let conflict = Error::refused("changed_since", "not as left")
            .on("beta")
            .hint("-a\n+b");
        let error = plan(OpId(4), &undone(), &[(Side::Secondary, StepId(2), conflict)]).unwrap_err();
        assert_eq!(error.code, "changed_since");
        assert!(error.message.contains("sysctl") && error.hint.unwrap().contains("+b"));
    }
}
