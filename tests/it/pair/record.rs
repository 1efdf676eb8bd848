//! What an operation records last is known to be recordable before it begins: found later, calls would have moved
//! already.

use super::{MANAGED, assert_serves, blocks, json, run, wait_until};
use crate::support::lab::{FreshLab, LabPair, TestNode};

const FILE: &str = "/var/lib/pairadm/state/state.json";
const DIRECTORY: &str = "/var/lib/pairadm/state";
const TO_BETA: [&str; 4] = ["takeover", "--to", "secondary", "--yes"];

/// Exit code 2 and this error, by the node's name; no operation is begun, not even one that is taken back.
#[track_caller]
fn refused(lab: &LabPair, arguments: &[&str], code: &str, node: &str) {
    let begun = ["alpha", "beta"].map(|node| journals(lab.node(node)));
    let (exit, told) = json(lab, arguments);
    assert_eq!(exit, 2, "{arguments:?}: {told}");
    assert_eq!(told["error"]["code"], code, "{arguments:?}: {told}");
    assert_eq!(told["error"]["node"], node, "{arguments:?}: {told}");
    let now = ["alpha", "beta"].map(|node| journals(lab.node(node)));
    assert_eq!(now, begun, "{arguments:?}: an operation was begun");
    assert_serves(lab, "alpha", code);
}

fn journals(node: TestNode<'_>) -> String {
    node.sh("ls /var/lib/pairadm/ops")
}

#[test]
fn a_state_that_cannot_be_replaced_is_found_before_calls_move() {
    let mut lab = FreshLab::start("record");
    lab.beta()
        .sh(&format!("mkdir -p {DIRECTORY} && chattr +i {DIRECTORY}"));
    let before = lab.alpha().snapshot(&MANAGED);
    let (exit, told) = json(&lab, &["configure", "--yes"]);
    assert_eq!((exit, &told["error"]["code"]), (2, &"immutable".into()), "{told}");
    assert_eq!(lab.alpha().snapshot(&MANAGED), before);
    lab.beta().sh(&format!("chattr -i {DIRECTORY}"));
    run(&lab, &["configure", "--yes"], 0);
    for node in ["alpha", "beta"] {
        for place in [FILE, DIRECTORY] {
            lab.node(node).sh(&format!("chattr +i {place}"));
            refused(&lab, &TO_BETA, "immutable", node);
            refused(
                &lab,
                &["takeover", "--to", "secondary", "--dry-run"],
                "immutable",
                node,
            );
            lab.node(node).sh(&format!("chattr -i {place}"));
        }
        let mount = format!("mount --bind {FILE} {FILE}");
        lab.node(node).sh(&mount);
        refused(&lab, &TO_BETA, "bind_mount", node);
        lab.node(node).sh(&format!("umount {FILE}"));
    }

    lab.alpha().sh(&format!("chattr +i {FILE}"));
    let told = run(&lab, &["status"], 0);
    assert!(told.contains(&format!("chattr -i {FILE}")), "{told}");
    for arguments in [
        &["reverse", "--yes"][..],
        &["traffic", "block", "--side", "primary", "--override", "--yes"],
        &["undo", "1", "--yes"],
    ] {
        refused(&lab, arguments, "immutable", "alpha");
    }

    // What cannot be looked at any more bars nothing.
    lab.cut_power("alpha");
    let lost = ["--peer-lost", "--confirm-lost", "alpha"];
    let alone: Vec<&str> = TO_BETA.into_iter().chain(lost).collect();
    run(&lab, &alone, 0);
}

/// A little room is taken up by the journal, which is written first.
#[test]
fn a_disk_with_less_room_than_a_takeover_records_is_found_before_calls_move() {
    let lab = FreshLab::start("record-room");
    run(&lab, &["configure", "--yes"], 0);
    for node in ["alpha", "beta"] {
        lab.node(node).sh(&fill(160));
        refused(&lab, &TO_BETA, "disk_full", node);
        lab.node(node).sh("rm /var/lib/filler* && sync");
    }
    lab.alpha().sh(&fill(640));
    run(&lab, &TO_BETA, 0);
}

/// What a node does not know any more lets no call in.
#[test]
fn a_node_whose_record_is_damaged_starts_blocked() {
    let mut lab = FreshLab::start("record-damaged");
    run(&lab, &["configure", "--yes"], 0);
    for node in ["beta", "alpha"] {
        lab.node(node).sh(&format!("echo '{{' > {FILE} && sync"));
        lab.cut_power(node);
        lab.boot(node);
        // It is decided before the services start.
        wait_until("the service runs", || {
            let asked = ["systemctl", "is-active", "kamailio"];
            lab.node(node).exec(&asked).status.success()
        });
        assert_eq!(blocks(lab.node(node)), [true; 2], "{node}");
        let vip = lab.lab.vip_v4;
        assert_eq!(lab.alpha().holds(vip), node == "beta", "the VIP");
        assert!(!lab.beta().holds(vip));
    }
    let told = run(&lab, &["status"], 0);
    assert!(told.contains("beta remembers of the pair is damaged"), "{told}");
    run(&lab, &["configure", "--yes"], 0);
    assert_serves(&lab, "alpha", "configured anew");
}

/// Leaves root so many KiB.
fn fill(kib: u32) -> String {
    format!(
        "fallocate -l {kib}K /var/lib/filler && sync && \
         dd if=/dev/zero of=/var/lib/filler-rest bs=1M 2>/dev/null; \
         dd if=/dev/zero of=/var/lib/filler-tail bs=4k 2>/dev/null; \
         sync && rm /var/lib/filler && sync && touch /var/lib/filler"
    )
}
