//! What tests of loads share: a primary's data as a mirror on the secondary, and all data of the secondary
//! at a glance.

use crate::support::drive::run;
use crate::support::lab::{LabPair, TestNode};

/// Asks the PostgreSQL server of a node.
pub const PSQL: &str = "runuser -u postgres -- psql --quiet --tuples-only --no-align kamailio -c";

/// A pair whose primary's data lies on the secondary as mirror `op2`, and the table to translate it with.
pub fn mirrored(lab: &LabPair) {
    run(lab, &["configure", "--yes"], 0);
    run(lab, &["data", "backup", "--yes"], 0);
    mirror(lab, "op2");
}

/// Makes the primary's current backup a mirror of the secondary.
pub fn mirror(lab: &LabPair, name: &str) {
    let archive = lab
        .alpha()
        .exec(&["tar", "-C", "/var/lib/pairadm/backup/current/", "-cf", "-", "."]);
    assert!(archive.status.success());
    let folder = format!("/var/lib/pairadm/mirrors/{name}");
    lab.beta().sh(&format!("mkdir -p -m 700 {folder}"));
    lab.beta()
        .feed(&["tar", "-C", &folder, "-xpf", "-"], &archive.stdout);
}

/// The addresses that have to change, each with what it becomes.
fn rows(lab: &LabPair) -> [(String, String); 3] {
    let (alpha, beta) = (lab.alpha().node, lab.beta().node);
    [
        (alpha.v4.to_string(), beta.v4.to_string()),
        (alpha.v6.to_string(), beta.v6.to_string()),
        (alpha.dup_v4.to_string(), beta.dup_v4.to_string()),
    ]
}

/// Decides all that has to change as an operator would, on both nodes.
pub fn decide(lab: &LabPair) {
    for (from, to) in rows(lab) {
        run(lab, &["translation", "set", &from, &to, "--yes"], 0);
    }
}

/// Writes a table with all that has to change.
pub fn translate(lab: &LabPair) {
    let table: Vec<String> = rows(lab)
        .iter()
        .map(|(from, to)| format!("[[address]]\nfrom = \"{from}\"\nto = \"{to}\"\n"))
        .collect();
    lab.beta().write("/etc/pairadm/translation.toml", &table.concat());
}

/// All data of the secondary.
pub fn whole(lab: &LabPair) -> String {
    data_of(lab.beta())
}

/// All data of a node: every file with its hash and mode, and the database as text.
pub fn data_of(node: TestNode<'_>) -> String {
    node.sh(
        "cd /etc && find kamailio default/kamailio ! -name '*.sqlite*' | sort | xargs stat -c '%n %a %U %F' | sha256sum; \
         find kamailio default/kamailio -type f ! -name '*.sqlite*' | sort | xargs sha256sum | sha256sum; \
         find kamailio default/kamailio -name '*pairadm*'; \
         sqlite3 /etc/kamailio/kamailio.sqlite .dump | sha256sum",
    )
}

/// Holds a load on this node where the service has to take the data up, whichever way it does.
pub fn hold_take_up(node: TestNode<'_>) {
    node.hold("kamcmd", "dispatcher.reload");
    node.hold("systemctl", "restart");
}

/// The main process of the secondary's service.
pub fn pid(lab: &LabPair) -> String {
    lab.beta()
        .sh("systemctl show --property=MainPID --value kamailio")
}
