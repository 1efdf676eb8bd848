//! Plans blocking or allowing one side by hand, past the takeover that normally does it.

use super::{Action, Basis, Draft, Plan};
use crate::config::Profile;
use crate::error::{Error, Result};
use crate::facts::{Facts, FactsQuery};
use crate::intent::TrafficIntent;
use crate::model::{NodeState, Side, Traffic};

/// What has to be known of either node: rules, addresses and how many calls there are.
pub fn query(profile: &Profile) -> FactsQuery {
    FactsQuery {
        counters: profile.counters.clone(),
        ..FactsQuery::default()
    }
}

/// Plans it, or refuses. A plan without steps means that the side is as asked.
pub fn plan(basis: &Basis<'_>, intent: TrafficIntent) -> Result<Plan> {
    let TrafficIntent { traffic, side } = intent;
    let facts = basis.need(side)?;
    if facts.firewall.backend.is_none() {
        return Err(
            Error::refused("no_iptables", "there is no iptables to block traffic with")
                .on(basis.name(side))
                .hint("install the package `iptables`"),
        );
    }
    let sides = match traffic {
        Traffic::Allowed => {
            refuse_second(basis, side)?;
            Side::BOTH.to_vec()
        }
        Traffic::Blocked => vec![side],
    };
    let recorded = basis.state(side)?;
    let done = basis.traffic(side) == Some(traffic) && recorded.traffic == traffic;
    let mut draft = Draft::default();
    if !done {
        if traffic == Traffic::Allowed {
            let other = side.other();
            draft.stage("Verify the other side");
            let block = Action::Traffic(basis.change(other, Traffic::Blocked));
            draft.step(other, format!("verify that the {other} is blocked"), block);
        }
        let verb = verb(traffic);
        draft.stage(&format!("{} the {side}", capital(verb)));
        draft.step(
            side,
            format!("{verb} traffic"),
            Action::Traffic(basis.change(side, traffic)),
        );
        let state = NodeState {
            traffic,
            ..recorded.clone()
        };
        draft.step(
            side,
            format!("record that traffic is {traffic}"),
            Action::State { state },
        );
    }
    Ok(Plan {
        operation: "traffic".to_owned(),
        title: format!("{} traffic on {}", verb(traffic), basis.label(side)),
        asked: vec![
            ("action".to_owned(), verb(traffic).to_owned()),
            ("side".to_owned(), side.to_string()),
        ],
        facts: basis.fingerprint(),
        notice: notice(basis, intent, done),
        stages: draft.finish(),
        sides,
        service_affecting: !done,
        how_to_undo: match traffic {
            Traffic::Blocked => format!("pairadm traffic allow --side {side}"),
            Traffic::Allowed => format!("pairadm traffic block --side {side}"),
        },
    })
}

/// Traffic is never allowed on one side before the other side's block is verified (S2).
fn refuse_second(basis: &Basis<'_>, side: Side) -> Result<()> {
    let other = side.other();
    if basis.facts[other].is_none() {
        let message = format!("whether the {other} is blocked cannot be verified: it cannot be asked");
        return Err(Error::refused("unreachable", message)
            .on(basis.name(other))
            .hint(format!(
                "when it is off for certain: pairadm takeover --to {side} --peer-lost"
            )));
    }
    match basis.traffic(other) {
        Some(Traffic::Blocked) => Ok(()),
        Some(Traffic::Allowed) | None => {
            let message = format!(
                "traffic is not blocked on the {other}, so it cannot be allowed on the {side} as well"
            );
            Err(Error::refused("both_allowed", message)
                .on(basis.name(other))
                .hint(format!(
                    "block that side first, or move traffic with `pairadm takeover --to {side}`"
                )))
        }
    }
}

fn notice(basis: &Basis<'_>, intent: TrafficIntent, done: bool) -> Vec<String> {
    let TrafficIntent { traffic, side } = intent;
    if done {
        return vec![format!(
            "Nothing to do: traffic is {traffic} on {} already.",
            basis.label(side)
        )];
    }
    let mut lines = Vec::new();
    if traffic == Traffic::Blocked {
        lines.push(format!("Service affecting: calls on {} end.", basis.label(side)));
        if basis.traffic(side.other()) != Some(Traffic::Allowed) {
            lines.push("Afterwards neither side serves calls.".to_owned());
        }
    } else if basis.holds(side).len() < basis.pair.vips.len() {
        lines.push(format!(
            "{} does not hold every VIP: calls to a VIP do not reach it. A takeover moves both.",
            basis.label(side)
        ));
    }
    if let Some(facts) = basis.facts[side] {
        lines.extend(counts(&basis.label(side), facts));
    }
    lines
}

/// How many calls and registrations there are.
pub(super) fn counts(label: &str, facts: &Facts) -> impl Iterator<Item = String> {
    let counted = facts.counters.iter().filter(|(_, count)| *count > 0);
    counted.map(move |(name, count)| format!("{label}: {count} {name} now."))
}

/// What is done to get there.
pub(super) const fn verb(traffic: Traffic) -> &'static str {
    match traffic {
        Traffic::Allowed => "allow",
        Traffic::Blocked => "block",
    }
}

/// The word at the beginning of a heading.
pub(super) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sample::Sample;

    fn planned(sample: &Sample, traffic: Traffic, side: Side) -> Result<Plan> {
        plan(&sample.basis(), TrafficIntent { traffic, side })
    }

    fn code(sample: &Sample, traffic: Traffic, side: Side) -> String {
        let error = planned(sample, traffic, side).unwrap_err();
        assert_eq!(error.kind.exit_code(), 2);
        assert!(error.hint.is_some());
        error.code
    }

    #[test]
    fn a_second_side_is_not_allowed_while_the_first_is() {
        let sample = Sample::default();
        assert_eq!(code(&sample, Traffic::Allowed, Side::Secondary), "both_allowed");
    }

    #[test]
    fn a_side_is_not_allowed_while_the_other_cannot_be_verified() {
        let mut sample = Sample::default();
        sample.side(Side::Primary).firewall.faults = vec!["jump missing".to_owned()];
        assert_eq!(code(&sample, Traffic::Allowed, Side::Secondary), "both_allowed");
        sample.facts.primary = None;
        assert_eq!(code(&sample, Traffic::Allowed, Side::Secondary), "unreachable");
    }

    #[test]
    fn blocking_the_active_side_says_that_nobody_serves_then() {
        let plan = planned(&Sample::default(), Traffic::Blocked, Side::Primary).unwrap();
        assert_eq!(plan.sides, [Side::Primary]);
        assert!(
            plan.notice.iter().any(|line| line.contains("neither side")),
            "{:?}",
            plan.notice
        );
        let steps: Vec<&Action> = plan.steps().map(|step| &step.action).collect();
        assert!(matches!(steps[0], Action::Traffic(change) if change.traffic == Traffic::Blocked));
        assert!(matches!(steps[1], Action::State { state } if state.traffic == Traffic::Blocked));
    }

    #[test]
    fn allowing_verifies_the_other_sides_block_in_an_earlier_stage() {
        let mut sample = Sample::default();
        for side in Side::BOTH {
            let facts = sample.side(side);
            (facts.firewall.v4, facts.firewall.v6) = (Some(Traffic::Blocked), Some(Traffic::Blocked));
        }
        let plan = planned(&sample, Traffic::Allowed, Side::Primary).unwrap();
        assert_eq!(plan.stages.len(), 2);
        assert_eq!(plan.stages[0].steps[0].side, Side::Secondary);
        assert!(
            matches!(&plan.stages[0].steps[0].action, Action::Traffic(change) if change.traffic == Traffic::Blocked)
        );
    }

    #[test]
    fn a_side_that_is_as_asked_has_nothing_to_do() {
        let sample = Sample::default();
        assert!(
            planned(&sample, Traffic::Blocked, Side::Secondary)
                .unwrap()
                .is_empty()
        );
        assert!(
            planned(&sample, Traffic::Allowed, Side::Primary)
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn a_side_whose_families_differ_is_put_right() {
        let mut sample = Sample::default();
        sample.side(Side::Secondary).firewall.v6 = Some(Traffic::Allowed);
        assert!(
            !planned(&sample, Traffic::Blocked, Side::Secondary)
                .unwrap()
                .is_empty()
        );
    }
}
