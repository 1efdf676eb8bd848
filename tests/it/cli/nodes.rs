//! The command line on real nodes: consent, documents, line mode, Ctrl-C. What the operations do to the
//! nodes is tested elsewhere; here is what the operator sees and what the exit code says.

use super::tool::Said;
use crate::support::lab::{LabPair, SharedGuard, SharedLab};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::{Output, Stdio};

pub(super) static LAB: SharedLab = SharedLab::new();

/// A configured pair, traffic on the primary.
fn pair() -> SharedGuard<'static> {
    let lab = LAB.lock("cli");
    let configured = said(lab.pairadm(["configure", "--yes", "--set", "restart=now"]));
    assert_eq!(configured.code, 0, "{configured:?}");
    lab
}

fn said(output: Output) -> Said {
    Said {
        code: output.status.code().unwrap_or_else(|| panic!("{output:?}")),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn active(lab: &LabPair) -> Value {
    let status = said(lab.pairadm(["status", "--json"])).document();
    status["result"]["active"].clone()
}

/// Runs pairadm on piped input.
fn typed(lab: &LabPair, arguments: &[&str], input: &str) -> Said {
    let mut command = lab.pairadm_command(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    said(child.wait_with_output().unwrap())
}

/// A takeover stopped by Ctrl-C before traffic moves; the number of the open operation.
fn interrupted(lab: &LabPair) -> String {
    let mut command = lab.pairadm_command(["takeover", "--to", "secondary", "--yes"]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // What the last step before the window starts on the new side.
    lab.beta().hold("systemd-run", "agent-lease");
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let begun = lines.find(|line| line.starts_with("Operation ")).unwrap();
    lab.beta().until_held();
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    lab.beta().let_go();
    // Reading on, so that the program is not held up by a full pipe.
    let rest: Vec<String> = lines.collect();
    assert_eq!(child.wait().unwrap().code(), Some(4), "{rest:?}");
    begun.split_whitespace().nth(1).unwrap().to_owned()
}

#[test]
fn a_plan_that_nobody_agreed_to_is_shown_and_refused() {
    let lab = pair();
    let refused = said(lab.pairadm(["takeover", "--to", "secondary"]));
    refused.refused(2, &["nobody agreed", "--yes"]);
    assert!(
        refused.stdout.contains("This is service affecting"),
        "{refused:?}"
    );
    let document = said(lab.pairadm(["takeover", "--to", "secondary", "--json"])).document();
    assert_eq!(document["error"]["code"], "not_agreed");
    assert_eq!(document["result"]["plan"]["operation"], "takeover");
    assert_eq!(active(&lab), "primary");
}

#[test]
fn a_dry_run_is_the_plan_and_nothing_else() {
    let lab = pair();
    let before = said(lab.pairadm(["history", "--json"])).document();
    let document =
        said(lab.pairadm(["takeover", "--to", "secondary", "--dry-run", "--yes", "--json"])).document();
    assert_eq!(document["exit_code"], 0, "{document}");
    assert_eq!(document["result"]["changes"], true, "{document}");
    assert_eq!(active(&lab), "primary");
    assert_eq!(said(lab.pairadm(["history", "--json"])).document(), before);
}

#[test]
fn configuring_again_changes_nothing_and_says_so() {
    let lab = pair();
    let again = said(lab.pairadm(["configure", "--yes"]));
    assert_eq!(again.code, 0, "{again:?}");
    assert!(
        again
            .stdout
            .contains("Nothing to do: both nodes are already as asked."),
        "{again:?}"
    );
    let document = said(lab.pairadm(["configure", "--yes", "--json"])).document();
    assert_eq!(document["result"]["changes"], false);
}

#[test]
fn a_takeover_is_told_reported_listed_and_undone() {
    let lab = pair();
    let document = said(lab.pairadm(["takeover", "--to", "secondary", "--yes", "--json"])).document();
    assert_eq!(document["exit_code"], 0, "{document}");
    assert_eq!(active(&lab), "secondary");
    let op = document["result"]["op"].to_string();
    let report = document["result"]["report_file"].as_str().unwrap();
    assert!(
        std::fs::read_to_string(report)
            .unwrap()
            .contains("take over to secondary")
    );
    assert!(
        document["result"]["report"]["outage_ms"][0][1].is_number(),
        "{document}"
    );

    let history = said(lab.pairadm(["history"]));
    assert!(
        history.stdout.contains("take over to secondary (beta)"),
        "{history:?}"
    );
    let printed = said(lab.pairadm(["report", op.as_str(), "--format", "md"]));
    assert!(printed.stdout.contains("# "), "{printed:?}");

    let undone = said(lab.pairadm(["undo", op.as_str(), "--yes"]));
    assert_eq!(undone.code, 0, "{undone:?}");
    assert_eq!(active(&lab), "primary");
}

#[test]
fn the_line_mode_takes_over_and_back() {
    let lab = pair();
    let there = typed(&lab, &["--plain"], "3\nsecondary\n\ny\nq\n");
    assert_eq!(there.code, 0, "{there:?}");
    assert!(
        there
            .stdout
            .contains("Done, and read back on every node that took part."),
        "{there:?}"
    );
    assert_eq!(active(&lab), "secondary");
    let back = typed(&lab, &["--plain"], "3\nprimary\n\ny\n1\nq\n");
    assert!(back.stdout.contains("serves calls        active"), "{back:?}");
    assert_eq!(active(&lab), "primary");
}

#[test]
fn ctrl_c_is_answered_after_the_step_and_resume_takes_the_operation_back() {
    let lab = pair();
    interrupted(&lab);
    let back = said(lab.pairadm(["resume", "--roll-back", "--json"]));
    assert_eq!(back.document()["exit_code"], 0, "{back:?}");
    assert_eq!(active(&lab), "primary");
}

#[test]
fn an_undo_of_what_was_interrupted_takes_it_back() {
    let lab = pair();
    let op = interrupted(&lab);
    let undone = said(lab.pairadm(["undo", op.as_str(), "--yes", "--json"]));
    assert_eq!(undone.document()["result"]["end"], "rolled_back", "{undone:?}");
    assert_eq!(undone.code, 0, "{undone:?}");
    assert_eq!(active(&lab), "primary");
}

#[test]
fn a_setting_is_changed_in_the_file_with_its_comments() {
    let lab = pair();
    let with_note = std::fs::read_to_string(lab.pair_file())
        .unwrap()
        .replace("block = ", "# as agreed\nblock = ");
    std::fs::write(lab.pair_file(), with_note).unwrap();
    let set = said(lab.pairadm(["settings", "set", "block=reject", "--yes"]));
    assert_eq!(set.code, 0, "{set:?}");
    let text = std::fs::read_to_string(lab.pair_file()).unwrap();
    assert!(text.contains("# as agreed\nblock = \"reject\"\n"), "{text}");
    assert_eq!(
        said(lab.pairadm(["settings", "set", "block=drop", "--yes"])).code,
        0
    );
}

#[test]
fn backups_are_listed_on_both_nodes_and_removed_only_with_consent() {
    let lab = pair();
    let listed = said(lab.pairadm(["backups", "list", "--json"])).document();
    let nodes = listed["result"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 2);
    let path = nodes[0]["backups"][0]["path"].as_str().unwrap().to_owned();
    said(lab.pairadm(["backups", "prune", "--all"])).refused(2, &["nobody agreed"]);
    lab.alpha().read(&path);
    let kept = said(lab.pairadm(["backups", "prune", "--keep", "1000", "--yes", "--json"])).document();
    assert_eq!(kept["exit_code"], 0, "{kept}");
    lab.alpha().read(&path);
}
