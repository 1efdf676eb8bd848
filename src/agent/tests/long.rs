//! Steps that take long: told how far they are, stopped on request, and never left running.

use super::support::{Controller, Node, plan};
use crate::agent::protocol::{End, Request, Response, StepReport};
use crate::error::{Error, Result};
use crate::model::{DataSet, DataSource, Generation, OpId};
use crate::plan::{Action, Plan, Purpose, SaveData, StepId, StepPlace};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A database server whose dump lasts until the file `go` is there.
fn node_with_slow_dump() -> Node {
    let node = Node::new();
    let go = node.file("go");
    node.program(
        "runuser",
        &format!(
            "case \"$*\" in *psql*) echo 1;; *pg_dump*) echo begun; until [ -e {} ]; do sleep 0.02; done; echo dumped;; esac",
            go.display()
        ),
    );
    node
}

fn saving() -> Plan {
    plan(vec![vec![Action::Save(SaveData {
        purpose: Purpose::Backup,
        sets: vec![DataSet {
            name: "database".to_owned(),
            source: DataSource::Postgresql {
                database: "sip".to_owned(),
                runtime: Vec::new(),
            },
        }],
        pair: "office".to_owned(),
        node: "alpha".to_owned(),
        generation: Generation(1),
        version_command: Vec::new(),
        keep: 2,
    })]])
}

fn saved(node: &Node) -> PathBuf {
    node.root.join("var/backup/op1")
}

fn begun(node: &Node) -> Controller {
    let mut controller = Controller::on(node);
    controller.begin(1, &saving()).unwrap();
    controller.prepare(1, &[1]).unwrap();
    controller
}

fn ask(controller: &mut Controller) -> Result<Response> {
    controller.ask(Request::Apply {
        op: OpId(1),
        step: StepId(1),
    })
}

/// Asks until the step tells what came of it.
fn carry(controller: &mut Controller) -> Result<StepReport> {
    let until = Instant::now() + Duration::from_secs(20);
    while Instant::now() < until {
        match ask(controller)? {
            Response::Step(report) => return Ok(report),
            Response::Running(_) => {}
            other => panic!("{other:?}"),
        }
    }
    Err(Error::bug("the step does not end"))
}

#[test]
fn it_tells_how_far_it_is_until_it_is_done_and_is_not_done_twice() {
    let node = node_with_slow_dump();
    let mut controller = begun(&node);
    let first = ask(&mut controller).unwrap();
    assert!(
        matches!(&first, Response::Running(moved) if moved.what == "save"),
        "{first:?}"
    );
    assert!(!saved(&node).exists(), "it has its name only when it is whole");
    node.write("go", "", 0o644);
    assert!(carry(&mut controller).unwrap().changed);
    assert!(saved(&node).join("manifest.json").exists());
    assert!(!carry(&mut controller).unwrap().changed);
    controller.finish(1, End::Committed).unwrap();
}

#[test]
fn a_stop_ends_it_and_the_way_back_leaves_nothing() {
    let node = node_with_slow_dump();
    let mut controller = begun(&node);
    assert!(matches!(ask(&mut controller), Ok(Response::Running(_))));
    controller.ask(Request::Stop { op: OpId(1) }).unwrap();
    assert_eq!(carry(&mut controller).unwrap_err().code, "stopped");
    while let Response::Running(_) = controller
        .ask(Request::Revert {
            op: OpId(1),
            step: StepId(1),
        })
        .unwrap()
    {}
    controller.finish(1, End::RolledBack).unwrap();
    let left = std::fs::read_dir(node.root.join("var/backup")).unwrap().count();
    assert_eq!(left, 0);
}

#[test]
fn it_does_not_outlive_its_agent() {
    let node = node_with_slow_dump();
    let mut controller = begun(&node);
    assert!(matches!(ask(&mut controller), Ok(Response::Running(_))));
    let began = Instant::now();
    controller
        .session
        .close(Instant::now() + Duration::from_secs(10))
        .unwrap();
    assert!(began.elapsed() < Duration::from_secs(10));
    drop(controller);
    let mut next = Controller::on(&node);
    let Response::History { operations } = next
        .ask(Request::History {
            op: Some(OpId(1)),
            limit: 1,
        })
        .unwrap()
    else {
        panic!("no history");
    };
    assert_eq!(operations[0].places, [(StepId(1), StepPlace::Failed)]);
    node.write("go", "", 0o644);
    assert!(carry(&mut next).unwrap().changed, "a rerun does it");
}
