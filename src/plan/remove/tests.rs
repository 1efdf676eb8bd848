//! Removal gives back originals, spares what a person changed, and leaves calls alone.

#![allow(clippy::unwrap_used)]

use super::plan;
use crate::agent::protocol::{End, LockOwner, Operation};
use crate::model::{BySide, OpId, Side};
use crate::plan::checks::sample::Nodes;
use crate::plan::files::{hosts, sysctl};
use crate::plan::{Action, Plan, StepPlace};

/// The journal of one node after these plans, newest first.
fn journal(side: Side, plans: &[Plan]) -> Vec<Operation> {
    plans
        .iter()
        .enumerate()
        .map(|(index, plan)| Operation {
            op: OpId(index as u64 + 1),
            tag: "pairadm_1_2".to_owned(),
            owner: LockOwner {
                who: "root@alpha".to_owned(),
                pid: 1,
                operation: plan.operation.clone(),
                since: String::new(),
            },
            plan: plan.clone(),
            places: plan
                .steps()
                .filter(|step| step.side == side)
                .map(|step| (step.id, StepPlace::Done))
                .collect(),
            end: Some(End::Committed),
        })
        .rev()
        .collect()
}

fn remove(nodes: &Nodes, plans: &[Plan]) -> Plan {
    let journals = BySide::new(|side| journal(side, plans));
    plan(
        &nodes.basis(),
        journals.as_ref().map(|_, operations| operations.as_slice()),
    )
    .unwrap()
}

fn titles(plan: &Plan, side: Side) -> Vec<&str> {
    plan.steps()
        .filter(|step| step.side == side)
        .map(|step| step.title.as_str())
        .collect()
}

#[test]
fn untouched_files_go_back_by_the_journal() {
    let mut nodes = Nodes::default();
    let configured = nodes.configure();
    let plan = remove(&nodes, &[configured]);
    let titles = titles(&plan, Side::Primary);
    for wanted in [
        "disable pairadm-guard.service",
        "give back /etc/hosts",
        "give back /etc/sysctl.d/60-pairadm.conf",
        "give kernel parameters back",
        "remove pairadm's chain",
        "remove /etc/pairadm/pair.toml",
    ] {
        assert!(titles.contains(&wanted), "{wanted}: {titles:?}");
    }
    let moving = |action: &Action| matches!(action, Action::Release { .. } | Action::Traffic(_));
    assert!(!plan.steps().any(|step| moving(&step.action)), "calls go on");
    assert!(
        plan.notice.iter().any(|line| line.contains("keeps 192.0.2.10")),
        "{:?}",
        plan.notice
    );
    assert!(
        plan.notice
            .iter()
            .any(|line| line.ends_with("rm -rf /var/lib/pairadm /usr/local/sbin/pairadm")),
        "{:?}",
        plan.notice
    );
}

#[test]
fn two_configurations_of_a_file_are_taken_back_at_once() {
    let mut nodes = Nodes::default();
    let first = nodes.configure();
    nodes.change(|pair| pair.nodes.secondary.fqdn = "beta.example.org".parse().unwrap());
    let second = nodes.configure();
    let plan = remove(&nodes, &[first, second]);
    assert_eq!(hosts_taken_back(&plan), [(OpId(1), Some(OpId(2)))]);
}

/// The operations whose change of alpha's `/etc/hosts` is taken back, with those that left it so.
fn hosts_taken_back(plan: &Plan) -> Vec<(OpId, Option<OpId>)> {
    plan.steps()
        .filter(|step| step.side == Side::Primary && step.title == format!("give back {}", hosts::PATH))
        .filter_map(|step| match step.action {
            Action::TakeBack { op, left_by, .. } => Some((op, left_by.map(|(op, _)| op))),
            _ => None,
        })
        .collect()
}

#[test]
fn what_an_earlier_removal_took_out_does_not_come_back() {
    let mut nodes = Nodes::default();
    let configured = nodes.configure();
    let edited = nodes.read(Side::Primary, hosts::PATH) + "192.0.2.99 printer\n";
    nodes.write(Side::Primary, hosts::PATH, &edited);
    let removed = remove(&nodes, std::slice::from_ref(&configured));
    nodes.carry_out(&removed);
    let again = nodes.configure();
    let plan = remove(&nodes, &[configured, removed, again]);
    assert_eq!(hosts_taken_back(&plan), [(OpId(3), None)]);
}

#[test]
fn servers_that_were_never_configured_keep_what_they_have() {
    let mut nodes = Nodes::default();
    let debian = "127.0.0.1 localhost\n127.0.1.1 alpha.example.net alpha\n";
    nodes.write(Side::Primary, hosts::PATH, debian);
    let plan = remove(&nodes, &[]);
    nodes.carry_out(&plan);
    assert_eq!(nodes.read(Side::Primary, hosts::PATH), debian);
}

#[test]
fn a_persons_lines_stay_and_pairadms_go() {
    let mut nodes = Nodes::default();
    let configured = nodes.configure();
    let edited = nodes.read(Side::Primary, hosts::PATH) + "192.0.2.99 printer\n";
    nodes.write(Side::Primary, hosts::PATH, &edited);
    let plan = remove(&nodes, &[configured]);
    nodes.carry_out(&plan);
    let text = nodes.read(Side::Primary, hosts::PATH);
    assert!(text.contains("printer") && !text.contains("beta"), "{text}");
}

#[test]
fn an_own_file_that_a_person_changed_stays_and_is_told() {
    let mut nodes = Nodes::default();
    let configured = nodes.configure();
    nodes.write(Side::Secondary, sysctl::PATH, "net.ipv4.ip_forward = 1\n");
    let plan = remove(&nodes, &[configured]);
    assert!(
        !titles(&plan, Side::Secondary)
            .iter()
            .any(|title| title.ends_with(sysctl::PATH))
    );
    assert!(
        plan.notice
            .iter()
            .any(|line| line.contains(sysctl::PATH) && line.contains("beta")),
        "{:?}",
        plan.notice
    );
}

#[test]
fn what_was_undone_is_not_taken_back_again() {
    let mut nodes = Nodes::default();
    let first = nodes.configure();
    let undo = crate::plan::undo::plan(OpId(1), &first, &[]).unwrap();
    let plan = remove(&nodes, &[first, undo]);
    assert!(
        !plan
            .steps()
            .any(|step| matches!(step.action, Action::TakeBack { .. }))
    );
}

#[test]
fn without_a_journal_own_files_go_and_shared_ones_are_edited() {
    let mut nodes = Nodes::default();
    nodes.configure();
    let plan = remove(&nodes, &[]);
    nodes.carry_out(&plan);
    assert!(nodes.facts.primary.file(sysctl::PATH).unwrap().content.is_none());
    assert!(!nodes.read(Side::Primary, hosts::PATH).contains("alpha"));
}
