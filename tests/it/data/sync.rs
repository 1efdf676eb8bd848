//! `data sync`: administration files arrive, and what belongs to each node stays.

use crate::support::drive::run;
use crate::support::lab::{FreshLab, TestNode};
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::{Duration, Instant};

const OWN: &str = "/etc/kamailio/kamailio-local.cfg";
const ALLOW: &str = "/etc/kamailio/permissions.allow";
const DEFAULTS: &str = "/etc/default/kamailio";
const FILES: [&str; 2] = ["/etc/kamailio", "/etc/default"];

/// What each node calls itself by is translated.
fn translate(lab: &FreshLab) {
    let (alpha, beta) = (lab.alpha().node, lab.beta().node);
    for (from, to) in [
        (alpha.v4.to_string(), beta.v4.to_string()),
        (alpha.v6.to_string(), beta.v6.to_string()),
    ] {
        run(lab, &["translation", "set", &from, &to, "--yes"], 0);
    }
}

#[test]
fn what_changed_arrives_translated_identity_stays_and_undo_brings_back() {
    let lab = FreshLab::start("sync");
    run(&lab, &["configure", "--yes"], 0);
    lab.alpha().sh(&format!("echo '# any' >> {ALLOW}"));
    let refused = run(&lab, &["data", "sync", "--yes"], 2);
    assert!(
        refused.contains("untranslated_address") || refused.contains("own"),
        "alpha's addresses would become beta's: {refused}"
    );

    translate(&lab);
    run(&lab, &["data", "sync", "--yes"], 0);
    let before = lab.beta().snapshot(&FILES);
    let own = lab.beta().read(OWN);
    lab.alpha().sh(&format!(
        "echo 'ALL : \"^sip:.*@198.51.100.7\"' >> {ALLOW}; echo 'MEMORY=64' >> {DEFAULTS}; \
         install -D -o root -g kamailio -m 640 /dev/stdin /etc/kamailio/more/new.cfg < {DEFAULTS}; \
         echo '# mine' >> {OWN}; rm /etc/kamailio/permissions.deny"
    ));
    let dry = run(&lab, &["data", "sync", "--dry-run"], 0);
    assert!(dry.contains("+MEMORY=64"), "{dry}");
    assert_eq!(
        before.changes_to(&lab.beta().snapshot(&FILES)),
        Vec::<String>::new()
    );

    run(&lab, &["data", "sync", "--yes"], 0);
    let allow = lab.beta().read(ALLOW);
    assert!(allow.contains("198.51.100.7"), "{allow}");
    assert!(
        allow.contains(&lab.beta().node.v4.to_string()),
        "translated: {allow}"
    );
    assert!(lab.beta().read(DEFAULTS).contains("MEMORY=64"));
    let listed = lab
        .beta()
        .sh("stat -c '%U %G %a' /etc/kamailio/more/new.cfg; ls /etc/kamailio");
    assert!(listed.starts_with("root kamailio 640"), "{listed}");
    assert!(!listed.contains("permissions.deny\n"), "{listed}");
    assert_eq!(lab.beta().read(OWN), own, "identity stays");
    let again = run(&lab, &["data", "sync", "--yes"], 0);
    assert!(again.contains("Nothing to do"), "{again}");

    let history = run(&lab, &["history"], 0);
    let op = history
        .lines()
        .find(|line| line.contains("administration files"))
        .and_then(|line| line.split_whitespace().next().map(str::to_owned))
        .unwrap();
    run(&lab, &["undo", &op, "--yes"], 0);
    let after = lab.beta().snapshot(&FILES);
    let changes: Vec<String> = before
        .changes_to(&after)
        .into_iter()
        // The directory that came with a new file holds what the undo kept of that file.
        .filter(|change| !change.contains(".pairadm_") && change != "/etc/kamailio/more is new")
        .collect();
    assert_eq!(changes, Vec::<String>::new());
}

#[test]
fn the_active_secondary_is_the_source_and_an_obstacle_is_named() {
    let lab = FreshLab::start("syncraced");
    run(&lab, &["configure", "--yes"], 0);
    translate(&lab);
    run(&lab, &["data", "sync", "--yes"], 0);
    run(&lab, &["takeover", "--to", "secondary", "--yes"], 0);
    lab.beta().sh(&format!("echo 'MEMORY=128' >> {DEFAULTS}"));
    lab.alpha().sh(&format!(
        "chattr +i {DEFAULTS} || mount --bind {DEFAULTS} {DEFAULTS}"
    ));
    let refused = run(&lab, &["data", "sync", "--yes"], 2);
    assert!(refused.contains(DEFAULTS), "{refused}");
    lab.alpha()
        .sh(&format!("chattr -i {DEFAULTS} || umount {DEFAULTS}"));
    run(&lab, &["data", "sync", "--yes"], 0);
    assert!(
        lab.alpha().read(DEFAULTS).contains("MEMORY=128"),
        "from the active secondary to the primary"
    );
}

/// Waits until something on a node is so.
#[track_caller]
fn until(what: &str, node: TestNode<'_>, line: &str) {
    let limit = Instant::now() + Duration::from_secs(240);
    while !node.exec(&["sh", "-c", line]).status.success() {
        assert!(
            Instant::now() < limit,
            "{what}: {}",
            node.sh("journalctl -u pairadm-sync --no-pager | tail -40")
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn continuously_a_change_follows_and_so_does_the_direction_after_a_takeover() {
    let lab = FreshLab::start("synccont");
    run(&lab, &["configure", "--yes"], 0);
    translate(&lab);
    run(&lab, &["data", "sync", "--continuous", "on", "--yes"], 0);
    let again = run(&lab, &["data", "sync", "--continuous", "on", "--yes"], 0);
    assert!(
        again.contains("changes nothing") || !again.contains("restart"),
        "{again}"
    );
    // The first look, right after the start, makes both alike.
    let v4 = lab.beta().node.v4;
    until("first look", lab.beta(), &format!("grep -q {v4} {ALLOW}"));
    let own = lab.beta().read(OWN);

    lab.alpha()
        .sh(&format!("echo 'MEMORY=64' >> {DEFAULTS}; echo '# mine' >> {OWN}"));
    until("a file", lab.beta(), &format!("grep -q MEMORY=64 {DEFAULTS}"));
    lab.alpha().sh(&format!("echo 'ALL : ALL' > {ALLOW}"));
    until("a directory", lab.beta(), &format!("grep -q 'ALL : ALL' {ALLOW}"));
    assert_eq!(lab.beta().read(OWN), own, "identity stays");

    run(&lab, &["takeover", "--to", "secondary", "--yes"], 0);
    lab.beta().sh(&format!("echo 'MEMORY=128' > {DEFAULTS}"));
    until(
        "turned round",
        lab.alpha(),
        &format!("grep -q MEMORY=128 {DEFAULTS}"),
    );
    let status = run(&lab, &["status"], 0);
    assert!(status.contains("running"), "{status}");

    run(&lab, &["data", "sync", "--continuous", "off", "--yes"], 0);
    lab.beta()
        .sh("! systemctl is-active pairadm-sync && ! test -e /etc/pairadm/sync.lua");
}

#[test]
fn a_synchronisation_that_was_killed_is_in_no_takeovers_way() {
    let lab = FreshLab::start("synckilled");
    run(&lab, &["configure", "--yes"], 0);
    translate(&lab);
    run(&lab, &["data", "sync", "--yes"], 0);
    lab.alpha()
        .sh("mkdir /etc/kamailio/many && for n in $(seq 100); do echo $n > /etc/kamailio/many/$n.cfg; done");
    let mut child = lab
        .pairadm_command(["data", "sync", "--yes"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let done = |line: &String| line.split_whitespace().nth(1) == Some("done");
    assert_eq!(lines.map_while(Result::ok).filter(done).take(3).count(), 3);
    child.kill().unwrap();
    child.wait().unwrap();
    run(&lab, &["takeover", "--to", "secondary", "--yes"], 0);
    let left = lab.beta().sh("ls /etc/kamailio/many 2>/dev/null | wc -l");
    assert_eq!(left.trim(), "0", "what was begun was taken back");
}
