//! Units and hooks, with a stand-in for `systemctl` that keeps a unit's state in files and logs calls.

use super::support::{Controller, Node, plan, unit};
use crate::agent::protocol::{End, Request};
use crate::model::{Generation, NodeState, OpId, Side, Traffic};
use crate::plan::{Action, UnitVerb, Window};

/// One unit: `active` and `enabled` hold systemd's words, `starts` counts, `calls` lists the verbs.
const SYSTEMCTL: &str = r#"
cd "$(dirname "$0")/.." || exit 9
while [ "${1#--no}" != "$1" ]; do shift; done
verb=$1
[ "$verb" = show ] || echo "$verb" >> calls
case $verb in
show) shift 3
      for unit; do
      echo "LoadState=loaded"; echo "ActiveState=$(cat active)"; echo "UnitFileState=$(cat enabled)"
      echo "Type=notify"; echo "Result=success"; echo "InvocationID=$(wc -l < starts)"; echo
      done;;
start|restart) [ -e broken ] && { echo failed > active; echo "Job failed." >&2; exit 1; }
      echo active > active; echo x >> starts;;
reload-or-restart) echo x >> reloads;;
stop) echo inactive > active;;
enable) echo enabled > enabled;;
disable) echo disabled > enabled;;
esac
"#;

fn node(active: &str, enabled: &str) -> Node {
    let node = Node::new();
    node.program("systemctl", SYSTEMCTL);
    for (name, text) in [
        ("active", active),
        ("enabled", enabled),
        ("starts", ""),
        ("calls", ""),
    ] {
        std::fs::write(node.root.join(name), text).unwrap();
    }
    node
}

fn word(node: &Node, name: &str) -> String {
    std::fs::read_to_string(node.root.join(name))
        .unwrap()
        .trim()
        .to_owned()
}

fn calls(node: &Node) -> Vec<String> {
    word(node, "calls").lines().map(ToOwned::to_owned).collect()
}

/// Begins an operation of these verbs and prepares it.
fn prepared(node: &Node, verbs: &[UnitVerb]) -> Controller {
    let actions: Vec<Action> = verbs.iter().map(|&verb| unit(verb)).collect();
    let steps: Vec<u32> = (1..).take(actions.len()).collect();
    let mut controller = Controller::on(node);
    controller.begin(1, &plan(vec![actions])).unwrap();
    controller.prepare(1, &steps).unwrap();
    controller
}

#[test]
fn each_verb_is_read_back_and_taken_back_to_what_was_there() {
    let node = node("inactive", "disabled");
    let mut controller = prepared(&node, &[UnitVerb::Enable, UnitVerb::Start]);
    assert!(controller.apply(1, 1).unwrap().changed);
    assert!(controller.apply(1, 2).unwrap().changed);
    assert_eq!(
        (word(&node, "active"), word(&node, "enabled")),
        ("active".into(), "enabled".into())
    );
    controller.revert(1, 2).unwrap();
    controller.revert(1, 1).unwrap();
    assert_eq!(
        (word(&node, "active"), word(&node, "enabled")),
        ("inactive".into(), "disabled".into())
    );
}

#[test]
fn a_unit_that_is_already_as_wanted_is_left_alone_both_ways() {
    let node = node("active", "enabled");
    let mut controller = prepared(&node, &[UnitVerb::Enable, UnitVerb::Start]);
    for step in [1, 2] {
        assert!(!controller.apply(1, step).unwrap().changed);
        assert!(!controller.revert(1, step).unwrap().changed);
    }
    assert_eq!(calls(&node), [""; 0]);
}

#[test]
fn a_unit_that_does_not_come_up_is_a_failure_with_systemds_words() {
    let node = node("active", "enabled");
    std::fs::write(node.root.join("broken"), "").unwrap();
    let mut controller = prepared(&node, &[UnitVerb::Restart]);
    let error = controller.apply(1, 1).unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.kind),
        ("systemctl_failed", crate::error::Kind::Incomplete)
    );
    assert!(error.cause.unwrap().contains("Job failed."));
    assert!(error.hint.unwrap().contains("kamailio.service"));
    std::fs::remove_file(node.root.join("broken")).unwrap();
    controller.revert(1, 1).unwrap();
    assert_eq!(
        word(&node, "active"),
        "active",
        "running again with the files given back"
    );
}

#[test]
fn a_restart_happens_once_and_is_repeated_on_the_way_back_only_if_it_happened() {
    let node = node("active", "enabled");
    let mut controller = prepared(&node, &[UnitVerb::Restart, UnitVerb::Restart]);
    assert!(controller.apply(1, 1).unwrap().changed);
    assert!(!controller.apply(1, 1).unwrap().changed);
    assert_eq!(calls(&node), ["restart"]);
    controller.revert(1, 2).unwrap();
    assert_eq!(calls(&node), ["restart"], "the second was never begun");
    controller.revert(1, 1).unwrap();
    assert_eq!(calls(&node), ["restart", "restart"]);
}

#[test]
fn a_service_that_does_not_run_is_not_started_by_a_reload() {
    let node = node("inactive", "enabled");
    let mut controller = prepared(&node, &[UnitVerb::Reload]);
    assert!(!controller.apply(1, 1).unwrap().changed);
    assert_eq!(word(&node, "active"), "inactive");
}

#[test]
fn a_restart_clears_the_pending_one_and_is_remembered() {
    let node = node("active", "enabled");
    let state = NodeState {
        pair: "test".to_owned(),
        side: Side::Primary,
        active: None,
        generation: Generation(1),
        traffic: Traffic::Allowed,
        last_op: OpId(1),
        pending_restart: vec!["kamailio.service".to_owned(), "other.service".to_owned()],
        debts: Vec::new(),
        restarts: Vec::new(),
    };
    let plan = plan(vec![vec![Action::State { state }], vec![unit(UnitVerb::Restart)]]);
    let mut controller = Controller::on(&node);
    controller.run(1, &plan).unwrap();
    let state = crate::agent::state::read(&node.paths()).unwrap().unwrap();
    assert_eq!(
        (state.pending_restart, state.restarts.len()),
        (vec!["other.service".to_owned()], 1)
    );
}

#[test]
fn a_hook_runs_without_a_shell_and_its_undo_only_after_it_ran() {
    let node = Node::new();
    node.program(
        "promote",
        r#"echo "promote $1" >> "$(dirname "$0")/../hooks"; echo "said $1""#,
    );
    node.program("demote", r#"echo demote >> "$(dirname "$0")/../hooks""#);
    let hook = || Action::Hook {
        argv: vec!["promote".to_owned(), "a b; $(c)".to_owned()],
        undo: Some(vec!["demote".to_owned()]),
        timeout_ms: 5000,
    };
    let mut controller = Controller::on(&node);
    controller.begin(1, &plan(vec![vec![hook(), hook()]])).unwrap();
    controller.prepare(1, &[1, 2]).unwrap();
    assert!(controller.apply(1, 1).unwrap().detail.ends_with("said a b; $(c)"));
    controller.apply(1, 1).unwrap();
    controller.revert(1, 2).unwrap();
    controller.revert(1, 1).unwrap();
    assert_eq!(word(&node, "hooks"), "promote a b; $(c)\ndemote");
}

#[test]
fn a_hook_that_hangs_is_killed_at_its_own_limit() {
    let node = Node::new();
    let hook = Action::Hook {
        argv: vec!["sleep".to_owned(), "60".to_owned()],
        undo: None,
        timeout_ms: 50,
    };
    let mut controller = Controller::on(&node);
    controller.begin(1, &plan(vec![vec![hook]])).unwrap();
    controller.prepare(1, &[1]).unwrap();
    assert_eq!(controller.apply(1, 1).unwrap_err().code, "timeout");
}

#[test]
fn what_happens_in_the_dark_is_journalled_when_it_is_over() {
    let node = node("inactive", "disabled");
    let mut plan = plan(vec![vec![unit(UnitVerb::Start)]]);
    plan.stages[0].window = Window::Dark;
    let mut controller = Controller::on(&node);
    controller.begin(1, &plan).unwrap();
    controller.prepare(1, &[1]).unwrap();
    let journal = node.paths().journal(OpId(1));
    let before = std::fs::read(&journal).unwrap();
    controller.apply(1, 1).unwrap();
    assert_eq!(
        std::fs::read(&journal).unwrap(),
        before,
        "not a byte while calls are dark"
    );
    controller.ask(Request::Settle { op: OpId(1) }).unwrap();
    assert_ne!(std::fs::read(&journal).unwrap(), before);
    controller.finish(1, End::Committed).unwrap();
}
