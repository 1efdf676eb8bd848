//! The agent is killed (SIGKILL) at every boundary between two effects on disk, and what is left must
//! lead to the old or to the new state, with every original byte and attribute (S3, S4, L1).

use super::support::{Controller, Looks, Node, Stop, TAG, looks, plan};
use crate::agent::boundary;
use crate::agent::protocol::{End, Request, Response};
use crate::model::{Generation, NodeState, OpId, Side, Traffic};
use crate::plan::{Action, Keep, Plan, StepPlace};
use proptest::prelude::*;
use rustix::process::{Signal, getpid, kill_process};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

const OLD: &str = "the old content, long enough that half of it is not all of it\n";
const NEW: &str = "the new content: also long, and different from its first byte on\n";

/// What the killed process is told to do, as variables of its environment.
const ROOT: &str = "PAIRADM_TEST_ROOT";
const WAY: &str = "PAIRADM_TEST_WAY";
const KILL_AT: &str = "PAIRADM_TEST_KILL_AT";

/// What a killed process leaves does not depend on the disk, and hundreds of killed processes would
/// wait for a real one for a minute.
fn in_memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Forward,
    Back,
}

/// A file with an ACL for user 1000, an attribute of its own, and an old time.
fn make_node(root: &Path) -> Node {
    let node = Node::at(root);
    let path = node.write("changed", OLD, 0o640);
    // Version 2; owner rw-, user 1000 r--, group r--, mask r--, others nothing (acl(5), xattr form).
    let acl = [
        2, 0, 0, 0, 1, 0, 6, 0, 255, 255, 255, 255, 2, 0, 4, 0, 232, 3, 0, 0, 4, 0, 4, 0, 255, 255, 255, 255,
    ]
    .into_iter()
    .chain([16, 0, 4, 0, 255, 255, 255, 255, 32, 0, 0, 0, 255, 255, 255, 255])
    .collect::<Vec<u8>>();
    xattr::set(&path, "system.posix_acl_access", &acl).unwrap();
    xattr::set(&path, "trusted.origin", b"by hand").unwrap();
    std::os::unix::fs::chown(&path, Some(7), Some(8)).unwrap();
    node.write("removed", OLD, 0o600);
    node.write("aside", OLD, 0o644);
    for name in ["changed", "removed", "aside"] {
        let time = SystemTime::now() - Duration::from_secs(86_400);
        let times = std::fs::FileTimes::new().set_modified(time).set_accessed(time);
        std::fs::File::options()
            .write(true)
            .open(node.file(name))
            .unwrap()
            .set_times(times)
            .unwrap();
    }
    node
}

fn steps(node: &Node) -> Plan {
    let mut aside = node.file_put("aside", Some(OLD), Some(NEW));
    aside.keep = Keep::Aside;
    let state = NodeState {
        pair: "test".to_owned(),
        side: Side::Primary,
        active: None,
        generation: Generation(1),
        traffic: Traffic::Allowed,
        last_op: OpId(1),
        pending_restart: Vec::new(),
        debts: Vec::new(),
        restarts: Vec::new(),
    };
    plan(vec![
        vec![
            node.put("changed", Some(OLD), Some(NEW)),
            node.put("removed", Some(OLD), None),
        ],
        vec![
            Action::File(aside),
            node.put("made/created", None, Some(NEW)),
            Action::State { state },
        ],
    ])
}

/// What the engine does: everything not done yet, or everything begun taken back.
fn drive(node: &Node, way: Way) {
    let plan = steps(node);
    let mut controller = Controller::on(node);
    let ask = Request::History {
        op: Some(OpId(1)),
        limit: 1,
    };
    let Response::History { operations } = controller.ask(ask).unwrap() else {
        panic!()
    };
    let places = operations.first().map_or(&[][..], |operation| &operation.places);
    let turned = places.iter().any(|(_, place)| *place == StepPlace::Reverted);
    match operations.first().and_then(|operation| operation.end) {
        Some(_) => {}
        None if way == Way::Forward && !turned => drop(controller.run(1, &plan).unwrap()),
        None if operations.is_empty() => {}
        None => {
            for (step, _) in places.iter().rev() {
                controller.revert(1, step.0).unwrap();
            }
            controller.finish(1, End::RolledBack).unwrap();
        }
    }
}

/// The process that is killed. Run by the tests below, never by itself.
#[test]
#[ignore = "run by the other tests of this module"]
fn victim() {
    let variable = |name| std::env::var(name).ok();
    let Some(root) = variable(ROOT) else { return };
    let way = if variable(WAY).as_deref() == Some("Back") {
        Way::Back
    } else {
        Way::Forward
    };
    let kill_at: usize = variable(KILL_AT).unwrap().parse().unwrap();
    let trace = Path::new(&root).join("trace");
    let mut names = Vec::new();
    boundary::on_each(move |name| {
        names.push(name);
        if names.len() > kill_at {
            kill_process(getpid(), Signal::KILL).unwrap();
        }
        std::fs::write(&trace, names.join("\n")).unwrap();
    });
    drive(&Node::at(Path::new(&root)), way);
}

/// Runs the victim; true when it was killed, false when it came to its end before.
fn run_victim(root: &Path, way: Way, kill_at: usize) -> bool {
    let status = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "agent::tests::crash::victim",
            "--ignored",
            "--nocapture",
        ])
        .envs([
            (ROOT, root.display().to_string()),
            (WAY, format!("{way:?}")),
            (KILL_AT, kill_at.to_string()),
        ])
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success() || status.signal() == Some(9), "{status}");
    !status.success()
}

/// The state of everything the plan touches.
fn seen(node: &Node) -> Vec<Option<Looks>> {
    ["changed", "removed", "aside", "made/created"]
        .map(|name| looks(&node.file(name)))
        .into_iter()
        .collect()
}

fn bytes(seen: &[Option<Looks>]) -> Vec<Option<&str>> {
    seen.iter()
        .map(|looks| {
            looks
                .as_ref()
                .map(|looks| std::str::from_utf8(&looks.bytes).unwrap())
        })
        .collect()
}

/// Finishes in direction `way` and checks where that led.
fn recover(node: &Node, old: &[Option<Looks>], way: Way) {
    drive(node, way);
    let now = seen(node);
    match bytes(&now)[0] {
        Some(OLD) => {
            assert_eq!(now, old, "the old state, whole");
            assert!(!node.file("made").exists());
            assert!(!node.paths().state().exists());
        }
        Some(NEW) => {
            assert_eq!(
                bytes(&now),
                [Some(NEW), None, Some(NEW), Some(NEW)],
                "the new state, whole"
            );
            let (old, now) = (old[0].as_ref().unwrap(), now[0].as_ref().unwrap());
            assert_eq!(
                (now.mode, now.owner, &now.xattrs),
                (old.mode, old.owner, &old.xattrs)
            );
        }
        other => panic!("neither old nor new: {other:?}"),
    }
    let left: Vec<String> = node
        .names()
        .into_iter()
        .filter(|name| name.starts_with('.'))
        .collect();
    assert!(left.is_empty(), "left behind: {left:?}");
    let Response::Backups { backups } = Controller::on(node).ask(Request::Backups).unwrap() else {
        panic!()
    };
    for name in node.names().into_iter().filter(|name| name.contains(TAG)) {
        assert_eq!(node.read(&name).as_deref(), Some(OLD), "{name} holds an original");
        let path = node.file(&name).display().to_string();
        assert!(
            backups.iter().any(|backup| backup.path == path),
            "{name} is listed"
        );
    }
}

/// How many there are on the way forward.
fn boundaries() -> usize {
    let root = in_memory();
    make_node(root.path());
    assert!(!run_victim(root.path(), Way::Forward, usize::MAX));
    std::fs::read_to_string(root.path().join("trace"))
        .unwrap()
        .lines()
        .count()
}

#[test]
fn killed_at_any_boundary_one_rerun_reaches_the_old_or_the_new_state() {
    let count = boundaries();
    assert!(count > 50, "only {count} boundaries");
    for kill_at in 0..count {
        for way in [Way::Forward, Way::Back] {
            let root = in_memory();
            let node = make_node(root.path());
            let old = seen(&node);
            assert!(
                run_victim(root.path(), Way::Forward, kill_at),
                "boundary {kill_at}"
            );
            recover(&node, &old, way);
        }
    }
}

#[test]
fn readers_see_the_old_or_the_new_content_whole() {
    let root = in_memory();
    let node = Node::at(root.path());
    // Large enough that a file written in place would be seen half written.
    let [old, new] = ["o", "n"].map(|letter| letter.repeat(4 << 20));
    let path = node.write("large", &old, 0o644);
    let plan = plan(vec![vec![node.put("large", Some(&old), Some(&new))]]);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let text = std::fs::read_to_string(&path).unwrap();
                assert!(text == old || text == new, "a reader saw {} bytes", text.len());
            }
        });
        let ending = Stop(&stop);
        let mut controller = Controller::on(&node);
        for op in 1..=10 {
            controller.begin(op, &plan).unwrap();
            controller.prepare(op, &[1]).unwrap();
            controller.apply(op, 1).unwrap();
            controller.revert(op, 1).unwrap();
            controller.finish(op, End::RolledBack).unwrap();
        }
        drop(ending);
        reader.join().unwrap();
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 20, failure_persistence: None, ..ProptestConfig::default() })]

    /// Forward, back, killed again and again, in any order.
    #[test]
    fn any_sequence_of_crashes_ends_in_the_old_or_the_new_state(
        crashes in prop::collection::vec((any::<bool>(), 0usize..70), 1..5), last: bool,
    ) {
        let way = |forward| if forward { Way::Forward } else { Way::Back };
        let root = in_memory();
        let node = make_node(root.path());
        let old = seen(&node);
        for (forward, kill_at) in crashes {
            run_victim(root.path(), way(forward), kill_at);
        }
        recover(&node, &old, way(last));
    }
}
