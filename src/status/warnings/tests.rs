//! Every warning appears for what it is there for, and a sound pair has none.

#![allow(clippy::unwrap_used)]

use crate::error::Error;
use crate::facts::ReactionFile;
use crate::model::{Debt, Generation, OpId, Priority, Side, Traffic, paths};
use crate::plan::checks::sample::Nodes;
use crate::plan::files::{guard_units, hosts};
use crate::status::{Severity, Status, assemble};

fn configured() -> Nodes {
    let mut nodes = Nodes::default();
    nodes.configure();
    nodes
}

fn status(nodes: &Nodes, lost: Option<Side>) -> Status {
    let answers = nodes.facts.as_ref().map(|side, facts| {
        if lost == Some(side) {
            Err(Error::unknown("link_lost", "no route to host"))
        } else {
            Ok((facts.clone(), 800))
        }
    });
    assemble(&nodes.pair, &nodes.profile, &answers, "now".to_owned())
}

fn codes(nodes: &Nodes) -> Vec<String> {
    status(nodes, None)
        .warnings
        .into_iter()
        .map(|warning| warning.code)
        .collect()
}

/// Exactly these, worst first.
#[track_caller]
fn warned(bend: impl FnOnce(&mut Nodes), expected: &[&str]) {
    let mut nodes = configured();
    bend(&mut nodes);
    assert_eq!(codes(&nodes), expected);
}

#[test]
fn a_sound_pair_has_no_warnings() {
    let nodes = configured();
    let status = status(&nodes, None);
    assert_eq!(status.warnings, []);
    assert_eq!(status.active, Some(Side::Primary));
}

#[test]
fn vips_on_both_and_nowhere_are_critical() {
    warned(
        |nodes| {
            let vip = nodes.facts.primary.addresses.last().unwrap().clone();
            nodes.facts.secondary.addresses.push(vip);
        },
        &["vip_on_both", "vip_on_blocked_side"],
    );
    warned(
        |nodes| drop(nodes.facts.primary.addresses.pop()),
        &["vip_nowhere"],
    );
}

#[test]
fn traffic_on_both_and_on_none_is_critical() {
    warned(
        |nodes| {
            nodes.facts.secondary.firewall = nodes.facts.primary.firewall.clone();
            nodes.facts.secondary.state.as_mut().unwrap().traffic = Traffic::Allowed;
        },
        &["both_allowed"],
    );
    warned(
        |nodes| {
            nodes.facts.primary.firewall = nodes.facts.secondary.firewall.clone();
            nodes.facts.primary.state.as_mut().unwrap().traffic = Traffic::Blocked;
        },
        &["both_blocked"],
    );
}

#[test]
fn a_vip_apart_from_its_traffic_is_critical() {
    warned(
        |nodes| {
            let vip = nodes.facts.primary.addresses.pop().unwrap();
            nodes.facts.secondary.addresses.push(vip);
        },
        &["vip_on_blocked_side"],
    );
}

#[test]
fn rules_that_went_away_or_are_faulty_are_told() {
    warned(
        |nodes| {
            nodes.facts.secondary.firewall.v4 = None;
            nodes.facts.secondary.firewall.v6 = None;
        },
        &["traffic_not_as_recorded"],
    );
    warned(
        |nodes| nodes.facts.primary.firewall.faults = vec!["jump is not first".to_owned()],
        &["rules_faulty"],
    );
}

#[test]
fn reactions_that_differ_are_named() {
    let mut nodes = configured();
    let reaction = |name: &str, digest: &str, runs| ReactionFile {
        name: name.to_owned(),
        digest: digest.to_owned(),
        runs,
    };
    let same = reaction("same", "1", true);
    nodes.facts.primary.reactions = vec![same.clone(), reaction("page", "1", true)];
    nodes.facts.secondary.reactions = vec![same];
    let told = |nodes: &Nodes| status(nodes, None).warnings.pop().unwrap();
    let warning = told(&nodes);
    assert_eq!(warning.code, "reactions_differ");
    assert!(
        warning.text.starts_with("a file is not the same"),
        "{}",
        warning.text
    );
    assert!(warning.text.ends_with(": page"), "{}", warning.text);
    let secondary = &mut nodes.facts.secondary.reactions;
    secondary.push(reaction("page", "1", false));
    secondary.push(reaction("moved.toml", "2", false));
    assert!(told(&nodes).text.ends_with(": moved.toml, page"));
    nodes.facts.secondary.reactions = nodes.facts.primary.reactions.clone();
    assert_eq!(codes(&nodes), [""; 0]);
}

#[test]
fn one_lost_node_leaves_the_rest_readable() {
    let status = status(&configured(), Some(Side::Secondary));
    let codes: Vec<&str> = status
        .warnings
        .iter()
        .map(|warning| warning.code.as_str())
        .collect();
    assert_eq!(codes, ["peer_unreachable"]);
    assert_eq!(status.active, Some(Side::Primary));
}

#[test]
fn a_dead_service_is_critical_on_the_active_side_only() {
    for (side, severity) in [
        (Side::Primary, Severity::Critical),
        (Side::Secondary, Severity::Warning),
    ] {
        let mut nodes = configured();
        nodes.facts[side].units[0].active = "failed".to_owned();
        let warnings = status(&nodes, None).warnings;
        assert_eq!(
            (warnings[0].code.as_str(), warnings[0].severity),
            ("service_down", severity)
        );
    }
    warned(|nodes| nodes.facts.secondary.sip[0].1 = None, &["service_silent"]);
}

/// The warning about the passive side being healthier, by priority.
fn healthier(priority: Priority, bend: impl Fn(&mut Nodes)) -> Option<String> {
    let mut nodes = configured();
    nodes.change(|pair| pair.priority = priority);
    bend(&mut nodes);
    let mut warnings = status(&nodes, None).warnings.into_iter();
    warnings
        .find(|warning| warning.code == "passive_healthier")
        .map(|warning| format!("{} -> {}", warning.text, warning.hint.unwrap_or_default()))
}

#[test]
fn a_healthier_passive_side_is_told_by_the_pairs_priority() {
    let deaf = |nodes: &mut Nodes| nodes.facts.primary.sip[0].1 = None;
    let unplugged = |nodes: &mut Nodes| nodes.facts.primary.interfaces[0].up = false;
    let cut_off = |nodes: &mut Nodes| {
        for (side, answer) in [(Side::Primary, None), (Side::Secondary, Some(300))] {
            nodes.pair.nodes[side].health_check.v4 = Some([192, 0, 2, 1].into());
            nodes.facts[side].reach.push(([192, 0, 2, 1].into(), answer));
        }
    };
    for (priority, bend, reason) in [
        (
            Priority::High,
            &deaf as &dyn Fn(&mut Nodes),
            Some("its service answers"),
        ),
        (
            Priority::High,
            &unplugged,
            Some("of its VIPs 1 lie on an interface with a link, of the other's 0"),
        ),
        (
            Priority::High,
            &cut_off,
            Some("1 control address(es) answer it, the other 0"),
        ),
        (Priority::Equal, &deaf, None),
        (
            Priority::Equal,
            &unplugged,
            Some("it counts 1 control addresses that answer"),
        ),
        (
            Priority::Equal,
            &cut_off,
            Some("it counts 2 control addresses that answer"),
        ),
        (Priority::Ignore, &deaf, None),
        (Priority::Ignore, &unplugged, None),
        (Priority::Ignore, &cut_off, None),
    ] {
        let told = healthier(priority, bend);
        match (&told, reason) {
            (Some(text), Some(reason)) => {
                assert!(
                    text.starts_with("beta, which is passive") && text.contains(reason),
                    "{text}"
                );
                assert!(text.contains("pairadm takeover --to secondary"), "{text}");
            }
            _ => assert_eq!(told.is_some(), reason.is_some(), "{priority:?} {told:?}"),
        }
    }
}

#[test]
fn no_takeover_is_advised_to_a_side_that_would_not_answer() {
    for priority in [Priority::High, Priority::Equal] {
        let told = healthier(priority, |nodes| {
            nodes.facts.primary.interfaces[0].up = false;
            nodes.facts.secondary.units[0].active = "failed".to_owned();
        });
        assert_eq!(told, None);
        // What only one side was asked says nothing about the other.
        let told = healthier(priority, |nodes| {
            nodes.pair.nodes.secondary.health_check.v4 = Some([192, 0, 2, 1].into());
            nodes
                .facts
                .secondary
                .reach
                .push(([192, 0, 2, 1].into(), Some(300)));
        });
        assert_eq!(told, None);
        // The passive side may be worse.
        assert_eq!(
            healthier(priority, |nodes| nodes.facts.secondary.interfaces[0].up = false),
            None
        );
    }
}

#[test]
fn different_memories_are_told() {
    warned(
        |nodes| nodes.facts.primary.state.as_mut().unwrap().generation = Generation(9),
        &["generation_differs"],
    );
    warned(
        |nodes| nodes.facts.primary.state.as_mut().unwrap().active = Some("beta".to_owned()),
        &["views_differ"],
    );
    warned(|nodes| nodes.facts.secondary.state = None, &["not_configured"]);
    warned(
        |nodes| nodes.write(Side::Primary, paths::PAIR_FILE, "other"),
        &["pair_file_differs"],
    );
    warned(
        |nodes| nodes.write(Side::Primary, hosts::PATH, "127.0.0.1 localhost\n"),
        &["hosts_changed"],
    );
}

#[test]
fn what_is_left_to_do_is_told() {
    warned(
        |nodes| {
            nodes.facts.primary.state.as_mut().unwrap().pending_restart = vec!["kamailio.service".to_owned()];
        },
        &["restart_pending"],
    );
    warned(
        |nodes| {
            nodes.facts.primary.state.as_mut().unwrap().debts = vec![Debt {
                op: OpId(3),
                node: "beta".to_owned(),
                what: "block traffic".to_owned(),
            }];
        },
        &["debt"],
    );
    warned(
        |nodes| nodes.facts.primary.last_operation = Some((OpId(4), "take over".to_owned(), true)),
        &["unfinished_operation"],
    );
    warned(
        |nodes| {
            let now = nodes.facts.primary.clock_us / 1_000_000;
            nodes.facts.primary.state.as_mut().unwrap().restarts = vec![now - 9, now - 5];
        },
        &["repeated_restarts"],
    );
}

#[test]
fn guard_clock_links_and_keepalived_are_watched() {
    warned(
        |nodes| nodes.facts.primary.units.last_mut().unwrap().enabled = "disabled".to_owned(),
        &["guard_not_enabled"],
    );
    warned(
        |nodes| {
            for facts in [&mut nodes.facts.primary, &mut nodes.facts.secondary] {
                facts.state = None;
                facts.gaps = vec![format!("{} is damaged", paths::STATE_FILE)];
            }
        },
        &["state_damaged", "state_damaged"],
    );
    warned(
        |nodes| nodes.facts.primary.state_obstacle = Some(Error::refused("immutable", "has `i`")),
        &["state_not_replaceable"],
    );
    warned(
        |nodes| {
            let mut promote = nodes.facts.primary.units[0].clone();
            promote.name = guard_units::PROMOTE.to_owned();
            promote.active = "failed".to_owned();
            nodes.facts.primary.units.insert(0, promote);
        },
        &["promote_failed"],
    );
    warned(
        |nodes| nodes.write(Side::Primary, &paths::own_profile("kamailio"), "title = 1\n"),
        &["profile_differs"],
    );
    warned(
        |nodes| nodes.facts.primary.clock_us += 5_000_000,
        &["clocks_differ"],
    );
    warned(
        |nodes| nodes.facts.primary.reach = vec![([192, 0, 2, 12].into(), None)],
        &["link_down"],
    );
    warned(
        |nodes| {
            nodes.pair.nodes.primary.health_check.v4 = Some([192, 0, 2, 1].into());
            nodes.facts.primary.reach = vec![([192, 0, 2, 1].into(), None)];
        },
        &["control_address_silent"],
    );
    warned(
        |nodes| nodes.facts.primary.keepalived = true,
        &["keepalived_holds_vip"],
    );
}

#[test]
fn every_warning_says_what_to_do() {
    let mut nodes = configured();
    nodes.facts.secondary.state = None;
    nodes.facts.primary.addresses.pop();
    nodes.facts.primary.units[0].active = "failed".to_owned();
    assert!(
        status(&nodes, None)
            .warnings
            .iter()
            .all(|warning| warning.hint.is_some())
    );
}

#[test]
fn files_that_differ_where_they_should_not_are_told() {
    let survey = |digest: &str| {
        Some(vec![crate::data::Surveyed {
            path: "/etc/default/kamailio".to_owned(),
            kind: crate::data::Kind::File {
                size: 1,
                blake3: digest.to_owned(),
            },
            mode: 0o644,
            owner: ("root".to_owned(), "root".to_owned()),
            translated: None,
        }])
    };
    let bend = |nodes: &mut Nodes, secondary: &str| {
        nodes.facts.primary.survey = survey("a");
        nodes.facts.secondary.survey = survey(secondary);
    };
    warned(|nodes| bend(nodes, "a"), &[]);
    warned(|nodes| bend(nodes, "b"), &["drift"]);
}

#[test]
fn what_a_node_does_by_itself_and_fails_at_is_told() {
    use crate::data::{LastRun, RunEnd, Trigger};
    use crate::plan::checks::sample::unit;
    use crate::plan::files::{schedule_unit, sync_unit};
    let run = |trigger| LastRun {
        trigger,
        at: "2026-11-21T03:30:00+00:00".to_owned(),
        seconds: 1,
        end: RunEnd::Failed,
        text: "the link broke".to_owned(),
        operations: Vec::new(),
    };
    let bend = |nodes: &mut Nodes, state: &str| {
        let facts = &mut nodes.facts.secondary;
        facts
            .units
            .push(unit(sync_unit::UNIT, "loaded", state, "enabled"));
        facts
            .units
            .push(unit(schedule_unit::TIMER, "loaded", "active", "enabled"));
    };
    warned(|nodes| bend(nodes, "active"), &[]);
    warned(|nodes| bend(nodes, "failed"), &["sync_down"]);
    warned(
        |nodes| {
            bend(nodes, "active");
            nodes.facts.secondary.runs = Trigger::ALL.map(run).to_vec();
        },
        &["sync_failed", "scheduled_run_failed"],
    );
    warned(
        |nodes| nodes.facts.secondary.runs = Trigger::ALL.map(run).to_vec(),
        &[],
    );
}
