//! `data copy`: what a copy brings and keeps, and what it leaves when something goes wrong. In all of
//! it, no finished mirror is lost or changed.

mod around;
mod broken;
mod links;
mod refused;
mod takeover;

use crate::support::drive::run;
use crate::support::lab::{FreshLab, TestNode};
use crate::support::snapshot::Snapshot;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const MIRRORS: &str = "/var/lib/pairadm/mirrors";

/// Longest that anything is waited for.
const PATIENCE: Duration = Duration::from_secs(240);

fn names(node: TestNode<'_>) -> Vec<String> {
    let listed = node.sh(&format!("ls {MIRRORS}"));
    listed.split_whitespace().map(str::to_owned).collect()
}

/// A file of so many bytes that no compression could shrink, among the primary's data.
fn add_data(lab: &FreshLab, name: &str, bytes: &str) {
    lab.alpha().sh(&format!(
        "mkdir -p /etc/kamailio/big && head -c {bytes} /dev/urandom > /etc/kamailio/big/{name}"
    ));
}

/// A pair whose primary has a backup with so much data; operations 1 and 2.
fn with_backup(test: &str, bytes: &str) -> FreshLab {
    let lab = FreshLab::start(test);
    run(&lab, &["configure", "--yes"], 0);
    add_data(&lab, "blob", bytes);
    run(&lab, &["data", "backup", "--yes"], 0);
    lab
}

/// The same with a mirror of it, operation 3, and then a new backup with more data, operation 4, that is
/// copied at `limit` KiB a second, operation 5.
fn with_slow_copy_ahead(test: &str, bytes: &str, limit: &str) -> FreshLab {
    let lab = with_backup(test, "1M");
    run(&lab, &["data", "copy", "--yes"], 0);
    add_data(&lab, "more", bytes);
    run(&lab, &["data", "backup", "--yes"], 0);
    run(
        &lab,
        &["settings", "set", &format!("copy_limit={limit}"), "--yes"],
        0,
    );
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

/// Everything about a finished mirror.
fn mirror(lab: &FreshLab, name: &str) -> Snapshot {
    let seen = lab.beta().snapshot(&[format!("{MIRRORS}/{name}")]);
    assert!(seen.0.len() > 3, "{name} is there");
    seen
}

/// Starts a copy and waits until so many bytes of it have arrived.
fn begin_copy(lab: &FreshLab, bytes: u64) -> Child {
    let copy = lab
        .pairadm_command(["data", "copy", "--yes"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("pairadm starts");
    wait_for("bytes arrive", || arrived(lab) >= bytes);
    copy
}

/// Bytes of the copy that is going on, links to older mirrors left out.
fn arrived(lab: &FreshLab) -> u64 {
    let sizes = lab.beta().sh(&format!(
        "find {MIRRORS}/incoming -type f -links 1 -printf '%s\\n' 2>/dev/null || true"
    ));
    sizes.lines().map(|size| size.parse::<u64>().unwrap()).sum()
}

/// Waits for a condition.
fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Nothing of a copy is left on the primary.
fn offers_nothing(lab: &FreshLab) {
    let left = "systemctl list-units --all 'pairadm-offer*' --no-legend; ls -d /run/pairadm/offer || true";
    assert_eq!(lab.alpha().sh(left), "", "nothing is offered any more");
}
