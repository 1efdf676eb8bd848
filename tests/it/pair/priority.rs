//! Who goes first on a busy node: calls before a mere look at it, and before calls what moves them, because they
//! are dark meanwhile. What shall be looked at is held there.

use super::{Running, assert_serves, run, wait_until};
use crate::support::lab::{FreshLab, TestNode};
use std::process::Command;

const LEISURELY: &str = "5";
const URGENT: &str = "-20";

/// The nice values of all threads whose command line has `part` in it.
fn nice(node: TestNode<'_>, part: &str) -> Vec<String> {
    let all = node.sh("ps -eLo ni=,args=");
    let lines = all.lines().filter(|line| line.contains(part));
    lines
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect()
}

/// What `/proc` says of the node's only agent.
fn of_agent(node: TestNode<'_>, file: &str) -> String {
    node.sh(&format!("cat /proc/$(pgrep -f '[p]airadm.* agent$')/{file}"))
}

#[test]
fn a_look_at_a_node_lets_its_calls_go_first() {
    let lab = FreshLab::start("leisurely");
    let alpha = lab.alpha();
    alpha.hold("iptables", "-S");
    let looking = Running::start(&lab, &["status"]);
    alpha.until_held();
    let programs = nice(alpha, "iptables");
    assert!(
        !programs.is_empty() && programs.iter().all(|nice| nice == LEISURELY),
        "{programs:?}"
    );
    // Kernels without groups of sessions have no such file.
    let session = of_agent(alpha, "autogroup 2>/dev/null || echo nice 5");
    assert!(session.trim().ends_with("nice 5"), "{session}");
    alpha.let_go();
    assert_eq!(looking.end(), Some(0));
}

#[test]
fn what_moves_traffic_goes_before_everything() {
    let lab = FreshLab::start("urgent");
    run(&lab, &["configure", "--yes"], 0);
    let (alpha, beta) = (lab.alpha(), lab.beta());
    // The window is held open by the program that shall block, and before it stands the last step of beta.
    alpha.hold("iptables-restore", "--noflush");
    beta.hold("systemd-run", "agent-lease");
    let running = Running::start(&lab, &["takeover", "--to", "secondary", "--yes"]);
    beta.until_held();
    assert_eq!(nice(beta, "tables-restore --noflush"), [URGENT; 2]);
    let agent = of_agent(beta, "stat");
    let words: Vec<&str> = agent
        .rsplit(')')
        .next()
        .expect("fields")
        .split_whitespace()
        .collect();
    // proc(5): the first of them is the third field, `state`.
    let (parent, own) = (words[1], words[16]);
    assert_eq!(own, URGENT, "the agent: {agent}");
    let carrier = beta.sh(&format!("ps -o ni=,args= -p {parent}"));
    assert!(
        carrier.contains("sshd") && carrier.trim().starts_with(URGENT),
        "what carries its orders: {carrier}"
    );
    let pid = running.child.id().to_string();
    let controller = || {
        let threads = Command::new("ps").args(["-L", "-o", "ni=", "-p", &pid]).output();
        String::from_utf8(threads.expect("ps runs").stdout).expect("text")
    };
    assert!(!controller().contains(URGENT), "before the window");
    beta.let_go();
    wait_until("the controller goes first", || controller().contains(URGENT));
    alpha.let_go();
    assert_eq!(running.end(), Some(0));
    assert_serves(&lab, "beta", "taken over");
    for node in [alpha, beta] {
        assert!(!nice(node, "sshd").contains(&URGENT.to_owned()), "given back");
    }
}
