//! What a plan records at its end can be recorded: looked at before the plan is shown, because a takeover finds
//! it out last, when calls have moved.

use super::{Action, Plan, UnitVerb};
use crate::error::Result;
use crate::facts::Facts;
use crate::model::BySide;

/// Refuses a plan that writes the recorded state of a node where that cannot be replaced. A node that could not
/// be asked bars nothing: whether an operation does without it is decided elsewhere.
pub fn check(plan: &Plan, facts: BySide<Option<&Facts>>) -> Result<()> {
    for (side, facts) in facts.iter() {
        let Some(facts) = facts else { continue };
        let writes = plan
            .steps()
            .any(|step| step.side == side && writes(&step.action, facts));
        if let (true, Some(obstacle)) = (writes, &facts.state_obstacle) {
            return Err(obstacle.clone().on(&facts.hostname));
        }
    }
    Ok(())
}

/// A restart is remembered as well.
fn writes(action: &Action, facts: &Facts) -> bool {
    match action {
        Action::State { .. } | Action::Note { .. } => true,
        Action::Unit { verb, .. } => *verb == UnitVerb::Restart && facts.state.is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::error::Error;
    use crate::intent::{TakeoverIntent, TrafficIntent};
    use crate::model::{Side, Traffic};
    use crate::plan::sample::Sample;
    use crate::plan::{takeover, traffic};

    /// What a takeover to the secondary is refused for.
    fn taken_over(sample: &Sample, peer_lost: bool) -> Option<Error> {
        let basis = sample.basis();
        let to = Side::Secondary;
        let intent = TakeoverIntent { to, peer_lost };
        let plan = takeover::plan(&takeover::TakeoverInput { basis, intent }).unwrap();
        check(&plan, basis.facts).err()
    }

    fn locked(side: Side) -> Sample {
        let mut sample = Sample::default();
        sample.side(side).state_obstacle = Some(Error::refused("immutable", "has the attribute `i`"));
        sample
    }

    #[test]
    fn a_state_that_cannot_be_replaced_bars_what_writes_it_and_names_the_node() {
        assert_eq!(taken_over(&Sample::default(), false), None);
        for (side, name) in [(Side::Primary, "alpha"), (Side::Secondary, "beta")] {
            let error = taken_over(&locked(side), false).unwrap();
            assert_eq!((error.code.as_str(), error.kind.exit_code()), ("immutable", 2));
            assert_eq!(error.node.as_deref(), Some(name));
        }
    }

    #[test]
    fn a_block_of_one_side_is_not_barred_by_the_other() {
        let sample = locked(Side::Primary);
        let basis = sample.basis();
        let block = |side| {
            let traffic = Traffic::Blocked;
            traffic::plan(&basis, TrafficIntent { traffic, side }).unwrap()
        };
        assert!(check(&block(Side::Primary), basis.facts).is_err());
        assert!(check(&block(Side::Secondary), basis.facts).is_ok());
    }

    #[test]
    fn a_lost_peer_bars_nothing_and_the_node_that_is_left_does() {
        let mut sample = locked(Side::Secondary);
        sample.facts.primary = None;
        assert!(taken_over(&sample, true).is_some());
        sample.side(Side::Secondary).state_obstacle = None;
        assert_eq!(taken_over(&sample, true), None);
    }
}
