//! Where the agent goes on a node that has none, and on nodes that make it hard.

use super::*;
use pairadm::agent::protocol::VERSION;

/// No agent of earlier tests is left on the node.
fn fresh(lab: &LabPair) {
    lab.alpha()
        .sh("rm -rf /run/pairadm/agent-* /var/lib/pairadm/agent /dev/shm/pairadm");
}

#[test]
fn looking_at_a_node_leaves_nothing_that_outlives_a_boot() {
    let lab = LAB.lock("remote");
    fresh(&lab);
    let places = ["/usr", "/var/lib", "/etc", "/root"];
    let before = lab.alpha().snapshot(&places);
    assert_reaches(alpha(&lab));
    assert_eq!(
        lab.alpha().sh("ls /run/pairadm | grep ^agent"),
        format!("agent-{VERSION}\n")
    );
    let after = lab.alpha().snapshot(&places);
    assert!(before == after, "files appeared or changed outside /run");
}

#[test]
fn a_run_directory_without_programs_is_passed_over() {
    let lab = LAB.lock("remote");
    fresh(&lab);
    lab.alpha().sh("mount -o remount,noexec /run");
    let outcome = dial(alpha(&lab));
    lab.alpha().sh("mount -o remount,exec /run");
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        lab.alpha().sh("ls /var/lib/pairadm/agent"),
        format!("agent-{VERSION}\n")
    );
    fresh(&lab);
}

#[test]
fn a_read_only_root_beside_it_as_well() {
    let lab = LAB.lock("remote");
    fresh(&lab);
    lab.alpha().sh("mount -o remount,noexec /run; mkdir -p /var/lib/pairadm; mount --bind /var/lib/pairadm /var/lib/pairadm; mount -o remount,bind,ro /var/lib/pairadm");
    let outcome = dial(alpha(&lab));
    lab.alpha()
        .sh("mount -o remount,exec /run; umount /var/lib/pairadm");
    outcome.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        lab.alpha().sh("ls /dev/shm/pairadm"),
        format!("agent-{VERSION}\n")
    );
    fresh(&lab);
}

#[test]
fn nowhere_to_put_it_is_refused_with_every_reason() {
    let lab = LAB.lock("remote");
    fresh(&lab);
    lab.alpha()
        .sh("mkdir -p /run/pairadm /var/lib/pairadm/agent /dev/shm/pairadm");
    for dir in ["/run/pairadm", "/var/lib/pairadm/agent", "/dev/shm/pairadm"] {
        lab.alpha().sh(&format!("mount -t tmpfs -o size=64k tmpfs {dir}"));
    }
    let outcome = dial(alpha(&lab));
    let left = lab
        .alpha()
        .sh("ls -A /run/pairadm /var/lib/pairadm/agent /dev/shm/pairadm | grep agent- || true");
    lab.alpha()
        .sh("umount /run/pairadm /var/lib/pairadm/agent /dev/shm/pairadm");
    let Err(error) = outcome else {
        panic!("there is no room")
    };
    assert_eq!(
        (error.code.as_str(), error.kind.exit_code()),
        ("agent_install_failed", 2)
    );
    assert_eq!(error.cause.unwrap().matches("No space left on device").count(), 3);
    assert_eq!(left, "", "nothing half-written stays");
}
