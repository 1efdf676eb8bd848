//! `data backup`: what it saves, what it keeps, and what undo leaves of it.

use crate::support::drive::{json, run};
use crate::support::lab::{FreshLab, TestNode};

const CURRENT: &str = "/var/lib/pairadm/backup/current";

fn backups(node: TestNode<'_>) -> String {
    node.sh("ls /var/lib/pairadm/backup")
}

#[test]
fn a_backup_is_whole_the_newest_two_are_kept_and_undo_goes_back_to_the_one_before() {
    let lab = FreshLab::start("backup");
    run(&lab, &["configure", "--yes"], 0);
    run(&lab, &["data", "backup", "--dry-run"], 0);
    assert!(
        !lab.alpha().sh("ls /var/lib/pairadm").contains("backup\n"),
        "a dry run saves nothing"
    );

    for _ in 0..3 {
        run(&lab, &["data", "backup", "--yes"], 0);
    }
    assert_eq!(
        backups(lab.alpha()).split_whitespace().collect::<Vec<_>>(),
        ["current", "op3", "op4"]
    );
    let saved = lab
        .alpha()
        .read(format!("{CURRENT}/configuration/etc/kamailio/kamailio.cfg"));
    assert_eq!(saved, lab.alpha().read("/etc/kamailio/kamailio.cfg"));
    let manifest: serde_json::Value =
        serde_json::from_str(&lab.alpha().read(format!("{CURRENT}/manifest.json"))).unwrap();
    assert_eq!(
        (manifest["node"].as_str(), manifest["op"].as_u64()),
        (Some("alpha"), Some(4))
    );
    assert!(manifest["version"].as_str().unwrap().contains("kamailio"));

    run(&lab, &["undo", "4", "--yes"], 0);
    assert_eq!(
        backups(lab.alpha()).split_whitespace().collect::<Vec<_>>(),
        ["current", "op3"]
    );
    assert_eq!(lab.alpha().sh(&format!("readlink {CURRENT}")).trim(), "op3");
    let (_, status) = json(&lab, &["status"]);
    assert_eq!(status["exit_code"], 0);
}

#[test]
fn without_room_nothing_is_left_and_the_backup_before_stays() {
    let lab = FreshLab::start("backupfull");
    run(&lab, &["configure", "--yes"], 0);
    run(&lab, &["data", "backup", "--yes"], 0);
    lab.alpha()
        .sh("mkdir -p /etc/kamailio/big && head -c 8M /dev/zero > /etc/kamailio/big/blob");
    lab.alpha().sh("mount -t tmpfs -o size=4m none /mnt && cp -a /var/lib/pairadm/backup /mnt/ && mount --bind /mnt/backup /var/lib/pairadm/backup");
    let told = run(&lab, &["data", "backup", "--yes"], 3);
    assert!(told.contains("disk_full") || told.contains("No space"), "{told}");
    assert_eq!(
        backups(lab.alpha()).split_whitespace().collect::<Vec<_>>(),
        ["current", "op2"]
    );
}
