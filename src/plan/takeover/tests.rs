//! What a takeover plans, in which order, and what refuses it.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::{TakeoverInput, plan};
use crate::config::Hook;
use crate::error::Error;
use crate::intent::TakeoverIntent;
use crate::model::{Generation, Side, Takeover, Traffic};
use crate::plan::sample::{Sample, mac};
use crate::plan::{Action, Change, Plan, Window};

const TO_SECONDARY: TakeoverIntent = TakeoverIntent {
    to: Side::Secondary,
    peer_lost: false,
};

fn planned(sample: &Sample, intent: TakeoverIntent) -> Result<Plan, Error> {
    plan(&TakeoverInput {
        basis: sample.basis(),
        intent,
    })
}

fn lost(sample: &mut Sample) -> TakeoverIntent {
    sample.facts.primary = None;
    TakeoverIntent {
        peer_lost: true,
        ..TO_SECONDARY
    }
}

/// Each step as `side verb`, in order.
fn shape(plan: &Plan) -> Vec<String> {
    let verb = |action: &Action| match action {
        Action::Traffic(change) => change.traffic.to_string(),
        Action::ArmTraffic(change) => format!("arm {}", change.traffic),
        Action::Lease(_) => "lease".to_owned(),
        Action::ProbeVip { holders, .. } => format!("probe {}", holders.join(" ")),
        Action::Release { .. } => "release".to_owned(),
        Action::Acquire { .. } => "acquire".to_owned(),
        Action::Announce { .. } => "announce".to_owned(),
        Action::SipCheck { target, .. } => format!("sip {target}"),
        Action::State { state } => format!("state {}", state.generation),
        Action::Note { .. } => "note".to_owned(),
        Action::Hook { argv, .. } => argv.join(" "),
        Action::React { mode, .. } => format!("tell {mode}"),
        other => format!("{other:?}"),
    };
    plan.steps()
        .map(|step| format!("{} {}", step.side, verb(&step.action)))
        .collect()
}

fn code(sample: &Sample, intent: TakeoverIntent) -> String {
    let error = planned(sample, intent).expect_err("a refusal");
    assert_eq!(error.kind.exit_code(), 2, "{error}");
    assert!(error.hint.is_some(), "{error}: what to do next?");
    error.code
}

#[test]
fn the_order_is_check_arm_release_acquire_allow_record_prove() {
    let plan = planned(&Sample::default(), TO_SECONDARY).unwrap();
    assert_eq!(
        shape(&plan),
        [
            "secondary sip 192.0.2.12",
            "secondary probe 02:00:00:00:00:0a",
            "primary arm blocked",
            "secondary arm allowed",
            "secondary lease",
            "primary release",
            "secondary acquire",
            "secondary allowed",
            "secondary state 5",
            "secondary announce",
            "primary probe 02:00:00:00:00:0b",
            "primary sip 192.0.2.10",
            "primary sip 2001:db8::10",
            "primary blocked",
            "primary state 5",
            "secondary tell active",
            "primary tell passive",
        ]
    );
    assert!(plan.service_affecting);
    assert_eq!(plan.sides, Side::BOTH);
    let numbers: Vec<u32> = plan.steps().map(|step| step.id.0).collect();
    assert_eq!(numbers, (1..=17).collect::<Vec<u32>>());
}

/// S2 and S1: what allows and what acquires comes in a later stage than what blocks and releases.
#[test]
fn the_old_side_is_released_in_a_stage_before_the_new_side_is_brought_up() {
    let plan = planned(&Sample::default(), TO_SECONDARY).unwrap();
    let stage_of = |wanted: &dyn Fn(&Action) -> bool| {
        plan.stages
            .iter()
            .position(|stage| stage.steps.iter().any(|step| wanted(&step.action)))
            .unwrap()
    };
    let released = stage_of(&|action| {
        matches!(
            action,
            Action::Release {
                block: Some(Change {
                    traffic: Traffic::Blocked,
                    ..
                }),
                ..
            }
        )
    });
    let acquired = stage_of(&|action| matches!(action, Action::Acquire { .. }));
    let allowed =
        stage_of(&|action| matches!(action, Action::Traffic(change) if change.traffic == Traffic::Allowed));
    assert!(released < acquired && released < allowed);
    let dark: Vec<usize> = (0..plan.stages.len())
        .filter(|&at| plan.stages[at].window == Window::Dark)
        .collect();
    assert_eq!(dark, [released, acquired], "nothing else lies in the window");
}

#[test]
fn the_armed_changes_are_the_ones_that_the_window_commits() {
    let plan = planned(&Sample::default(), TO_SECONDARY).unwrap();
    let armed: Vec<&Change> = plan
        .steps()
        .filter_map(|step| match &step.action {
            Action::ArmTraffic(change) => Some(change),
            _ => None,
        })
        .collect();
    for step in plan
        .stages
        .iter()
        .filter(|stage| stage.window == Window::Dark)
        .flat_map(|stage| &stage.steps)
    {
        match &step.action {
            Action::Release { block, .. } => assert!(armed.contains(&block.as_ref().unwrap())),
            Action::Traffic(change) => assert!(armed.contains(&change)),
            _ => {}
        }
    }
    assert_eq!(
        armed[0].exempt,
        ["192.0.2.12".parse::<std::net::IpAddr>().unwrap()],
        "the peer may probe"
    );
}

#[test]
fn hooks_run_outside_the_window_demote_before_and_promote_after() {
    let mut sample = Sample::default();
    let hook = |name: &str| Hook {
        argv: vec![name.to_owned()],
        undo: None,
        timeout_ms: 1000,
    };
    sample.profile.demote = vec![hook("demote")];
    sample.profile.promote = vec![hook("promote")];
    let steps = shape(&planned(&sample, TO_SECONDARY).unwrap());
    let at = |text: &str| steps.iter().position(|step| step == text).unwrap();
    assert!(at("primary demote") < at("primary arm blocked"));
    assert!(at("secondary promote") > at("secondary state 5"));
}

#[test]
fn a_lost_peer_has_no_steps_and_leaves_a_debt() {
    let mut sample = Sample::default();
    let intent = lost(&mut sample);
    let plan = planned(&sample, intent).unwrap();
    assert_eq!(
        shape(&plan),
        [
            "secondary sip 192.0.2.12",
            "secondary probe ",
            "secondary arm allowed",
            "secondary acquire",
            "secondary allowed",
            "secondary state 5",
            "secondary announce",
            "secondary probe ",
            "secondary sip 192.0.2.10",
            "secondary sip 2001:db8::10",
            "secondary note",
            "secondary tell active",
        ]
    );
    assert_eq!(plan.sides, [Side::Secondary]);
    assert!(
        plan.notice.iter().any(|line| line.contains("cannot be reached")),
        "{:?}",
        plan.notice
    );
}

#[test]
fn an_active_side_has_nothing_to_take_over() {
    let plan = planned(&Sample::default().taken_over(), TO_SECONDARY).unwrap();
    assert!(plan.is_empty() && !plan.service_affecting);
    assert!(plan.notice[0].starts_with("Nothing to do"), "{:?}", plan.notice);
    let again = planned(
        &Sample::default(),
        TakeoverIntent {
            to: Side::Primary,
            peer_lost: false,
        },
    )
    .unwrap();
    assert!(again.is_empty());
}

#[test]
fn a_half_done_takeover_is_not_nothing_to_do() {
    let mut sample = Sample::default().taken_over();
    sample.side(Side::Primary).firewall.v6 = Some(Traffic::Allowed);
    assert!(!planned(&sample, TO_SECONDARY).unwrap().is_empty());
    let mut sample = Sample::default().taken_over();
    sample.side(Side::Secondary).state.as_mut().unwrap().active = Some("alpha".to_owned());
    assert!(!planned(&sample, TO_SECONDARY).unwrap().is_empty());
}

#[test]
fn a_new_side_that_is_open_already_is_closed_first() {
    let mut sample = Sample::default();
    let firewall = &mut sample.side(Side::Secondary).firewall;
    (firewall.v4, firewall.v6) = (Some(Traffic::Allowed), Some(Traffic::Allowed));
    let plan = planned(&sample, TO_SECONDARY).unwrap();
    let steps = shape(&plan);
    let at = |text: &str| steps.iter().position(|step| step == text).unwrap();
    assert!(at("secondary blocked") < at("secondary arm allowed"));
    assert!(
        plan.notice.iter().any(|line| line.contains("both sides")),
        "{:?}",
        plan.notice
    );
}

#[test]
fn the_newest_generation_of_either_node_is_followed() {
    let mut sample = Sample::default();
    sample.side(Side::Secondary).state.as_mut().unwrap().generation = Generation(9);
    assert!(shape(&planned(&sample, TO_SECONDARY).unwrap()).contains(&"primary state 10".to_owned()));
}

#[test]
fn a_pair_without_vips_moves_traffic_alone() {
    let mut sample = Sample::default();
    sample.pair.vips.clear();
    let steps = shape(&planned(&sample, TO_SECONDARY).unwrap());
    assert_eq!(
        steps,
        [
            "secondary sip 192.0.2.12",
            "primary arm blocked",
            "secondary arm allowed",
            "secondary lease",
            "primary release",
            "secondary allowed",
            "secondary state 5",
            "primary blocked",
            "primary state 5",
            "secondary tell active",
            "primary tell passive",
        ]
    );
}

#[test]
fn refusals_name_their_reason() {
    let refused = |code_wanted: &str, bend: &dyn Fn(&mut Sample)| {
        let mut sample = Sample::default();
        bend(&mut sample);
        assert_eq!(code(&sample, TO_SECONDARY), code_wanted);
    };
    refused("unreachable", &|s| s.facts.primary = None);
    refused("unreachable", &|s| s.facts.secondary = None);
    refused("keepalived", &|s| s.side(Side::Primary).keepalived = true);
    refused("keepalived", &|s| s.pair.takeover = Takeover::Automatic);
    refused("not_configured", &|s| s.side(Side::Primary).state = None);
    refused("no_interface", &|s| s.side(Side::Secondary).interfaces.clear());
    refused("no_iptables", &|s| s.side(Side::Primary).firewall.backend = None);
    refused("vip_prefix", &|s| s.side(Side::Primary).addresses[1].prefix = 24);
    refused("vip_in_configuration", &|s| {
        s.side(Side::Secondary).vip_in_configuration = vec!["/etc/network/interfaces".to_owned()];
    });
    refused("not_alive", &|s| {
        s.side(Side::Secondary).alive = Some((false, "no socket".to_owned()));
    });
    refused("not_alive", &|s| s.side(Side::Secondary).sip[0].1 = None);
    refused("not_alive", &|s| {
        s.side(Side::Secondary).units[0].active = "failed".to_owned();
    });
    refused("no_network", &|s| {
        s.side(Side::Secondary).interfaces[0].up = false;
    });
    refused("no_network", &|s| {
        let gateway = "192.0.2.1".parse().unwrap();
        s.side(Side::Secondary).gateways = vec![gateway];
        s.side(Side::Secondary).reach = vec![(gateway, None)];
    });
    refused("no_nonlocal_bind", &|s| {
        s.side(Side::Secondary).sysctl = vec![("net.ipv6.ip_nonlocal_bind".to_owned(), "0".to_owned())];
    });
}

#[test]
fn the_old_side_may_be_as_broken_as_it_likes() {
    let mut sample = Sample::default();
    let old = sample.side(Side::Primary);
    old.alive = Some((false, "dead".to_owned()));
    old.sip[0].1 = None;
    old.units[0].active = "failed".to_owned();
    assert!(!planned(&sample, TO_SECONDARY).unwrap().is_empty());
}

#[test]
fn a_peer_that_answers_is_not_lost() {
    let intent = TakeoverIntent {
        peer_lost: true,
        ..TO_SECONDARY
    };
    assert_eq!(code(&Sample::default(), intent), "peer_not_lost");
}

#[test]
fn a_stranger_that_holds_a_vip_is_looked_for_while_calls_still_run() {
    let plan = planned(&Sample::default(), TO_SECONDARY).unwrap();
    let probe = plan
        .steps()
        .find(|step| matches!(step.action, Action::ProbeVip { .. }))
        .unwrap();
    let first_dark = plan
        .stages
        .iter()
        .position(|stage| stage.window == Window::Dark)
        .unwrap();
    let stage = plan
        .stages
        .iter()
        .position(|stage| stage.steps.contains(probe))
        .unwrap();
    assert!(stage < first_dark);
    assert!(matches!(&probe.action, Action::ProbeVip { holders, .. } if holders == &[mac(Side::Primary)]));
}

#[test]
fn clocks_and_counters_do_not_make_a_plan_stale_and_an_address_does() {
    let mut sample = Sample::default();
    let before = sample.basis().fingerprint();
    let facts = sample.side(Side::Primary);
    facts.clock_us = 7;
    facts.counters = vec![("calls".to_owned(), 3)];
    facts.sip[0].1 = Some(1);
    assert_eq!(sample.basis().fingerprint(), before);
    sample.side(Side::Primary).addresses.pop();
    assert_ne!(sample.basis().fingerprint(), before);
}

#[test]
fn calls_and_different_versions_are_in_the_notice() {
    let mut sample = Sample::default();
    sample.side(Side::Primary).counters = vec![("calls".to_owned(), 12)];
    sample.side(Side::Secondary).version = Some("kamailio 5.7".to_owned());
    let notice = planned(&sample, TO_SECONDARY).unwrap().notice.join("\n");
    assert!(notice.contains("12 calls now"), "{notice}");
    assert!(notice.contains("Alarms to expect while"), "{notice}");
    assert!(notice.contains("versions differ"), "{notice}");
}
