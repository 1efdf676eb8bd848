//! Alarms of a real node: raised by a takeover, cleared by the way back, by their time and by hand, also
//! over a start of the node; the program sees each.

use super::{assert_serves, json, run};
use crate::support::lab::{FreshLab, LabPair, TestNode};
use std::time::{Duration, Instant};

/// More than a timer of seconds needs on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that notes what it is told, and alarms of every kind on the node.
fn install(node: TestNode<'_>) {
    node.sh("mkdir -p /etc/pairadm/reactions.d && printf '#!/bin/sh\\necho $* >> /var/tmp/told\\n' > /usr/local/sbin/page && chmod 755 /usr/local/sbin/page");
    for (name, more) in [
        ("moved", "category = \"critical\"\ncancelled_by = [\"active\"]"),
        ("brief", "category = \"minor\"\ncancel_after = \"1s\""),
        ("long", "category = \"major\"\ncancel_after = \"2h\""),
    ] {
        let text = format!("events = [\"4560\"]\nprogram = \"/usr/local/sbin/page\"\n{more}\n");
        node.write(&format!("/etc/pairadm/reactions.d/{name}.toml"), &text);
    }
}

fn told(node: TestNode<'_>) -> String {
    node.sh("cat /var/tmp/told 2>/dev/null || true")
}

/// Waits until the program was told this.
fn until_told(node: TestNode<'_>, line: &str) {
    let end = Instant::now() + PATIENCE;
    while !told(node).lines().any(|told| told == line) {
        assert!(Instant::now() < end, "never told `{line}`: {}", told(node));
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Names of the alarms that status tells of the side, with whether they end by themselves.
fn raised(lab: &LabPair, side: &str) -> Vec<(String, bool)> {
    let (_, status) = json(lab, &["status"]);
    let alarms = status["result"]["nodes"][side]["alarms"].clone();
    let alarms = alarms.as_array().expect("a list").iter();
    alarms
        .map(|alarm| {
            let name = alarm["name"].as_str().expect("a name").to_owned();
            (name, !alarm["left_s"].is_null())
        })
        .collect()
}

#[test]
fn a_takeover_raises_alarms_and_event_time_hand_and_boot_clear_them() {
    let mut lab = FreshLab::start("alarms");
    run(&lab, &["configure", "--yes"], 0);
    install(lab.alpha());

    run(&lab, &["takeover", "--to", "secondary", "--yes"], 0);
    until_told(lab.alpha(), "cleared brief minor time-out");
    let kept = [("long".to_owned(), true), ("moved".to_owned(), false)];
    assert_eq!(raised(&lab, "primary"), kept);
    assert_eq!(raised(&lab, "secondary"), []);
    let text = run(&lab, &["status"], 0);
    assert!(
        text.contains("critical: alarm moved (critical) on alpha since"),
        "{text}"
    );
    assert!(text.contains("1 h 5"), "{text}");
    assert!(
        run(&lab, &["report", "2"], 0).contains("alarm moved (critical) raised, /usr/local/sbin/page ran")
    );

    // Both outlive a start; a time that began before it ends after it.
    let short = lab.alpha().read("/etc/pairadm/reactions.d/brief.toml");
    let longer = short.replace("\"1s\"", "\"15s\"");
    lab.alpha().write("/etc/pairadm/reactions.d/brief.toml", &longer);
    lab.alpha().sh("rm /var/tmp/told");
    run(&lab, &["test", "alarm", "brief", "--side", "primary"], 0);
    lab.cut_power("alpha");
    lab.boot("alpha");
    let timers = lab.alpha().sh("systemctl list-timers --all --no-legend");
    assert!(timers.contains("pairadm-alarm-long.timer"), "{timers}");
    until_told(lab.alpha(), "cleared brief minor time-out");
    assert_eq!(raised(&lab, "primary"), kept);

    run(&lab, &["takeover", "--to", "primary", "--yes"], 0);
    assert_serves(&lab, "alpha", "taken back");
    assert!(
        told(lab.alpha())
            .lines()
            .any(|line| line == "cleared moved critical 4562")
    );
    run(
        &lab,
        &["test", "alarm", "long", "--side", "primary", "--clear"],
        0,
    );
    assert!(
        told(lab.alpha())
            .lines()
            .any(|line| line == "cleared long major hand")
    );
    assert_eq!(raised(&lab, "primary"), []);
    let timers = lab.alpha().sh("systemctl list-timers --all --no-legend");
    assert!(!timers.contains("pairadm-alarm"), "{timers}");
}

#[test]
fn an_alarm_file_that_is_not_sound_is_told_and_keeps_no_takeover_back() {
    let lab = FreshLab::start("badalarms");
    run(&lab, &["configure", "--yes"], 0);
    install(lab.alpha());
    let path = "/etc/pairadm/reactions.d/moved.toml";
    lab.alpha()
        .write(path, "events = [\"passive\"]\ncategory = \"huge\"\n");
    let parts = [path, "line 2", "category", "`huge`", "critical, major, minor"];
    let refused = run(&lab, &["test", "alarm", "moved", "--side", "primary"], 2);
    let (_, status) = json(&lab, &["status"]);
    run(&lab, &["takeover", "--to", "secondary", "--yes"], 0);
    assert_serves(&lab, "beta", "taken over");
    let report = run(&lab, &["report", "2"], 0);
    for said in [refused, status.to_string(), report] {
        for part in parts {
            assert!(said.contains(part), "no `{part}` in {said}");
        }
    }
    let unknown = run(&lab, &["test", "alarm", "no-such", "--side", "primary"], 2);
    assert!(unknown.contains("brief, long"), "{unknown}");
    assert_eq!(
        raised(&lab, "primary").last().map(|one| one.0.clone()),
        Some("long".to_owned())
    );
}
