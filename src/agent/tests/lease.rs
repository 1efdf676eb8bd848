//! The lease of a takeover as far as it needs no network: when it is renewed, by whom, and when it ends.
//! What taking down means is tested on real nodes.

use super::support::{Controller, Node, owner, plan};
use crate::agent::lease;
use crate::agent::lock::Lock;
use crate::agent::protocol::{End, Request};
use crate::model::{BlockStyle, OpId, Traffic};
use crate::plan::{Action, Change, Lease};

/// Remembers what was started; a lease's watch is then played by the test.
fn node() -> Node {
    let node = Node::new();
    node.program("systemd-run", "echo \"$@\" >> \"$(dirname \"$0\")/../started\"");
    node.write("hosts", "old", 0o644);
    node
}

fn terms(seconds: u32) -> Lease {
    Lease {
        vips: Vec::new(),
        block: Change {
            traffic: Traffic::Blocked,
            ports: vec!["udp/5060".parse().unwrap()],
            style: BlockStyle::Drop,
            exempt: Vec::new(),
        },
        witnesses: Vec::new(),
        seconds,
    }
}

/// An operation whose first step is a lease that runs out at once without a call.
fn leased(node: &Node, seconds: u32) -> Controller {
    let mut controller = Controller::on(node);
    let file = node.put("hosts", Some("old"), Some("new"));
    let steps = vec![vec![Action::Lease(terms(seconds)), file]];
    controller.begin(1, &plan(steps)).unwrap();
    controller.prepare(1, &[1, 2]).unwrap();
    controller.apply(1, 1).unwrap();
    controller
}

fn sight(node: &Node) -> String {
    lease::sight(&node.paths()).unwrap()
}

#[test]
fn the_watch_is_started_before_anything_comes_up() {
    let node = node();
    drop(leased(&node, 6));
    let started = std::fs::read_to_string(node.root.join("started")).unwrap();
    for part in [
        "--unit=pairadm-lease-1-",
        "Restart=on-failure",
        "Type=exec",
        "agent-lease",
    ] {
        assert!(started.contains(part), "{part} in {started}");
    }
}

#[test]
fn without_a_watch_there_is_no_lease() {
    let node = node();
    node.program("systemd-run", "exit 1");
    let mut controller = Controller::on(&node);
    controller
        .begin(1, &plan(vec![vec![Action::Lease(terms(6))]]))
        .unwrap();
    controller.prepare(1, &[1]).unwrap();
    assert_eq!(controller.apply(1, 1).unwrap_err().code, "not_leased");
    assert_eq!(sight(&node), "no lease");
}

#[test]
fn calls_of_the_controller_renew_it_and_those_of_others_do_not() {
    let node = node();
    let mut controller = leased(&node, 0);
    assert_eq!(sight(&node), "Silent");
    let mut onlooker = crate::agent::session::Session::new(node.paths());
    let call = |session: &mut crate::agent::session::Session| {
        session.answer(Request::Ping, std::time::Instant::now()).unwrap();
    };
    let before = lease::last_heard(&node.paths());
    call(&mut onlooker);
    assert_eq!(
        lease::last_heard(&node.paths()),
        before,
        "somebody looks at the status"
    );
    call(&mut controller.session);
    assert!(lease::last_heard(&node.paths()) > before);
}

#[test]
fn an_agent_that_ends_leaves_it_alone_and_the_next_one_takes_it_over() {
    let node = node();
    drop(leased(&node, 60));
    assert_eq!(sight(&node), "Alone");
    let before = lease::last_heard(&node.paths());
    let lock = Lock::take(&node.paths(), &owner()).unwrap();
    assert_eq!(sight(&node), "Held");
    drop(lock);
    drop(Controller::on(&node));
    assert!(lease::last_heard(&node.paths()) > before, "with the lock");
}

#[test]
fn a_commitment_ends_it_and_is_refused_once_it_has_run_out() {
    let node = node();
    let mut controller = leased(&node, 60);
    controller.apply(1, 2).unwrap();
    controller.finish(1, End::Committed).unwrap();
    assert_eq!(sight(&node), "no lease");

    let node = self::node();
    let mut controller = leased(&node, 60);
    controller.apply(1, 2).unwrap();
    lease::end(&node.paths(), OpId(1)).unwrap();
    assert_eq!(
        controller.finish(1, End::Committed).unwrap_err().code,
        "lease_over",
        "S7: what was taken down is not committed"
    );
    controller.apply(1, 1).unwrap();
    controller.finish(1, End::Committed).unwrap();
}

#[test]
fn taking_it_back_and_leaving_it_open_on_purpose_end_it() {
    let node = node();
    let mut controller = leased(&node, 60);
    controller.revert(1, 1).unwrap();
    assert_eq!(sight(&node), "no lease");
    controller.finish(1, End::RolledBack).unwrap();

    let node = self::node();
    let mut controller = leased(&node, 60);
    controller.ask(Request::Keep { op: OpId(1) }).unwrap();
    assert_eq!(sight(&node), "no lease");
}

#[test]
fn what_was_committed_stays_when_only_the_end_of_the_lease_was_lost() {
    let node = node();
    let mut controller = leased(&node, 60);
    let file = std::fs::read(node.paths().lease()).unwrap();
    controller.finish(1, End::Committed).unwrap();
    drop(controller);
    std::fs::write(node.paths().lease(), file).unwrap();
    assert_eq!(
        lease::watch(&node.paths()).unwrap(),
        "the operation was committed"
    );
    assert_eq!(sight(&node), "no lease");
}
