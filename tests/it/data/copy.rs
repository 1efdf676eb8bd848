//! `data copy`: what a copy brings, over either link, and what is kept of it.

use crate::support::drive::{json, run};
use crate::support::lab::{FreshLab, TestNode};

const MIRRORS: &str = "/var/lib/pairadm/mirrors";

fn names(node: TestNode<'_>) -> Vec<String> {
    let listed = node.sh(&format!("ls {MIRRORS}"));
    listed.split_whitespace().map(str::to_owned).collect()
}

/// A pair whose primary has a backup with a file of so many bytes that no compression could shrink.
fn with_backup(test: &str, bytes: &str) -> FreshLab {
    let lab = FreshLab::start(test);
    run(&lab, &["configure", "--yes"], 0);
    lab.alpha().sh(&format!(
        "mkdir -p /etc/kamailio/big && head -c {bytes} /dev/urandom > /etc/kamailio/big/blob"
    ));
    run(&lab, &["data", "backup", "--yes"], 0);
    lab
}

/// The mirror is what the primary's current backup is.
fn is_copy(lab: &FreshLab, name: &str) {
    let sums = "find . -type f ! -name manifest.json | sort | xargs sha256sum";
    let (from, to) = (
        lab.alpha()
            .sh(&format!("cd /var/lib/pairadm/backup/current/ && {sums}")),
        lab.beta().sh(&format!("cd {MIRRORS}/{name} && {sums}")),
    );
    assert_eq!(from, to);
}

#[test]
fn both_links_copy_the_backup_and_unchanged_files_lie_on_the_disk_once() {
    let lab = with_backup("copy", "8M");
    let (code, listed) = json(&lab, &["data", "list"]);
    assert_eq!(code, 0);
    assert_eq!(listed["result"]["primary"]["data"]["backup"]["op"], 2, "{listed}");

    run(&lab, &["data", "copy", "--yes"], 0);
    assert_eq!(names(lab.beta()), ["op3"]);
    is_copy(&lab, "op3");

    run(&lab, &["settings", "set", "encrypted_link=no", "--yes"], 0);
    run(&lab, &["data", "copy", "--yes"], 0);
    assert_eq!(names(lab.beta()), ["op3", "op5"]);
    is_copy(&lab, "op5");
    let (_, listed) = json(&lab, &["data", "list"]);
    let mirrors = listed["result"]["secondary"]["data"]["mirrors"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(mirrors[0]["name"], "op5");
    assert_eq!(mirrors[0]["shared"], mirrors[0]["bytes"], "every file is a link");
    assert_eq!(
        lab.alpha()
            .sh("systemctl list-units --all 'pairadm-offer*' --no-legend; ls -d /run/pairadm/offer || true"),
        "",
        "nothing is offered any more"
    );
}
