//! From both nodes' facts to a [`Status`].

use super::warnings::warnings;
use super::{Aged, Alarm, Held, NodeStatus, Status};
use crate::config::Profile;
use crate::data::{Limit, Survey};
use crate::error::Result;
use crate::facts::{Facts, FactsQuery, ReactionFile, UnitFacts};
use crate::model::{BySide, Pair, Raised, Side, Traffic, paths};
use crate::plan::files::{hosts, schedule_unit, sync_unit};

/// What status asks a node: only what is quick.
pub fn query(pair: &Pair, profile: &Profile, side: Side) -> FactsQuery {
    FactsQuery {
        survey: (!profile.matches.is_empty()).then(|| Survey::of_rules(profile, side, Limit::QUICK)),
        files: vec![
            paths::PAIR_FILE.to_owned(),
            paths::own_profile(&pair.profile),
            hosts::PATH.to_owned(),
        ],
        setup: false,
        newest_mirror: (!profile.data.is_empty()).then_some(side.other()),
        brief: true,
        ..crate::plan::configure::query(pair, None, profile, side)
    }
}

/// The pair now; an error stands for a node that could not be asked.
pub fn assemble(
    pair: &Pair,
    profile: &Profile,
    answers: &BySide<Result<(Facts, u64)>>,
    at: String,
) -> Status {
    let nodes = BySide::new(|side| node(pair, profile, side, &answers[side]));
    let holds = |side: Side, vip| nodes[side].holds.contains(vip);
    let vips: Vec<_> = pair.vips.iter().map(|vip| vip.address).collect();
    let serves =
        |side: Side| nodes[side].traffic == Some(Traffic::Allowed) && vips.iter().all(|vip| holds(side, vip));
    let active = Side::BOTH
        .into_iter()
        .find(|&side| serves(side) && !serves(side.other()));
    let newest = answers
        .iter()
        .filter_map(|(_, answer)| answer.as_ref().ok()?.0.last_operation.clone());
    let mut status = Status {
        pair: pair.name.clone(),
        profile: profile.name.clone(),
        at,
        active,
        priority: pair.priority,
        vips: vips
            .iter()
            .map(|vip| {
                (
                    *vip,
                    Side::BOTH.into_iter().filter(|&side| holds(side, vip)).collect(),
                )
            })
            .collect(),
        last_operation: newest.max_by_key(|(op, _, _)| *op),
        warnings: Vec::new(),
        nodes,
    };
    status.warnings = warnings(pair, profile, answers, &status);
    status
}

fn node(pair: &Pair, profile: &Profile, side: Side, answer: &Result<(Facts, u64)>) -> NodeStatus {
    let hostname = pair.nodes[side].hostname.to_string();
    let (facts, link_us) = match answer {
        Ok((facts, link_us)) => (facts, *link_us),
        Err(error) => {
            return NodeStatus {
                hostname,
                unreachable: Some(error.to_string()),
                ..NodeStatus::default()
            };
        }
    };
    let firewall = &facts.firewall;
    let state = facts.state.as_ref();
    NodeStatus {
        hostname,
        unreachable: None,
        traffic: firewall
            .v4
            .filter(|_| firewall.v6.is_none() || firewall.v4 == firewall.v6),
        holds: pair
            .vips
            .iter()
            .map(|vip| vip.address)
            .filter(|vip| facts.carrier(*vip).is_some())
            .collect(),
        services: profile
            .services
            .iter()
            .filter_map(|unit| Some((unit.clone(), facts.unit(unit)?.active.clone())))
            .collect(),
        sip_us: facts.sip.iter().find_map(|(_, latency)| *latency),
        version: facts.version.clone(),
        counters: facts.counters.clone(),
        link_us: Some(link_us),
        peer_us: peer_us(pair, side, facts),
        generation: state.map(|state| state.generation),
        pending_restart: state
            .map(|state| state.pending_restart.clone())
            .unwrap_or_default(),
        sync: enabled(facts, sync_unit::UNIT).map(|unit| match unit.active.as_str() {
            "active" => "running".to_owned(),
            other => other.to_owned(),
        }),
        next_run: enabled(facts, schedule_unit::TIMER).and_then(|unit| unit.next.clone()),
        mirrors: (!profile.data.is_empty()).then(|| held(facts)),
        runs: facts.runs.clone(),
        debts: state.map(|state| state.debts.clone()).unwrap_or_default(),
        alarms: facts.alarms.iter().map(|raised| alarm(facts, raised)).collect(),
        alarm_files: alarm_files(facts),
        work: facts.work.clone(),
    }
}

fn alarm_files(facts: &Facts) -> Vec<String> {
    let named = |file: &ReactionFile| file.name.strip_suffix(".toml").map(str::to_owned);
    facts.reactions.iter().filter_map(named).collect()
}

fn alarm(facts: &Facts, raised: &Raised) -> Alarm {
    let now = facts.clock_us / 1_000_000;
    let since = chrono::DateTime::from_timestamp(raised.since, 0);
    Alarm {
        name: raised.name.clone(),
        category: raised.category,
        since: since.map(|since| since.to_rfc3339()).unwrap_or_default(),
        left_s: raised.until.map(|until| u64::try_from(until - now).unwrap_or(0)),
        cause: raised.cause.clone(),
    }
}

fn held(facts: &Facts) -> Held {
    let now = facts.clock_us / 1_000_000;
    let aged = |name: &str, made: i64| Aged {
        name: name.to_owned(),
        age_s: u64::try_from(now - made).unwrap_or(0),
    };
    let newest = facts.newest_mirror.as_ref();
    let loaded = facts.loaded.newest();
    Held {
        newest: newest.map(|stamp| aged(&stamp.name, stamp.made)),
        loaded: loaded.map(|loaded| aged(&loaded.mirror, loaded.made)),
    }
}

/// A unit that starts with the node.
fn enabled<'f>(facts: &'f Facts, unit: &str) -> Option<&'f UnitFacts> {
    facts.unit(unit).filter(|unit| unit.enabled == "enabled")
}

/// Round trip to the peer: over the duplication link where there is one.
fn peer_us(pair: &Pair, side: Side, facts: &Facts) -> Option<u64> {
    let peer = &pair.nodes[side.other()];
    let time = |address| facts.reach.iter().find(|(target, _)| *target == address)?.1;
    peer.duplication.iter().chain(peer.address.iter()).find_map(time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Ledger, Loaded};
    use crate::facts::Stamp;
    use crate::model::OpId;

    #[test]
    fn mirrors_are_as_old_as_the_backups_that_they_hold_and_never_younger_than_now() {
        let stamp = |made| Stamp {
            name: "op9".to_owned(),
            made,
        };
        let loaded = Loaded {
            op: OpId(8),
            mirror: "op7".to_owned(),
            node: "alpha".to_owned(),
            made: 6_400,
            sets: Vec::new(),
            digest: String::new(),
            table: String::new(),
            at: 9_999,
        };
        let mut facts = Facts {
            clock_us: 10_000_000_000,
            newest_mirror: Some(stamp(9_935)),
            loaded: Ledger { loads: vec![loaded] },
            ..Facts::default()
        };
        let told = |facts: &Facts| {
            let Held { newest, loaded } = held(facts);
            [newest, loaded].map(|aged| aged.map(|aged| (aged.name, aged.age_s)))
        };
        let aged = |name: &str, age_s| Some((name.to_owned(), age_s));
        assert_eq!(told(&facts), [aged("op9", 65), aged("op7", 3_600)]);
        facts.newest_mirror = Some(stamp(10_060));
        assert_eq!(told(&facts)[0], aged("op9", 0), "the other node's clock is ahead");
        facts.loaded.loads.clear();
        assert_eq!(told(&facts)[1], None, "its own data");
    }
}
