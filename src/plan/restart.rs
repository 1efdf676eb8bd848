//! Plans `restart`: makes the restarts that were put off, the passive side first. The node itself accounts
//! for a restart when it happens.

use super::{Action, Draft, Plan, UnitVerb, fingerprint};
use crate::error::{Error, Result};
use crate::facts::{Facts, FactsQuery};
use crate::model::{BySide, NodeState, Pair, Side, Traffic};

/// Restarts within this time count as repeated, seconds.
const SHORT_TIME_S: i64 = 3600;

/// So many restarts in a short time are worth a warning.
const REPEATED: usize = 2;

/// What has to be known of either node: what it remembers.
pub fn query() -> FactsQuery {
    FactsQuery {
        brief: true,
        ..FactsQuery::default()
    }
}

/// The plan for the sides asked for. A side that was not reached has no facts and no part in it.
pub fn plan(pair: &Pair, facts: BySide<Option<&Facts>>, sides: &[Side]) -> Result<Plan> {
    let pending = |side: &Side| Some((*side, facts[*side]?, facts[*side]?.state.as_ref()?));
    let mut pending: Vec<(Side, &Facts, &NodeState)> = sides
        .iter()
        .filter_map(pending)
        .filter(|(_, _, state)| !state.pending_restart.is_empty())
        .collect();
    if pending.is_empty() {
        return Err(Error::refused(
            "nothing_pending",
            "no restart is pending on the sides asked for",
        ));
    }
    pending.sort_by_key(|(_, _, state)| state.traffic == Traffic::Allowed);
    let mut draft = Draft::default();
    let mut notice = Vec::new();
    let mut service_affecting = false;
    for (side, facts, state) in &pending {
        let name = &pair.nodes[*side].hostname;
        draft.stage(&format!("Restart services on {name}"));
        for unit in &state.pending_restart {
            let action = Action::Unit {
                unit: unit.clone(),
                verb: UnitVerb::Restart,
            };
            draft.step(*side, format!("restart {unit}"), action);
        }
        notice.push(format!(
            "Restarted on {name}: {}.",
            state.pending_restart.join(", ")
        ));
        if state.traffic == Traffic::Allowed {
            service_affecting = true;
            notice.insert(0, format!("This is service affecting: {name} serves calls."));
        }
        notice.extend(repeated(facts).map(|warning| format!("Warning: {warning}.")));
    }
    Ok(Plan {
        operation: "restart".to_owned(),
        title: "restart services whose restart was put off".to_owned(),
        asked: vec![(
            "side".to_owned(),
            sides
                .iter()
                .map(|side| side.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        )],
        facts: fingerprint(facts),
        notice,
        stages: draft.finish(),
        sides: pending.iter().map(|(side, _, _)| *side).collect(),
        service_affecting,
        how_to_undo: "a restart cannot be taken back".to_owned(),
    })
}

/// Accounts for restarts that are put off.
pub fn put_off(state: &mut NodeState, units: &[&str]) {
    for unit in units {
        if !state.pending_restart.iter().any(|pending| pending == unit) {
            state.pending_restart.push((*unit).to_owned());
        }
    }
}

/// A warning when pairadm has restarted services of the node several times of late (C4).
pub fn repeated(facts: &Facts) -> Option<String> {
    let now = facts.clock_us / 1_000_000;
    let restarts = &facts.state.as_ref()?.restarts;
    let recent = restarts
        .iter()
        .filter(|&&at| (0..SHORT_TIME_S).contains(&(now - at)))
        .count();
    (recent >= REPEATED).then(|| {
        format!(
            "services on {} were restarted {recent} times within the last hour, and each restart disturbs calls and registrations",
            facts.hostname
        )
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::sample;
    use crate::model::{Generation, OpId};

    fn facts(side: Side, traffic: Traffic, pending: &[&str]) -> Facts {
        Facts {
            hostname: side.to_string(),
            clock_us: 10_000 * 1_000_000,
            state: Some(NodeState {
                pair: "office".to_owned(),
                side,
                active: None,
                generation: Generation(1),
                traffic,
                last_op: OpId(1),
                pending_restart: pending.iter().map(|unit| (*unit).to_owned()).collect(),
                debts: Vec::new(),
                restarts: vec![9_000, 9_500],
            }),
            ..Facts::default()
        }
    }

    #[test]
    fn the_passive_side_restarts_first_and_repeated_restarts_are_warned_of() {
        let primary = facts(Side::Primary, Traffic::Allowed, &["kamailio.service"]);
        let secondary = facts(Side::Secondary, Traffic::Blocked, &["kamailio.service"]);
        let both = BySide {
            primary: Some(&primary),
            secondary: Some(&secondary),
        };
        let plan = plan(&sample::office(), both, &Side::BOTH).unwrap();
        let sides: Vec<Side> = plan.steps().map(|step| step.side).collect();
        assert_eq!(sides, [Side::Secondary, Side::Primary]);
        assert!(plan.service_affecting);
        assert!(
            plan.notice
                .iter()
                .any(|line| line.contains("2 times within the last hour"))
        );
    }

    #[test]
    fn nothing_pending_is_refused() {
        let primary = facts(Side::Primary, Traffic::Allowed, &[]);
        let one = BySide {
            primary: Some(&primary),
            secondary: None,
        };
        assert_eq!(
            plan(&sample::office(), one, &Side::BOTH).unwrap_err().code,
            "nothing_pending"
        );
    }

    #[test]
    fn a_restart_long_ago_is_not_repeated() {
        let mut facts = facts(Side::Primary, Traffic::Allowed, &[]);
        assert!(repeated(&facts).is_some());
        facts.clock_us += 3600 * 1_000_000;
        assert!(repeated(&facts).is_none());
    }

    #[test]
    fn putting_off_twice_is_pending_once() {
        let mut state = facts(Side::Primary, Traffic::Allowed, &["a"]).state.unwrap();
        put_off(&mut state, &["a", "b"]);
        assert_eq!(state.pending_restart, ["a", "b"]);
    }
}
