//! Alarms of a real node: raised by a takeover, cleared by the way back, by their time and by hand, also
//! over a start of the node; the program sees each.

use super::{assert_serves, both, json, run};
use crate::support::lab::{FreshLab, LabPair, TestNode};
use std::time::{Duration, Instant};

/// More than a timer of seconds needs on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(240);

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

/// Either node administers by the same profile; reactions stay as they are until somebody names them.
#[test]
fn a_profile_goes_to_both_nodes_and_reactions_only_when_they_are_named() {
    const PROFILE: &str = "/etc/pairadm/profiles.d/kamailio.toml";
    const REACTION: &str = "/etc/pairadm/reactions.d/page";
    let lab = FreshLab::start("own-profile");
    run(&lab, &["configure", "--yes"], 0);
    let on = |node: TestNode<'_>, arguments: &str, code| {
        let done = node.exec(&[
            "sh",
            "-c",
            &format!("HOME=/root /usr/local/sbin/pairadm {arguments}"),
        ]);
        let said = both(&done);
        assert_eq!(done.status.code(), Some(code), "{arguments}: {said}");
        said
    };
    let alpha = lab.alpha();
    alpha.sh("mkdir -p /etc/pairadm/profiles.d /etc/pairadm/reactions.d");
    alpha.write(
        PROFILE,
        "title = \"Ours\"\nservices = [\"kamailio.service\"]\nrefresh = \"restart\"\nports = [\"udp/5060\"]\nsip_port = 5060\n",
    );
    alpha.write(REACTION, "#!/bin/sh\necho $* >> /var/tmp/told\n");
    alpha.sh(&format!("chmod 755 {REACTION}"));
    for node in [alpha, lab.beta()] {
        let said = on(node, "status", 0);
        assert!(said.contains(&format!("{PROFILE} is not the same")), "{said}");
        assert!(said.contains("a file is not the same"), "{said}");
    }
    // A machine without the file neither spreads the shipped profile nor keeps quiet.
    let told = run(&lab, &["configure", "--dry-run"], 0);
    assert!(told.contains(&format!("alpha has {PROFILE}")), "{told}");

    let told = on(alpha, "configure --yes", 0);
    assert!(
        told.contains("+title = \"Ours\""),
        "the difference is shown: {told}"
    );
    assert_eq!(lab.beta().read(PROFILE), alpha.read(PROFILE));
    let said = on(lab.beta(), "status", 0);
    assert!(!said.contains(PROFILE), "{said}");
    assert!(
        said.contains("a file is not the same"),
        "not copied unasked: {said}"
    );
    assert!(on(lab.beta(), "configure --dry-run", 0).contains("as asked"));

    let named = format!("configure --yes --set files={REACTION}:{REACTION}");
    on(alpha, &named, 0);
    let said = on(lab.beta(), "status", 0);
    assert!(!said.contains("a file is not the same"), "{said}");
    on(alpha, "takeover --to secondary --yes", 0);
    until_told(lab.beta(), "active 4562");

    on(alpha, "takeover --to primary --yes", 0);
    on(alpha, "undo 2 --yes", 0);
    lab.beta().sh(&format!("test ! -e {PROFILE}"));
    assert!(
        alpha.read(PROFILE).contains("Ours"),
        "what was there before stays"
    );
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
