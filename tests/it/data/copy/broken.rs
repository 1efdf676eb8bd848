//! A copy that breaks off: the next one goes on from there.

use super::{
    MIRRORS, add_data, arrived, begin_copy, is_copy, mirror, names, offers_nothing, wait_for,
    with_slow_copy_ahead,
};
use crate::support::drive::{both, run};
use crate::support::lab::FreshLab;
use rustix::process::{Pid, Signal, kill_process};

const MIB: u64 = 1 << 20;

/// Copies again, without a limit: little more than what was missing travels.
fn goes_on(lab: &FreshLab, total: u64, at_least: u64) {
    let there = arrived(lab);
    assert!(there >= at_least, "{there} bytes were kept");
    run(lab, &["settings", "set", "copy_limit=", "--yes"], 0);
    let received = "cat /sys/class/net/eth1/statistics/rx_bytes";
    let count = || lab.beta().sh(received).trim().parse::<u64>().unwrap();
    let before = count();
    run(lab, &["data", "copy", "--yes"], 0);
    let travelled = count() - before;
    assert!(
        travelled < total - at_least / 2,
        "{travelled} bytes travelled of {total}, {there} were there"
    );
    offers_nothing(lab);
}

/// Connections of the secondary to the primary's SSH server.
fn logins(lab: &FreshLab) -> usize {
    let listed = lab.beta().sh("ss -Htn state established dport = :22");
    listed.lines().count()
}

#[test]
fn after_a_kill_of_the_tool_the_next_copy_goes_on() {
    let lab = with_slow_copy_ahead("copykill", "24M", "6000");
    let before = mirror(&lab, "op3");
    let mut copy = begin_copy(&lab, 12 * MIB);
    copy.kill().unwrap();
    copy.wait().unwrap();
    wait_for("rsync ends", || {
        lab.beta().sh("pgrep -c rsync || true").trim() == "0"
    });
    goes_on(&lab, 24 * MIB, 12 * MIB);
    is_copy(&lab, names(lab.beta()).last().unwrap());
    assert_eq!(before.changes_to(&mirror(&lab, "op3")), Vec::<String>::new());
}

#[test]
fn a_killed_agent_leaves_nothing_behind_that_writes_into_a_mirror() {
    let lab = with_slow_copy_ahead("copyagent", "24M", "3000");
    let before = mirror(&lab, "op3");
    let copy = begin_copy(&lab, 6 * MIB);
    let holder: serde_json::Value = serde_json::from_str(&lab.beta().read("/run/pairadm/lock")).unwrap();
    lab.beta().sh(&format!("kill -9 {}", holder["agent"]));
    let output = copy.wait_with_output().unwrap();
    assert_ne!(output.status.code(), Some(0), "{}", both(&output));
    assert_ne!(lab.beta().sh("pgrep -c rsync || true").trim(), "0", "one runs on");
    goes_on(&lab, 24 * MIB, 6 * MIB);
    assert_eq!(lab.beta().sh("pgrep -c rsync || true").trim(), "0");
    wait_for("no login is left", || logins(&lab) == 0);
    is_copy(&lab, names(lab.beta()).last().unwrap());
    assert_eq!(before.changes_to(&mirror(&lab, "op3")), Vec::<String>::new());
}

#[test]
fn a_copy_that_the_operator_stops_leaves_nothing_open() {
    let lab = with_slow_copy_ahead("copystop", "24M", "3000");
    let copy = begin_copy(&lab, 2 * MIB);
    lab.beta().sh("ls /run/pairadm/copy-login-*");
    assert_eq!(logins(&lab), 1, "what is brought comes over the login made ahead");
    kill_process(Pid::from_child(&copy), Signal::INT).unwrap();
    let output = copy.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", both(&output));
    wait_for("no login is left", || logins(&lab) == 0);
    run(&lab, &["resume"], 2);
    offers_nothing(&lab);
    goes_on(&lab, 24 * MIB, 2 * MIB);
}

#[test]
fn after_a_power_cut_of_the_secondary_the_next_copy_goes_on() {
    let mut lab = with_slow_copy_ahead("copypower", "24M", "6000");
    let before = mirror(&lab, "op3");
    let copy = begin_copy(&lab, 12 * MIB);
    lab.cut_power("beta");
    let output = copy.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", both(&output));
    lab.boot("beta");
    goes_on(&lab, 24 * MIB, 4 * MIB);
    is_copy(&lab, names(lab.beta()).last().unwrap());
    assert_eq!(before.changes_to(&mirror(&lab, "op3")), Vec::<String>::new());
}

#[test]
fn a_backup_that_changes_meanwhile_is_refused_and_copied_as_it_is_the_next_time() {
    let lab = with_slow_copy_ahead("copychange", "12M", "6000");
    let before = mirror(&lab, "op3");
    let copy = begin_copy(&lab, 2 * MIB);
    lab.alpha()
        .sh("echo '# changed' >> /var/lib/pairadm/backup/current/configuration/etc/kamailio/kamailio.cfg");
    let output = copy.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", both(&output));
    assert!(both(&output).contains("kamailio.cfg"), "{}", both(&output));
    assert_eq!(names(lab.beta()), ["incoming", "op3"]);
    offers_nothing(&lab);
    // A file that is a link to the mirror's by now gets another mode: the mirror's keeps its own.
    lab.alpha().sh("chmod 604 /etc/kamailio/big/blob");
    add_data(&lab, "other", "1M");
    run(&lab, &["data", "backup", "--yes"], 0);
    goes_on(&lab, 13 * MIB, 10 * MIB);
    let blob = "configuration/etc/kamailio/big/blob";
    let mode = format!("stat -c %a {MIRRORS}/$(ls {MIRRORS} | tail -1)/{blob}");
    assert_eq!(lab.beta().sh(&mode).trim(), "604");
    is_copy(&lab, names(lab.beta()).last().unwrap());
    assert_eq!(before.changes_to(&mirror(&lab, "op3")), Vec::<String>::new());
}

#[test]
fn a_full_disk_ends_the_copy_and_room_lets_it_go_on() {
    let lab = with_slow_copy_ahead("copyfull", "12M", "100000");
    lab.beta().sh(&format!(
        "mount -t tmpfs -o size=50m none /mnt && cp -a {MIRRORS} /mnt/ && mount --bind /mnt/mirrors {MIRRORS}"
    ));
    let before = mirror(&lab, "op3");
    // Room enough when it is planned, and then something else takes it.
    run(
        &lab,
        &["settings", "set", "copy_limit=3000", "mirrors_keep=1", "--yes"],
        0,
    );
    let copy = begin_copy(&lab, MIB);
    lab.beta()
        .sh("dd if=/dev/zero of=/mnt/other bs=1M 2>/dev/null || true");
    let output = copy.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", both(&output));
    assert!(both(&output).contains("no room"), "{}", both(&output));
    assert_eq!(names(lab.beta()), ["incoming", "op3"]);
    lab.beta().sh("rm /mnt/other");
    assert_eq!(before.changes_to(&mirror(&lab, "op3")), Vec::<String>::new());
    run(&lab, &["data", "copy", "--yes"], 0);
    is_copy(&lab, names(lab.beta()).last().unwrap());
}
