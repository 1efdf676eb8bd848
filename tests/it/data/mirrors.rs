//! The mirrors of both nodes: listed, verified wherever they lie, and chosen from a list.

use super::loading::decide;
use crate::support::drive::{both, json, run};
use crate::support::lab::{FreshLab, LabPair};
use std::io::Write as _;
use std::process::Stdio;

/// The line mode with these lines typed.
fn typed(lab: &LabPair, lines: &[&str]) -> String {
    let mut menu = lab
        .pairadm_command(["--plain"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = menu.stdin.take().unwrap();
    input.write_all((lines.join("\n") + "\n").as_bytes()).unwrap();
    drop(input);
    both(&menu.wait_with_output().unwrap())
}

/// The mirrors that a side has, newest first.
fn held(lab: &LabPair, side: &str) -> Vec<serde_json::Value> {
    let (_, listed) = json(lab, &["data", "list"]);
    let mirrors = &listed["result"][side]["data"]["mirrors"];
    mirrors.as_array().unwrap().clone()
}

#[test]
fn mirrors_of_both_nodes_are_verified_and_loaded_by_choosing_them() {
    let lab = FreshLab::start("mirrors");
    run(&lab, &["configure", "--yes"], 0);
    decide(&lab);
    run(&lab, &["data", "backup", "--yes"], 0);
    run(&lab, &["data", "copy", "--yes"], 0);
    run(&lab, &["takeover", "--to", "secondary", "--yes"], 0);
    let back = ["data", "copy", "--failback", "--backup"];
    run(
        &lab,
        &[&back[..], &["--confirm-primary", "alpha", "--yes"]].concat(),
        0,
    );
    let usual = held(&lab, "secondary")[0]["name"].as_str().unwrap().to_owned();
    let failback = held(&lab, "primary")[0]["name"].as_str().unwrap().to_owned();

    for name in [&usual, &failback] {
        let told = run(&lab, &["data", "verify", name], 0);
        assert!(told.contains(&format!("{name} is whole")), "{told}");
    }
    let refused = run(&lab, &["data", "verify", "op999"], 2);
    assert!(refused.contains("neither node has a mirror `op999`"), "{refused}");

    // What was found is told by every list until the mirror is read again and is whole.
    let file = format!("/var/lib/pairadm/mirrors/{failback}/configuration/etc/kamailio/kamailio.cfg");
    let content = lab.alpha().read(&file);
    lab.alpha().sh(&format!("echo '# x' >> {file}"));
    let damaged = run(&lab, &["data", "verify", &failback], 2);
    assert!(damaged.contains("kamailio.cfg"), "{damaged}");
    let fault = |lab: &LabPair| held(lab, "primary")[0]["verified"]["fault"].clone();
    assert!(
        fault(&lab).as_str().unwrap().contains("kamailio.cfg"),
        "{}",
        fault(&lab)
    );
    let listed = run(&lab, &["data", "list"], 0);
    assert!(
        listed.contains("DAMAGED") && listed.contains("live is the node's own data"),
        "{listed}"
    );
    lab.alpha().write(&file, &content);

    let shown = typed(&lab, &["12", "6", "3", "q", "q"]);
    for part in [
        format!("2) {usual} on beta, mirror, "),
        format!("3) {failback} on alpha, failback, "),
        format!("{failback} is whole"),
    ] {
        assert!(shown.contains(&part), "{part}: {shown}");
    }
    assert_eq!(fault(&lab), serde_json::Value::Null);

    let shown = typed(&lab, &["12", "13", "2", "", "alpha", "y", "q", "q"]);
    assert!(
        shown.contains(&format!("2) {failback}, made ")) && !shown.contains(&format!(") {usual},")),
        "{shown}"
    );
    let listed = run(&lab, &["data", "list"], 0);
    assert!(
        listed.contains(&format!("live is mirror {failback}, loaded last")),
        "{shown}{listed}"
    );

    // With the other role a node keeps what it has; it is told, read, and not loaded.
    run(&lab, &["takeover", "--to", "primary", "--yes"], 0);
    run(&lab, &["reverse", "--yes"], 0);
    let listed = run(&lab, &["data", "list"], 0);
    for part in ["of secondary (alpha)", "of primary (beta)"] {
        let heading = format!("Mirrors from before the roles were reversed {part}");
        assert!(listed.contains(&heading), "{part}: {listed}");
    }
    run(&lab, &["data", "verify", &usual], 0);
    let refused = run(&lab, &["data", "load", &failback, "--yes"], 2);
    assert!(
        refused.contains("it was copied from the secondary") || refused.contains("serves calls"),
        "{refused}"
    );
}
