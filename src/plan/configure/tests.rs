//! The plan as a whole: nothing twice, the order of the promises, what is kept and what is taken away.

#![allow(clippy::unwrap_used)]

use super::plan;
use crate::intent::RestartChoice;
use crate::model::{BySide, ExtraFile, Side, Traffic, Vip, paths};
use crate::plan::checks::sample::{Nodes, image};
use crate::plan::files::{authorized_keys, chrony, hosts, known_hosts, sysctl};
use crate::plan::{Action, Keep, Plan, UnitVerb};
use proptest::prelude::*;

/// Titles with their sides, in order.
fn titles(plan: &Plan) -> Vec<String> {
    plan.steps()
        .map(|step| format!("{}: {}", step.side, step.title))
        .collect()
}

fn place(plan: &Plan, what: impl Fn(Side, &Action) -> bool) -> usize {
    plan.steps()
        .position(|step| what(step.side, &step.action))
        .unwrap()
}

#[test]
fn a_second_run_is_an_empty_plan() {
    let mut nodes = Nodes::default();
    assert!(!nodes.configure().is_empty());
    let second = plan(&nodes.input()).unwrap();
    assert!(second.is_empty(), "{:?}", titles(&second));
    assert_eq!(second.notice[0], "This change is not service affecting.");
}

#[test]
fn a_third_host_without_the_previous_pair_plans_nothing_either() {
    let mut nodes = Nodes::default();
    nodes.configure();
    nodes.previous = None;
    let second = plan(&nodes.input()).unwrap();
    assert!(second.is_empty(), "{:?}", titles(&second));
}

#[test]
fn the_first_plan_reads_like_this() {
    let plan = plan(&Nodes::default().input()).unwrap();
    insta::assert_snapshot!(titles(&plan).join("\n"));
    insta::assert_snapshot!(plan.notice.join("\n"));
}

#[test]
fn the_passive_side_is_blocked_before_anything_comes_up_and_the_active_allowed_last() {
    let plan = plan(&Nodes::default().input()).unwrap();
    let traffic = |side, traffic| {
        place(&plan, |at, action| {
            at == side && matches!(action, Action::Traffic(change) if change.traffic == traffic)
        })
    };
    let blocked = traffic(Side::Secondary, Traffic::Blocked);
    let allowed = traffic(Side::Primary, Traffic::Allowed);
    let absent = place(&plan, |at, action| {
        at == Side::Secondary && matches!(action, Action::Release { .. })
    });
    let silent = place(&plan, |at, action| {
        at == Side::Primary && matches!(action, Action::ProbeVip { .. })
    });
    let up = place(&plan, |at, action| {
        at == Side::Primary && matches!(action, Action::Acquire { .. })
    });
    assert!(blocked < absent && absent < silent && silent < up && up < allowed);
    let stage = |step: usize| {
        let id = plan.steps().nth(step).unwrap().id;
        plan.stages
            .iter()
            .position(|stage| stage.steps.iter().any(|step| step.id == id))
            .unwrap()
    };
    assert!(
        stage(blocked) < stage(silent) && stage(silent) < stage(allowed),
        "stages run in parallel inside"
    );
}

#[test]
fn login_paths_and_rules_are_armed() {
    let plan = plan(&Nodes::default().input()).unwrap();
    for step in plan.steps() {
        let guarded = match &step.action {
            Action::File(file) => file.path == authorized_keys::PATH,
            Action::Traffic(_) => true,
            _ => false,
        };
        assert_eq!(step.armed, guarded, "{}", step.title);
    }
}

#[test]
fn originals_in_directories_that_load_everything_go_aside() {
    let plan = plan(&Nodes::default().input()).unwrap();
    for step in plan.steps() {
        if let Action::File(file) = &step.action {
            let loaded = file.path.contains(".d/") || file.path.starts_with("/etc/systemd/");
            assert_eq!(file.keep == Keep::Aside, loaded, "{}", file.path);
        }
    }
}

#[test]
fn the_side_that_holds_the_vip_stays_active() {
    let mut nodes = Nodes::default();
    let vip = crate::plan::VipPlace {
        address: [192, 0, 2, 10].into(),
        interface: "eth0".to_owned(),
    };
    let acquire = Action::Acquire { vips: vec![vip] };
    crate::plan::checks::sample::apply(&mut nodes.facts.secondary, &acquire);
    let plan = plan(&nodes.input()).unwrap();
    assert!(
        titles(&plan).contains(&"primary: block udp/5060, tcp/5060, tcp/5061".to_owned()),
        "{:?}",
        titles(&plan)
    );
    nodes.configure();
    assert_eq!(
        nodes.facts.primary.state.as_ref().unwrap().active.as_deref(),
        Some("beta")
    );
}

#[test]
fn contradictions_about_the_active_side_are_refused() {
    let mut nodes = Nodes::default();
    nodes.configure();
    let moved = nodes.facts.primary.addresses.pop().unwrap();
    nodes.facts.secondary.addresses.push(moved.clone());
    assert_eq!(plan(&nodes.input()).unwrap_err().code, "holder_is_not_active");
    nodes.facts.primary.addresses.push(moved);
    assert!(
        plan(&nodes.input())
            .unwrap_err()
            .to_string()
            .contains("on both nodes")
    );
    nodes.facts.secondary.addresses.pop();
    nodes.facts.secondary.state.as_mut().unwrap().traffic = Traffic::Allowed;
    assert_eq!(plan(&nodes.input()).unwrap_err().code, "both_allowed");
}

#[test]
fn an_operators_block_of_both_sides_stays() {
    let mut nodes = Nodes::default();
    nodes.configure();
    nodes.facts.primary.state.as_mut().unwrap().traffic = Traffic::Blocked;
    nodes.facts.primary.firewall = nodes.facts.secondary.firewall.clone();
    let plan = plan(&nodes.input()).unwrap();
    assert!(plan.is_empty(), "{:?}", titles(&plan));
}

#[test]
fn restart_later_stays_pending_and_restart_now_restarts_the_passive_side_first() {
    let mut later = Nodes::default();
    later.restart = RestartChoice::Later;
    let plan = later.configure();
    assert!(!plan.service_affecting);
    assert!(
        titles(&plan)
            .iter()
            .all(|title| !title.contains("restart kamailio"))
    );
    assert_eq!(
        later.facts.primary.state.as_ref().unwrap().pending_restart,
        ["kamailio.service"]
    );
    later.restart = RestartChoice::Now;
    assert!(
        super::plan(&later.input()).unwrap().is_empty(),
        "a pending restart is made by `restart`"
    );

    let plan = Nodes::default().configure();
    assert!(plan.service_affecting);
    let restarted: Vec<Side> = plan
        .steps()
        .filter(|step| matches!(&step.action, Action::Unit { unit, verb: UnitVerb::Restart } if unit == "kamailio.service"))
        .map(|step| step.side)
        .collect();
    assert_eq!(restarted, [Side::Secondary, Side::Primary]);
}

#[test]
fn repeated_restarts_are_warned_of() {
    let mut nodes = Nodes::default();
    nodes.configure();
    let now = nodes.facts.primary.clock_us / 1_000_000;
    nodes.facts.primary.state.as_mut().unwrap().restarts = vec![now - 60, now - 30];
    nodes.change(|pair| {
        pair.vips.push(Vip {
            address: [192, 0, 2, 20].into(),
            interface: "eth0".to_owned(),
        });
    });
    let plan = plan(&nodes.input()).unwrap();
    assert!(
        plan.notice.iter().any(|line| line.contains("restarted 2 times")),
        "{:?}",
        plan.notice
    );
}

#[test]
fn a_file_that_the_service_reads_makes_it_restart_and_is_not_shown() {
    let mut nodes = Nodes::default();
    nodes.configure();
    let target = "/etc/kamailio/tls.key";
    nodes.extra = vec![(
        ExtraFile {
            source: "/root/tls.key".to_owned(),
            target: target.to_owned(),
        },
        b"private".to_vec(),
    )];
    for side in Side::BOTH {
        nodes.facts[side].files.push(image(target, None));
    }
    let plan = plan(&nodes.input()).unwrap();
    assert!(titles(&plan).contains(&"primary: restart kamailio.service".to_owned()));
    let diffs = plan.steps().filter_map(|step| match &step.action {
        Action::File(file) => Some(&file.diff),
        _ => None,
    });
    assert!(diffs.into_iter().all(|diff| !diff.contains("private")));
}

/// Puts of this path, by side.
fn puts(plan: &Plan, path: &str) -> Vec<(Side, u32, Keep)> {
    let put = |step: &crate::plan::Step| match &step.action {
        Action::File(file) if file.path == path => Some((step.side, file.mode, file.keep)),
        _ => None,
    };
    plan.steps().filter_map(put).collect()
}

#[test]
fn a_profile_of_the_administrator_goes_to_both_nodes_and_is_told_of_where_it_is_not_the_one_used() {
    let path = paths::own_profile("kamailio");
    let mut nodes = Nodes::default();
    nodes.own_profile = Some("title = \"Ours\"\n".to_owned());
    let plan = nodes.configure();
    let aside = |side| (side, 0o644, Keep::Aside);
    assert_eq!(puts(&plan, &path), Side::BOTH.map(aside));
    assert_eq!(nodes.read(Side::Secondary, &path), "title = \"Ours\"\n");
    assert!(super::plan(&nodes.input()).unwrap().is_empty());

    // A third host that does not have the file neither takes it away nor keeps quiet.
    nodes.own_profile = None;
    let plan = super::plan(&nodes.input()).unwrap();
    assert!(plan.is_empty(), "{:?}", titles(&plan));
    for name in ["alpha", "beta"] {
        let told = |line: &String| line.contains(&format!("{name} has {path}"));
        assert!(plan.notice.iter().any(told), "{:?}", plan.notice);
    }
}

#[test]
fn a_server_that_leaves_is_told_with_the_way_that_leaves_nothing_behind() {
    let mut nodes = Nodes::default();
    nodes.configure();
    nodes.previous.as_mut().unwrap().nodes.secondary.hostname = "delta".parse().unwrap();
    let notice = plan(&nodes.input()).unwrap().notice.join("\n");
    assert!(notice.contains("delta leaves the pair"), "{notice}");
    assert!(notice.contains("a cluster on the primary only"), "{notice}");
}

#[test]
fn a_reaction_that_is_named_among_the_files_can_be_run() {
    let mut nodes = Nodes::default();
    nodes.configure();
    for (name, mode) in [("page", 0o755), ("moved.toml", 0o644)] {
        let target = format!("{}/{name}", paths::REACTIONS_DIR);
        let file = ExtraFile {
            source: target.clone(),
            target: target.clone(),
        };
        nodes.extra = vec![(file, b"text".to_vec())];
        for side in Side::BOTH {
            nodes.facts[side].files.push(image(&target, None));
        }
        let plan = plan(&nodes.input()).unwrap();
        let aside = |side| (side, mode, Keep::Aside);
        assert_eq!(puts(&plan, &target), Side::BOTH.map(aside));
    }
}

#[test]
fn ntp_servers_go_where_chrony_looks_and_go_away_again() {
    let mut nodes = Nodes::default();
    nodes.change(|pair| pair.ntp = vec!["192.0.2.123".to_owned()]);
    let plan = nodes.configure();
    assert!(titles(&plan).contains(&"secondary: restart chrony.service".to_owned()));
    assert!(
        nodes
            .read(Side::Primary, chrony::SOURCES)
            .contains("server 192.0.2.123 iburst")
    );
    nodes.change(|pair| pair.ntp.clear());
    nodes.configure();
    assert!(
        nodes
            .facts
            .primary
            .file(chrony::SOURCES)
            .unwrap()
            .content
            .is_none()
    );
}

#[test]
fn a_vip_that_is_dropped_is_taken_off_and_nothing_is_acquired() {
    let mut nodes = Nodes::default();
    nodes.configure();
    nodes.change(|pair| pair.vips.clear());
    let plan = nodes.configure();
    assert!(
        titles(&plan).contains(&"primary: take off 192.0.2.10".to_owned()),
        "{:?}",
        titles(&plan)
    );
    assert!(nodes.facts.primary.carrier([192, 0, 2, 10].into()).is_none());
    assert!(nodes.facts.primary.file(sysctl::PATH).unwrap().content.is_none());
}

#[test]
fn another_style_of_block_rewrites_the_rules_of_the_blocked_side_only() {
    let mut nodes = Nodes::default();
    nodes.configure();
    nodes.change(|pair| pair.block = crate::model::BlockStyle::Reject);
    let plan = plan(&nodes.input()).unwrap();
    let sides: Vec<Side> = plan
        .steps()
        .filter(|step| matches!(step.action, Action::Traffic(_)))
        .map(|step| step.side)
        .collect();
    assert_eq!(sides, [Side::Secondary]);
}

#[test]
fn each_node_trusts_its_peers_keys() {
    let mut nodes = Nodes::default();
    nodes.configure();
    let keys = nodes.read(Side::Primary, authorized_keys::PATH);
    assert!(
        keys.contains("AAAAKEYsecondary") && keys.contains("from=\"192.0.2.12\""),
        "{keys}"
    );
    assert!(
        nodes
            .read(Side::Secondary, known_hosts::PATH)
            .contains("192.0.2.11 ssh-ed25519 HOSTprimary")
    );
}

#[test]
fn a_node_without_a_key_is_refused_unless_the_plan_is_only_shown() {
    let mut nodes = Nodes::default();
    nodes.facts.primary.node_key = None;
    assert_eq!(plan(&nodes.input()).unwrap_err().code, "no_node_key");
    nodes.dry_run = true;
    assert!(!plan(&nodes.input()).unwrap().is_empty());
}

#[test]
fn every_file_that_cannot_be_replaced_is_told_with_the_checks() {
    let mut nodes = Nodes::default();
    for (side, facts) in [
        (Side::Primary, &mut nodes.facts.primary),
        (Side::Secondary, &mut nodes.facts.secondary),
    ] {
        let mut locked = image(hosts::PATH, Some("127.0.0.1 localhost\n"));
        locked.obstacle = Some(format!("immutable on the {side}"));
        facts.files.retain(|file| file.path != hosts::PATH);
        facts.files.push(locked);
    }
    let text = plan(&nodes.input()).unwrap_err().to_string();
    assert!(
        text.contains("immutable on the primary") && text.contains("immutable on the secondary"),
        "{text}"
    );
}

#[test]
fn the_states_agree_and_settings_do_not_count_as_a_new_generation() {
    let mut nodes = Nodes::default();
    nodes.configure();
    let before = nodes.facts.as_ref().map(|_, facts| facts.state.clone().unwrap());
    assert_eq!(before.primary.generation, before.secondary.generation);
    assert_eq!(
        (before.primary.traffic, before.secondary.traffic),
        (Traffic::Allowed, Traffic::Blocked)
    );
    nodes.change(|pair| pair.ntp = vec!["192.0.2.123".to_owned()]);
    nodes.configure();
    let after: BySide<_> = nodes.facts.as_ref().map(|_, facts| facts.state.clone().unwrap());
    assert_eq!(before, after);
}

#[test]
fn configuring_with_both_nodes_settles_what_was_owed() {
    let mut nodes = Nodes::default();
    nodes.configure();
    nodes.facts.secondary.state.as_mut().unwrap().debts = vec![crate::model::Debt {
        op: crate::model::OpId(3),
        node: "alpha".to_owned(),
        what: "block traffic".to_owned(),
    }];
    nodes.configure();
    assert_eq!(nodes.facts.secondary.state.as_ref().unwrap().debts, []);
}

#[test]
fn the_pair_file_is_written_after_everything_it_speaks_of() {
    let plan = plan(&Nodes::default().input()).unwrap();
    let pair_file = place(
        &plan,
        |_, action| matches!(action, Action::File(file) if file.path == paths::PAIR_FILE),
    );
    let allowed = place(
        &plan,
        |_, action| matches!(action, Action::Traffic(change) if change.traffic == Traffic::Allowed),
    );
    assert!(allowed < pair_file);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn whatever_was_in_the_files_a_second_run_is_empty(
        hosts_text in "((127\\.0\\.1\\.1|192\\.0\\.2\\.1[0-3]|#)[ \t](alpha|beta\\.example\\.net|pbx)( alpha)?\n?){0,6}",
        keys in "(ssh-rsa AAAA [a-z]{0,4}(pairadm-peer@beta)?\n?){0,3}",
        known in "((alpha|beta|pbx|\\|1\\|x)(,beta)? ssh-rsa A\n?){0,3}",
        ntp in proptest::collection::vec("[a-z]{1,5}\\.example\\.net", 0..2),
    ) {
        let mut nodes = Nodes::default();
        for side in Side::BOTH {
            nodes.write(side, hosts::PATH, &hosts_text);
            nodes.write(side, authorized_keys::PATH, &keys);
            nodes.write(side, known_hosts::PATH, &known);
        }
        nodes.change(|pair| pair.ntp.clone_from(&ntp));
        nodes.configure();
        let second = plan(&nodes.input()).unwrap();
        prop_assert!(second.is_empty(), "{:?}", titles(&second));
    }
}
