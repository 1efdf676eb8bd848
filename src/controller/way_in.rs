//! A way into every node is left (S9): what takes pairadm's own key away from a node begins only where this
//! machine enters that node by another way as well.

use super::Controller;
use super::remembered::{self, remembered};
use crate::engine::{Direction, Session};
use crate::error::Result;
use crate::model::{OpId, Pair, Side, paths};
use crate::plan::files::authorized_keys;
use crate::plan::{Action, Content, Plan, StepId};
use crate::remote::{Named, WithoutNodeKey};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

impl Controller {
    /// Refuses to carry the steps of `plan` that `counts` names out, or to take them back, where that would lock
    /// this machine out.
    pub(super) fn another_way_in(
        &self,
        session: &mut Session,
        pair: &Pair,
        plan: &Plan,
        direction: Direction,
        counts: impl Fn(StepId) -> bool,
    ) -> Result<()> {
        if !Path::new(paths::NODE_KEY).exists() {
            return Ok(());
        }
        let mut asked = HashMap::new();
        let mut earlier = |op: OpId| -> Result<Option<Plan>> {
            if let Some(known) = asked.get(&op) {
                return Ok(Option::clone(known));
            }
            let told = remembered::all(remembered(session, Some(op), 1)?)?;
            let mut told = told.primary.into_iter().chain(told.secondary);
            let plan = told.next().map(|operation| operation.plan);
            Ok(asked.entry(op).or_insert(plan).clone())
        };
        let closed = closed(plan, direction, counts, &mut earlier)?;
        if closed.is_empty() {
            return Ok(());
        }
        let dial = Named::new(Arc::new(WithoutNodeKey(self.dialer(pair))), pair);
        let (_, faults) = session.by(Arc::new(dial), &closed);
        session.heed()?;
        [faults.primary, faults.secondary]
            .into_iter()
            .flatten()
            .next()
            .map_or(Ok(()), Err)
    }
}

/// The plan of an operation that the nodes remember.
type Earlier<'e> = dyn FnMut(OpId) -> Result<Option<Plan>> + 'e;

/// Sides that lose the line in `authorized_keys` by which pairadm's own key opens them.
fn closed(
    plan: &Plan,
    direction: Direction,
    counts: impl Fn(StepId) -> bool,
    earlier: &mut Earlier<'_>,
) -> Result<Vec<Side>> {
    let mut sides = Vec::new();
    for step in plan.steps().filter(|step| counts(step.id)) {
        let closes = match direction {
            Direction::Forward => Some(false),
            Direction::Back => Some(true),
        };
        if admits(&step.action, earlier)? == closes && !sides.contains(&step.side) {
            sides.push(step.side);
        }
    }
    Ok(sides)
}

/// Whether a step lets pairadm's own key in, or no longer; `None` for what does not touch that.
fn admits(action: &Action, earlier: &mut Earlier<'_>) -> Result<Option<bool>> {
    match action {
        Action::File(file) if file.path == authorized_keys::PATH => {
            let text = file.content.as_ref().map(Content::to_bytes);
            let text = text.and_then(|bytes| String::from_utf8(bytes.ok()?).ok());
            Ok(Some(text.is_some_and(|text| authorized_keys::admits_peer(&text))))
        }
        Action::TakeBack { op, step, .. } => {
            let taken_back = earlier(*op)?
                .and_then(|plan| Some(plan.steps().find(|known| known.id == *step)?.action.clone()));
            match taken_back {
                Some(action) => Ok(admits(&action, earlier)?.map(|admitted| !admitted)),
                None => Ok(None),
            }
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::plan::checks::sample::Nodes;
    use crate::plan::undo;

    /// Sides that lose it when `plan`, whose steps take back those of `before`, goes in `direction`.
    fn lost(plan: &Plan, direction: Direction, before: &[(OpId, Plan)]) -> Vec<Side> {
        let mut earlier = |op: OpId| {
            let known = before.iter().find(|(known, _)| *known == op);
            Ok(known.map(|(_, plan)| plan.clone()))
        };
        closed(plan, direction, |_| true, &mut earlier).unwrap()
    }

    #[test]
    fn each_way_back_of_a_way_back_turns_it_round() {
        let none: &[Side] = &[];
        let mut nodes = Nodes::default();
        let configured = nodes.configure();
        assert_eq!(lost(&configured, Direction::Forward, &[]), none);
        assert_eq!(lost(&configured, Direction::Back, &[]), Side::BOTH);

        let mut past = vec![(OpId(1), configured.clone())];
        let undone = undo::plan(OpId(1), &configured, &[]).unwrap();
        let both = |sides: Vec<Side>| Side::BOTH.iter().all(|side| sides.contains(side));
        assert!(both(lost(&undone, Direction::Forward, &past)));
        assert_eq!(lost(&undone, Direction::Back, &past), none);

        past.push((OpId(2), undone.clone()));
        let again = undo::plan(OpId(2), &undone, &[]).unwrap();
        assert_eq!(lost(&again, Direction::Forward, &past), none);
        assert!(both(lost(&again, Direction::Back, &past)));
    }

    #[test]
    fn a_step_that_does_not_count_takes_nothing_away() {
        let configured = Nodes::default().configure();
        let sides = closed(&configured, Direction::Back, |_| false, &mut |_| Ok(None)).unwrap();
        assert_eq!(sides, []);
    }

    #[test]
    fn a_removal_closes_what_configure_opened() {
        let mut nodes = Nodes::default();
        nodes.configure();
        let removal =
            crate::plan::remove::plan(&nodes.basis(), crate::model::BySide::new(|_| &[][..])).unwrap();
        assert!(!lost(&removal, Direction::Forward, &[]).is_empty());
        assert_eq!(lost(&removal, Direction::Back, &[]), []);
    }
}
