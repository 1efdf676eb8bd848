//! `data auto`: the schedule on real nodes, with runs started by hand as the timer would.

use super::loading::decide;
use crate::support::drive::{json, run};
use crate::support::lab::FreshLab;
use serde_json::Value;

/// What the schedule last did on beta, as `data auto show` tells it.
fn last_run(lab: &FreshLab) -> Value {
    let (_, shown) = json(lab, &["data", "auto", "show"]);
    shown["result"]["runs"][0].clone()
}

fn elapse(lab: &FreshLab, node: &str) {
    lab.node(node).sh(
        "systemctl start pairadm-auto.service || { journalctl -u pairadm-auto --no-pager | tail -30 >&2; false; }",
    );
}

#[test]
fn the_passive_secondary_copies_and_loads_by_itself_and_an_active_one_does_not() {
    let lab = FreshLab::start("auto");
    run(&lab, &["configure", "--yes"], 0);
    decide(&lab);
    run(&lab, &["data", "backup", "--yes"], 0);
    let dry = run(&lab, &["data", "auto", "create", "--at", "04:05", "--dry-run"], 0);
    assert!(
        dry.contains("A whole mirror of") && dry.contains("measured"),
        "A3: {dry}"
    );
    run(
        &lab,
        &[
            "data", "auto", "create", "--at", "04:05", "--what", "both", "--backup", "--yes",
        ],
        0,
    );
    let timers = lab.beta().sh("systemctl list-timers --all --no-pager");
    assert!(timers.contains("pairadm-auto.timer"), "{timers}");
    let timer = lab.beta().read("/etc/systemd/system/pairadm-auto.timer");
    assert!(
        timer.contains("Persistent=true") && timer.contains("OnCalendar=*-*-* 04:05:00"),
        "{timer}"
    );
    let again = run(
        &lab,
        &[
            "data", "auto", "create", "--at", "04:05", "--what", "both", "--backup", "--yes",
        ],
        0,
    );
    assert!(again.to_lowercase().contains("nothing"), "{again}");

    lab.alpha().sh(
        "sqlite3 /etc/kamailio/kamailio.sqlite \"INSERT INTO htable (key_name, key_value) VALUES ('from', 'alpha')\"",
    );
    elapse(&lab, "beta");
    let done = last_run(&lab);
    assert_eq!(done["end"], "done", "{done}");
    let rows = lab
        .beta()
        .sh("sqlite3 /etc/kamailio/kamailio.sqlite \"SELECT key_value FROM htable WHERE key_name = 'from'\"");
    assert_eq!(rows.trim(), "alpha", "copied and loaded");
    let reports = lab.beta().sh("ls /var/log/pairadm");
    for part in ["backup.txt", "copy.txt", "load.txt", "-auto-"] {
        assert!(reports.contains(part), "{part}: {reports}");
    }
    let status = run(&lab, &["status"], 0);
    assert!(
        status.contains("next scheduled run") && status.contains("last scheduled run"),
        "{status}"
    );

    run(&lab, &["takeover", "--to", "secondary", "--yes"], 0);
    elapse(&lab, "beta");
    let skipped = last_run(&lab);
    assert_eq!(skipped["end"], "skipped", "{skipped}");
    assert!(skipped["text"].as_str().unwrap().contains("active"), "{skipped}");
    // Beta is the primary from here on, and alpha is the passive secondary: its turn.
    run(&lab, &["reverse", "--yes"], 0);
    elapse(&lab, "alpha");
    let (_, shown) = json(&lab, &["data", "auto", "show"]);
    assert_eq!(shown["result"]["node"], "alpha", "{shown}");
    assert_eq!(shown["result"]["runs"][0]["end"], "done", "{shown}");

    run(&lab, &["data", "auto", "remove", "--yes"], 0);
    let timers = lab.beta().sh("systemctl list-timers --all --no-pager");
    assert!(!timers.contains("pairadm-auto"), "{timers}");
}

#[test]
fn a_run_that_fails_is_told_and_removing_the_pair_takes_everything_off() {
    let lab = FreshLab::start("autofail");
    run(&lab, &["configure", "--yes"], 0);
    let made = run(&lab, &["data", "auto", "create", "--every", "6", "--yes"], 0);
    assert!(made.contains("Warning: the primary has no backup now"), "{made}");
    run(&lab, &["data", "sync", "--continuous", "on", "--yes"], 0);
    lab.beta().exec(&["systemctl", "start", "pairadm-auto.service"]);
    let failed = last_run(&lab);
    assert_eq!(failed["end"], "failed", "{failed}");
    let (_, status) = json(&lab, &["status"]);
    assert!(status.to_string().contains("scheduled_run_failed"), "{status}");

    run(&lab, &["remove", "--yes", "--set", "proceed=continue"], 0);
    for node in [lab.alpha(), lab.beta()] {
        let left = node
            .sh("ls /etc/systemd/system /etc/pairadm; systemctl list-unit-files 'pairadm-*' --no-legend; systemctl list-timers --all --no-legend");
        assert!(
            !left.contains("pairadm-auto") && !left.contains("pairadm-sync") && !left.contains("sync.lua"),
            "{left}"
        );
    }
}
