//! `data load`: translated data is live without a restart, and what fails leaves the data that was there.

use crate::support::drive::run;
use crate::support::lab::{FreshLab, LabPair};

/// A pair whose primary's data lies on the secondary as mirror `op2`.
fn mirrored(lab: &LabPair) {
    run(lab, &["configure", "--yes"], 0);
    run(lab, &["data", "backup", "--yes"], 0);
    mirror(lab, "op2");
}

/// Copies the primary's current backup to the secondary.
fn mirror(lab: &LabPair, name: &str) {
    let archive = lab
        .alpha()
        .exec(&["tar", "-C", "/var/lib/pairadm/backup/current/", "-cf", "-", "."]);
    assert!(archive.status.success());
    let folder = format!("/var/lib/pairadm/mirrors/{name}");
    lab.beta().sh(&format!("mkdir -p -m 700 {folder}"));
    lab.beta()
        .feed(&["tar", "-C", &folder, "-xpf", "-"], &archive.stdout);
}

fn translate(lab: &LabPair) {
    let (alpha, beta) = (lab.alpha().node, lab.beta().node);
    let rows = [
        (alpha.v4.to_string(), beta.v4.to_string()),
        (alpha.v6.to_string(), beta.v6.to_string()),
        (alpha.dup_v4.to_string(), beta.dup_v4.to_string()),
    ];
    let table: Vec<String> = rows
        .iter()
        .map(|(from, to)| format!("[[address]]\nfrom = \"{from}\"\nto = \"{to}\"\n"))
        .collect();
    lab.beta().write("/etc/pairadm/translation.toml", &table.concat());
}

const PSQL: &str = "runuser -u postgres -- psql --quiet --tuples-only --no-align kamailio -c";

fn pid(lab: &LabPair) -> String {
    lab.beta()
        .sh("systemctl show --property=MainPID --value kamailio")
}

#[test]
fn a_postgresql_database_changes_in_one_step_and_is_translated() {
    let lab = FreshLab::with_postgresql("loadpg");
    lab.alpha().sh(&format!(
        "{PSQL} \"INSERT INTO dispatcher (setid, destination) VALUES (9, 'sip:192.0.2.99:5060')\""
    ));
    mirrored(&lab);
    translate(&lab);
    let before = pid(&lab);
    run(&lab, &["data", "load", "--yes"], 0);
    let (alpha, beta) = (lab.alpha().node, lab.beta().node);
    let list = lab.beta().sh("kamcmd dispatcher.list");
    assert!(list.contains("sip:192.0.2.99:5060"), "{list}");
    assert!(list.contains(&format!("URI: sip:{}:5070", beta.v4)), "{list}");
    assert!(!list.contains(&alpha.v4.to_string()), "{list}");
    assert_eq!(pid(&lab), before, "it was not restarted");
    let databases = lab
        .beta()
        .sh(&format!("{PSQL} 'SELECT datname FROM pg_database'"));
    assert!(
        !databases.contains("pairadm"),
        "nothing is left beside: {databases}"
    );
}
