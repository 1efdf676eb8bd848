//! `pairadm lab` as an operator types it.

use crate::support::lab::FreshLab;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// A lab directory of its own for what needs no nodes.
fn lab(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pairadm"))
        .arg("lab")
        .arg("--dir")
        .arg(dir)
        .args(args)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn faults_are_listed_and_a_wrong_one_is_wrong_usage() {
    let dir = tempfile::tempdir().unwrap();
    let list = lab(dir.path(), &["break"]);
    assert!(list.status.success());
    for fault in [
        "power NODE",
        "link NODE",
        "disk NODE",
        "sshd NODE",
        "hang NODE",
        "service NODE",
        "duplicate-vip",
    ] {
        assert!(text(&list.stdout).contains(fault), "{}", text(&list.stdout));
    }
    let wrong = lab(dir.path(), &["break", "coffee", "alpha"]);
    assert_eq!(wrong.status.code(), Some(64));
    assert!(
        text(&wrong.stderr).contains("`coffee alpha` is not a fault"),
        "{}",
        text(&wrong.stderr)
    );
}

#[test]
fn without_a_lab_every_command_says_how_to_get_one() {
    let dir = tempfile::tempdir().unwrap();
    for args in [
        &["status"][..],
        &["ssh", "alpha"],
        &["heal"],
        &["break", "power", "alpha"],
    ] {
        let output = lab(dir.path(), args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(
            text(&output.stderr).contains("pairadm lab up"),
            "{}",
            text(&output.stderr)
        );
    }
    assert!(
        lab(dir.path(), &["down"]).status.success(),
        "nothing to do is no failure"
    );
    assert_eq!(
        lab(dir.path(), &["--name", "../x", "down"]).status.code(),
        Some(64)
    );
}

#[test]
fn a_running_lab_is_used_by_name() {
    let pair = FreshLab::start("command-line");
    let base = pair.lab.dir.parent().and_then(Path::parent).unwrap();
    let run = |args: &[&str]| lab(base, &[&["--name", &pair.lab.name], args].concat());

    let status = run(&["status", "--json"]);
    let status: serde_json::Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["result"]["nodes"][0]["state"], "running");
    assert_eq!(status["result"]["nodes"][1]["sip"], true);

    let login = run(&["ssh", "beta", "hostname; exit 7"]);
    assert_eq!(
        (text(&login.stdout).as_str(), login.status.code()),
        ("beta\n", Some(7))
    );
    let inside = run(&["exec", "alpha", "sh", "-c", "hostname; exit 3"]);
    assert_eq!(
        (text(&inside.stdout).as_str(), inside.status.code()),
        ("alpha\n", Some(3))
    );
    assert_eq!(run(&["ssh", "delta"]).status.code(), Some(64));
    let other = run(&["up", "--database", "postgresql"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(text(&other.stderr).contains("was made with sqlite"), "{other:?}");

    assert!(run(&["break", "power", "alpha"]).status.success());
    assert_eq!(
        run(&["break", "sshd", "alpha"]).status.code(),
        Some(2),
        "a node without power has no sshd"
    );
    assert!(text(&run(&["status"]).stdout).contains("faults: power alpha"));
    assert!(run(&["up"]).status.success(), "up leaves a cut node off");
    assert!(text(&run(&["status"]).stdout).contains("off"));
    let healed = run(&["heal"]);
    assert_eq!(
        text(&healed.stdout),
        "healed: power alpha\nboth nodes are ready\n"
    );
}

#[test]
fn a_start_that_was_killed_is_made_anew() {
    let pair = FreshLab::start("killed-start");
    let base = pair.lab.dir.parent().and_then(Path::parent).unwrap();
    let run = |args: &[&str]| lab(base, &[&["--name", &pair.lab.name], args].concat());
    assert!(run(&["down"]).status.success());

    let mut start = Command::new(env!("CARGO_BIN_EXE_pairadm"))
        .args(["lab", "up", "--name", &pair.lab.name, "--dir"])
        .arg(base)
        .spawn()
        .unwrap();
    let limit = Instant::now() + Duration::from_secs(120);
    while !pair.lab.dir.join("lab.json").exists() {
        assert!(Instant::now() < limit, "the lab's state does not appear");
        std::thread::sleep(Duration::from_millis(1));
    }
    start.kill().unwrap();
    start.wait().unwrap();
    assert!(
        !text(&run(&["status"]).stdout).contains("running"),
        "killed too late to prove anything"
    );

    let again = run(&["up"]);
    assert!(again.status.success(), "{}", text(&again.stderr));
    assert!(text(&run(&["status"]).stdout).contains("faults: none"));
    assert_eq!(text(&run(&["ssh", "beta", "hostname"]).stdout), "beta\n");
}
