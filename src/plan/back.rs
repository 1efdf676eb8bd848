//! The order in which steps are taken back, for rollback and for undo alike.

use super::Step;

/// `steps`, given in plan order, in the order in which they are reverted: last first, so that each
/// revert finds what its step left; but restarts and reloads come at the very end and in plan
/// order, because a service has to be restarted with the old files in place.
pub fn reverting_order<'s>(steps: impl DoubleEndedIterator<Item = &'s Step>) -> Vec<&'s Step> {
    let (restarts, mut others): (Vec<_>, Vec<_>) = steps.partition(|step| step.action.takes_up());
    others.reverse();
    others.extend(restarts);
    others
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Side;
    use crate::plan::{Action, StepId, UnitVerb};

    fn step(id: u32, verb: UnitVerb) -> Step {
        let action = Action::Unit {
            unit: "a.service".into(),
            verb,
        };
        Step {
            id: StepId(id),
            side: Side::Primary,
            title: String::new(),
            action,
            armed: false,
        }
    }

    #[test]
    fn restarts_come_last_and_in_plan_order() {
        let steps = [
            step(1, UnitVerb::Enable),
            step(2, UnitVerb::DaemonReload),
            step(3, UnitVerb::Start),
            step(4, UnitVerb::Restart),
        ];
        let order: Vec<u32> = reverting_order(steps.iter())
            .iter()
            .map(|step| step.id.0)
            .collect();
        assert_eq!(order, [3, 1, 2, 4]);
    }
}
