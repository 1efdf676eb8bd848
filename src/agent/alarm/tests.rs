//! Alarms are raised, shown and cleared by whatever shall clear them, and their programs are told each once.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::model::Category;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

/// A node with stand-ins for systemd's programs, and a program that notes what alarms tell it.
struct Node {
    root: tempfile::TempDir,
    paths: NodePaths,
}

impl Node {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let node = Self {
            paths: NodePaths::under(root.path()),
            root,
        };
        node.script("bin/systemd-run", "echo $* >> $(dirname $0)/../timers", 0o755);
        node.script("bin/systemctl", "exit 0", 0o755);
        node.script("page", "echo $* >> $(dirname $0)/told", 0o755);
        node
    }

    fn script(&self, name: &str, script: &str, mode: u32) {
        self.write(name, &format!("#!/bin/sh\n{script}\n"), mode);
    }

    fn write(&self, name: &str, text: &str, mode: u32) {
        let path = self.root.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// An alarm file with `more` lines.
    fn alarm(&self, name: &str, more: &str) {
        let program = self.path("page");
        let text = format!(
            "events = [\"passive\"]\ncategory = \"major\"\nprogram = \"{}\"\n{more}",
            program.display()
        );
        self.write(&format!("reactions.d/{name}.toml"), &text, 0o644);
    }

    fn event(&self, code: u16) -> Vec<Outcome> {
        happened(&self.paths, code, soon())
    }

    /// What the program was told, line by line.
    fn told(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("told")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn raised(&self) -> Vec<String> {
        look(&self.paths)
            .0
            .into_iter()
            .map(|raised| raised.name)
            .collect()
    }

    /// The time of every alarm is up.
    fn outlast(&self) {
        let mut record = Record::open(&self.paths, soon()).unwrap();
        for raised in record.all().to_vec() {
            let until = raised.until.map(|_| now() - 1);
            record.put(Raised { until, ..raised }).unwrap();
        }
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(20)
}

#[test]
fn one_event_raises_and_another_clears_and_the_program_sees_each_once() {
    let node = Node::new();
    node.alarm("moved", "cancelled_by = [\"active\"]\n");
    node.alarm("other", "cancelled_by = [\"4563\"]\n");
    assert!(node.event(4560).iter().all(Result::is_ok));
    assert_eq!(node.raised(), ["moved", "other"]);
    let first = look(&node.paths).0[0].clone();
    assert_eq!((first.category, first.cause.as_str()), (Category::Major, "4560"));
    // The same event again is no news.
    node.event(4560);
    assert_eq!(
        node.told(),
        ["raised moved major 4560", "raised other major 4560"]
    );
    node.event(4562);
    assert_eq!(node.raised(), ["other"], "4563 alone clears it");
    node.event(4562);
    assert_eq!(node.told()[2..], ["cleared moved major 4562"]);
    assert!(!node.path("timers").exists(), "neither ends by itself");
}

#[test]
fn an_alarm_whose_time_is_up_is_over_for_readers_at_once_and_told_by_whoever_comes_first() {
    let node = Node::new();
    node.alarm("moved", "cancel_after = \"10m\"\n");
    node.event(4561);
    let timer = fs::read_to_string(node.path("timers")).unwrap();
    assert!(
        timer.contains("--unit=pairadm-alarm-moved --on-active=600s") && timer.contains("alarms-due"),
        "{timer}"
    );
    node.outlast();
    assert_eq!(node.raised(), [""; 0]);
    assert_eq!(node.told(), ["raised moved major 4561"]);
    settle(&node.paths, soon()).unwrap();
    assert_eq!(settle(&node.paths, soon()).unwrap(), []);
    assert_eq!(
        node.told(),
        ["raised moved major 4561", "cleared moved major time-out"]
    );
    // Or the next event, which raises it anew.
    node.event(4561);
    node.outlast();
    node.event(4561);
    assert_eq!(
        node.told()[2..],
        [
            "raised moved major 4561",
            "cleared moved major time-out",
            "raised moved major 4561"
        ]
    );
    assert_eq!(node.raised(), ["moved"]);
}

#[test]
fn after_a_start_timers_run_again_for_the_rest_of_their_time() {
    let node = Node::new();
    node.alarm("moved", "cancel_after = \"1h\"\n");
    node.event(4561);
    fs::remove_file(node.path("timers")).unwrap();
    assert_eq!(settle(&node.paths, soon()).unwrap(), []);
    let timer = fs::read_to_string(node.path("timers")).unwrap();
    assert!(timer.contains("pairadm-alarm-moved"), "{timer}");
    assert_eq!(node.raised(), ["moved"]);
}

#[test]
fn a_test_raises_and_clears_by_hand_and_leaves_a_real_alarm_alone() {
    let node = Node::new();
    node.alarm("moved", "");
    test(&node.paths, "moved", soon()).unwrap().unwrap();
    test(&node.paths, "moved", soon()).unwrap().unwrap();
    assert!(look(&node.paths).0[0].is_test());
    clear(&node.paths, "moved", soon()).unwrap().unwrap();
    assert_eq!(
        node.told(),
        [
            "raised moved major test",
            "raised moved major test",
            "cleared moved major hand"
        ]
    );
    let refused = |result: Result<Outcome>| result.unwrap_err().code;
    assert_eq!(refused(clear(&node.paths, "moved", soon())), "alarm_not_raised");
    let unknown = test(&node.paths, "move", soon()).unwrap_err();
    assert!(unknown.to_string().contains("accepted: moved"), "{unknown}");
    node.event(4560);
    assert_eq!(refused(test(&node.paths, "moved", soon())), "alarm_is_raised");
    assert!(!look(&node.paths).0[0].is_test());
}

#[test]
fn what_is_not_sound_or_not_roots_alone_is_told_and_runs_nothing() {
    let node = Node::new();
    node.alarm("bad", "cancel_after = \"soon\"\n");
    node.alarm("open", "");
    node.script("page", "exit 0", 0o777);
    node.alarm("foreign", "");
    let foreign = node.path("reactions.d/foreign.toml");
    fs::set_permissions(foreign, fs::Permissions::from_mode(0o666)).unwrap();
    let said: Vec<String> = node
        .event(4560)
        .into_iter()
        .map(|outcome| outcome.unwrap_err())
        .collect();
    for (line, parts) in said.iter().zip([
        ["bad.toml", "cancel_after: `soon`"],
        ["foreign.toml", "others may write to it"],
        ["alarm open (major) raised", "was passed over: others may write"],
    ]) {
        assert!(parts.iter().all(|part| line.contains(part)), "{line}");
    }
    assert_eq!(said.len(), 3);
    assert_eq!(look(&node.paths).1.len(), 2);
    let error = test(&node.paths, "bad", soon()).unwrap_err();
    assert!(error.to_string().contains("accepted: 0 (never)"), "{error}");
}

#[test]
fn an_alarm_without_its_file_or_with_a_failing_program_is_cleared_all_the_same() {
    let node = Node::new();
    node.alarm("moved", "cancelled_by = [\"active\"]\n");
    node.event(4560);
    fs::remove_file(node.path("reactions.d/moved.toml")).unwrap();
    assert_eq!(node.event(4562), [], "nothing says any more what clears it");
    clear(&node.paths, "moved", soon()).unwrap().unwrap();
    node.alarm("moved", "cancelled_by = [\"active\"]\n");
    node.script("page", "echo no pager >&2; exit 1", 0o755);
    assert!(node.event(4560)[0].as_ref().unwrap_err().contains("no pager"));
    assert!(node.event(4562)[0].is_err());
    assert_eq!(node.raised(), [""; 0]);
}

/// An event, a timer and a person may come at once: whoever writes has read what the one before wrote.
#[test]
fn the_record_is_changed_by_one_at_a_time() {
    let node = Node::new();
    node.alarm("other", "");
    let mut record = Record::open(&node.paths, soon()).unwrap();
    let refused = Record::open(&node.paths, Instant::now()).err();
    assert!(refused.is_some_and(|error| error.message.contains("cannot be locked")));
    let told = happened(&node.paths, 4560, Instant::now());
    assert!(
        told[0].as_ref().unwrap_err().contains("cannot be locked"),
        "{told:?}"
    );
    let mine = Raised {
        name: "mine".to_owned(),
        category: Category::Minor,
        since: now(),
        until: None,
        cause: TEST.to_owned(),
    };
    record.put(mine).unwrap();
    drop(record);
    node.event(4560);
    assert_eq!(node.raised(), ["mine", "other"]);
}
