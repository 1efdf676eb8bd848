//! An operation from its first journal line to its last, and what the journal tells afterwards.

use super::support::{Controller, Node, TAG, looks, plan};
use crate::agent::journal;
use crate::agent::protocol::{End, Operation, Request, Response};
use crate::model::{Debt, Generation, NodeState, OpId, Side, Traffic};
use crate::plan::{Action, Restart, StepId, StepPlace};

fn history(controller: &mut Controller, op: Option<u64>) -> Vec<Operation> {
    let op = op.map(OpId);
    match controller.ask(Request::History { op, limit: 10 }).unwrap() {
        Response::History { operations } => operations,
        other => panic!("{other:?}"),
    }
}

fn state(generation: u64) -> NodeState {
    NodeState {
        pair: "test".to_owned(),
        side: Side::Primary,
        active: None,
        generation: Generation(generation),
        traffic: Traffic::Allowed,
        last_op: OpId(1),
        pending_restart: Vec::new(),
        debts: Vec::new(),
        restarts: Vec::new(),
    }
}

#[test]
fn replaces_creates_and_removes_then_gives_everything_back() {
    let node = Node::new();
    let path = node.write("changed", "old", 0o640);
    node.write("removed", "gone", 0o600);
    let before = looks(&path);
    let plan = plan(vec![vec![
        node.put("changed", Some("old"), Some("new")),
        node.put("removed", Some("gone"), None),
        node.put("made/here/created", None, Some("fresh")),
    ]]);
    let mut controller = Controller::on(&node);
    controller.begin(1, &plan).unwrap();
    controller.prepare(1, &[1, 2, 3]).unwrap();
    assert_eq!(node.read("changed").as_deref(), Some("old"));
    for step in 1..=3 {
        assert!(controller.apply(1, step).unwrap().changed);
        controller.verify(1, step).unwrap();
    }
    assert_eq!(node.read("changed").as_deref(), Some("new"));
    assert_eq!(looks(&path).unwrap().mode, 0o640);
    assert_eq!(node.read("removed"), None);
    assert_eq!(node.read("made/here/created").as_deref(), Some("fresh"));
    for step in [3, 2, 1] {
        assert!(controller.revert(1, step).unwrap().changed);
        assert!(!controller.revert(1, step).unwrap().changed);
    }
    controller.finish(1, End::RolledBack).unwrap();
    assert_eq!(looks(&path), before);
    assert_eq!(node.read("removed").as_deref(), Some("gone"));
    assert!(!node.file("made").exists());
    let backups = [format!("changed.{TAG}1"), format!("removed.{TAG}1")];
    assert!(
        backups.iter().all(|name| node.names().contains(name)),
        "backups are kept: {:?}",
        node.names()
    );
}

#[test]
fn the_second_run_of_a_step_changes_nothing() {
    let node = Node::new();
    node.write("file", "old", 0o644);
    let plan = plan(vec![vec![node.put("file", Some("old"), Some("new"))]]);
    let mut controller = Controller::on(&node);
    controller.begin(1, &plan).unwrap();
    controller.begin(1, &plan).unwrap();
    controller.prepare(1, &[1]).unwrap();
    controller.apply(1, 1).unwrap();
    let after = looks(&node.file("file"));
    controller.prepare(1, &[1]).unwrap();
    controller.apply(1, 1).unwrap();
    assert_eq!(looks(&node.file("file")), after);
    assert_eq!(node.names().len(), 2, "one backup: {:?}", node.names());
}

#[test]
fn nothing_is_changed_without_the_lock() {
    let node = Node::new();
    let plan = plan(vec![vec![node.put("file", None, Some("new"))]]);
    let mut controller = Controller::on(&node);
    controller.ask(Request::Unlock).unwrap();
    assert_eq!(controller.begin(1, &plan).unwrap_err().code, "bug");
    assert!(!node.paths().ops().exists());
}

#[test]
fn the_journal_tells_the_next_agent_where_each_step_stands() {
    let node = Node::new();
    node.write("a", "old", 0o644);
    node.write("b", "old", 0o644);
    let plan = plan(vec![vec![
        node.put("a", Some("old"), Some("new")),
        node.put("b", Some("old"), Some("new")),
    ]]);
    let mut controller = Controller::on(&node);
    controller.begin(7, &plan).unwrap();
    controller.prepare(7, &[1, 2]).unwrap();
    controller.apply(7, 1).unwrap();
    drop(controller);
    let mut controller = Controller::on(&node);
    let [operation] = &history(&mut controller, None)[..] else {
        panic!()
    };
    assert_eq!(
        (operation.op, operation.end, &operation.plan),
        (OpId(7), None, &plan)
    );
    assert_eq!(
        operation.places,
        [(StepId(1), StepPlace::Done), (StepId(2), StepPlace::Begun)]
    );
    controller.apply(7, 2).unwrap();
    controller.finish(7, End::Committed).unwrap();
    controller.finish(7, End::Committed).unwrap();
    assert_eq!(history(&mut controller, Some(7))[0].end, Some(End::Committed));
    assert_eq!(controller.apply(7, 1).unwrap_err().code, "op_finished");
    assert!(history(&mut controller, Some(8)).is_empty());
}

#[test]
fn a_damaged_journal_is_not_guessed_at() {
    let node = Node::new();
    let plan = plan(vec![vec![node.put("file", None, Some("new"))]]);
    let mut controller = Controller::on(&node);
    controller.run(1, &plan).unwrap();
    drop(controller);
    let path = node.paths().journal(OpId(1));
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[60] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let mut controller = Controller::on(&node);
    let error = controller
        .ask(Request::History {
            op: Some(OpId(1)),
            limit: 1,
        })
        .unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.kind),
        ("journal_damaged", crate::error::Kind::Unknown)
    );
}

#[test]
fn of_finished_operations_only_the_end_is_read_to_find_the_unfinished() {
    let node = Node::new();
    let mut controller = Controller::on(&node);
    for op in 1..=3 {
        controller.run(op, &plan(vec![])).unwrap();
    }
    controller.begin(4, &plan(vec![])).unwrap();
    std::fs::write(node.paths().journal(OpId(2)), {
        let mut bytes = std::fs::read(node.paths().journal(OpId(2))).unwrap();
        bytes[60] ^= 1;
        bytes
    })
    .unwrap();
    let open = journal::unfinished(&node.paths()).unwrap();
    assert_eq!(open.iter().map(|log| log.op).collect::<Vec<_>>(), [OpId(4)]);
}

#[test]
fn the_recorded_state_is_written_noted_in_and_given_back() {
    let node = Node::new();
    let debt = Debt {
        op: OpId(1),
        node: "beta".to_owned(),
        what: "tell it".to_owned(),
    };
    let restart = Restart {
        unit: "kamailio.service".to_owned(),
        why: "new addresses".to_owned(),
    };
    let plan = plan(vec![
        vec![Action::State { state: state(1) }],
        vec![Action::Note {
            pending_restart: vec![restart],
            debt: Some(debt.clone()),
        }],
    ]);
    let mut controller = Controller::on(&node);
    controller.begin(1, &plan).unwrap();
    for step in [1, 2] {
        controller.prepare(1, &[step]).unwrap();
        assert!(controller.apply(1, step).unwrap().changed);
        assert!(!controller.apply(1, step).unwrap().changed);
    }
    let recorded = |controller: &mut Controller| match controller.ask(Request::State).unwrap() {
        Response::State { state } => state,
        other => panic!("{other:?}"),
    };
    let now = recorded(&mut controller).unwrap();
    assert_eq!(
        (now.debts, now.pending_restart),
        (vec![debt], vec!["kamailio.service".to_owned()])
    );
    controller.revert(1, 2).unwrap();
    assert_eq!(recorded(&mut controller), Some(state(1)));
    controller.revert(1, 1).unwrap();
    assert_eq!(recorded(&mut controller), None);
}

#[test]
fn undo_is_an_operation_of_its_own_and_can_be_taken_back() {
    let node = Node::new();
    let path = node.write("changed", "old", 0o640);
    let before = looks(&path);
    let first = plan(vec![vec![
        node.put("changed", Some("old"), Some("new")),
        node.put("created", None, Some("fresh")),
    ]]);
    let mut controller = Controller::on(&node);
    controller.run(1, &first).unwrap();
    let after = looks(&path);
    let back = |step| Action::TakeBack {
        op: OpId(1),
        step: StepId(step),
        left_by: None,
        takes_up: false,
    };
    let undo = plan(vec![vec![back(2), back(1)]]);
    controller.begin(2, &undo).unwrap();
    controller.prepare(2, &[1, 2]).unwrap();
    assert!(controller.apply(2, 1).unwrap().changed);
    assert!(controller.apply(2, 2).unwrap().changed);
    assert_eq!((looks(&path), node.read("created")), (before, None));
    controller.revert(2, 2).unwrap();
    controller.revert(2, 1).unwrap();
    assert_eq!(looks(&path), after);
    assert_eq!(node.read("created").as_deref(), Some("fresh"));
}

#[test]
fn several_changes_of_a_file_are_taken_back_in_one_step_unless_a_person_edited_it() {
    let node = Node::new();
    let path = node.write("file", "old", 0o640);
    let before = looks(&path);
    let mut controller = Controller::on(&node);
    for (op, was, becomes) in [(1, "old", "new"), (2, "new", "newer")] {
        let change = plan(vec![vec![node.put("file", Some(was), Some(becomes))]]);
        controller.run(op, &change).unwrap();
    }
    let back = plan(vec![vec![Action::TakeBack {
        op: OpId(1),
        step: StepId(1),
        left_by: Some((OpId(2), StepId(1))),
        takes_up: false,
    }]]);
    node.write("file", "mine", 0o640);
    controller.begin(3, &back).unwrap();
    let error = controller.prepare(3, &[1]).unwrap_err();
    assert_eq!(error.code, "changed_since");
    controller.finish(3, End::RolledBack).unwrap();
    node.write("file", "newer", 0o640);
    let after = looks(&path);
    controller.begin(4, &back).unwrap();
    controller.prepare(4, &[1]).unwrap();
    assert!(controller.apply(4, 1).unwrap().changed);
    assert_eq!(looks(&path), before);
    controller.revert(4, 1).unwrap();
    assert_eq!(looks(&path), after);
}

#[test]
fn undo_refuses_a_file_that_a_person_edited_and_shows_how() {
    let node = Node::new();
    node.write("file", "one\ntwo\n", 0o644);
    let first = plan(vec![vec![node.put(
        "file",
        Some("one\ntwo\n"),
        Some("one\nTWO\n"),
    )]]);
    let mut controller = Controller::on(&node);
    controller.run(1, &first).unwrap();
    node.write("file", "one\nTWO\nmine\n", 0o644);
    let undo = plan(vec![vec![Action::TakeBack {
        op: OpId(1),
        step: StepId(1),
        left_by: None,
        takes_up: false,
    }]]);
    controller.begin(2, &undo).unwrap();
    let error = controller.prepare(2, &[1]).unwrap_err();
    assert_eq!(error.code, "changed_since");
    assert!(error.diff.unwrap().contains("+mine"));
    assert_eq!(node.read("file").as_deref(), Some("one\nTWO\nmine\n"));
}

#[test]
fn only_backups_that_nobody_needs_can_be_pruned() {
    let node = Node::new();
    node.write("a", "old", 0o644);
    node.write("b", "old", 0o644);
    let mut controller = Controller::on(&node);
    controller
        .run(1, &plan(vec![vec![node.put("a", Some("old"), Some("new"))]]))
        .unwrap();
    controller
        .begin(2, &plan(vec![vec![node.put("b", Some("old"), Some("new"))]]))
        .unwrap();
    controller.prepare(2, &[1]).unwrap();
    let Response::Backups { backups } = controller.ask(Request::Backups).unwrap() else {
        panic!()
    };
    let [newer, older] = &backups[..] else {
        panic!("{backups:?}")
    };
    assert_eq!((newer.op, older.op, older.size), (OpId(2), OpId(1), 3));
    let mut prune = |path: &str| {
        controller.ask(Request::Prune {
            paths: vec![path.to_owned()],
        })
    };
    assert_eq!(prune(&newer.path).unwrap_err().code, "backup_needed");
    assert_eq!(
        prune(&node.file("a").display().to_string()).unwrap_err().code,
        "no_such_backup"
    );
    prune(&older.path).unwrap();
    assert!(!std::path::Path::new(&older.path).exists());
    assert_eq!(node.read("a").as_deref(), Some("new"));
}
