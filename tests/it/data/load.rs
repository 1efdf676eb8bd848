//! `data load` and `data rollback`: translated data is live without a restart, what fails leaves the data
//! that was there, and every way goes back.

use super::loading::{PSQL, mirror, mirrored, pid, translate, whole};
use crate::support::drive::{json, run};
use crate::support::lab::FreshLab;

#[test]
fn a_mirror_is_live_translated_and_the_service_keeps_its_process() {
    let lab = FreshLab::start("load");
    lab.alpha().sh("sqlite3 /etc/kamailio/kamailio.sqlite \"INSERT INTO dispatcher (setid, destination) VALUES (9, 'sip:192.0.2.99:5060')\"");
    lab.alpha()
        .sh("echo '# on the primary' >> /etc/kamailio/dispatcher.list");
    mirrored(&lab);
    translate(&lab);
    let before = pid(&lab);
    let told = run(&lab, &["data", "load", "--yes"], 0);
    let (alpha, beta) = (lab.alpha().node, lab.beta().node);
    let list = lab.beta().sh("kamcmd dispatcher.list");
    assert!(list.contains("sip:192.0.2.99:5060"), "{told}\n{list}");
    assert!(list.contains(&format!("URI: sip:{}:5070", beta.v4)), "{list}");
    assert!(!list.contains(&alpha.v4.to_string()), "{list}");
    assert!(
        lab.beta()
            .read("/etc/kamailio/dispatcher.list")
            .contains("# on the primary")
    );
    assert_eq!(pid(&lab), before, "it was not restarted");
    let (_, status) = json(&lab, &["status"]);
    assert_eq!(status["exit_code"], 0);
    let mirrors = &status["result"]["nodes"]["secondary"]["mirrors"];
    assert_eq!(mirrors["loaded"]["name"], "op2", "{status}");
    assert_eq!(mirrors["newest"]["name"], "op2", "{status}");
    assert!(mirrors["newest"]["age_s"].is_u64(), "{status}");
    run(&lab, &["data", "rollback", "--yes"], 0);
    let (_, status) = json(&lab, &["status"]);
    let mirrors = &status["result"]["nodes"]["secondary"]["mirrors"];
    assert!(
        mirrors["loaded"].is_null() && !mirrors["newest"].is_null(),
        "{status}"
    );
    let told = run(&lab, &["status"], 0);
    let row = told.lines().find(|line| line.starts_with("loaded mirror"));
    assert!(row.is_some_and(|row| row.ends_with("none")), "{told}");
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

#[test]
fn what_the_service_refuses_is_taken_back_whole() {
    let lab = FreshLab::start("loadrefused");
    lab.alpha().sh("sqlite3 /etc/kamailio/kamailio.sqlite \"INSERT INTO dispatcher (setid, destination, attrs) VALUES (9, 'sip:192.0.2.99:5060', 'socket=udp:192.0.2.77:5060')\"");
    lab.alpha()
        .sh("echo '# on the primary' >> /etc/kamailio/dispatcher.list");
    mirrored(&lab);
    translate(&lab);
    let before = whole(&lab);
    let told = run(&lab, &["data", "load", "--yes"], 3);
    assert!(
        told.contains("kamcmd dispatcher.reload") && told.contains("reload_failed")
            || told.contains("Reload Failed"),
        "{told}"
    );
    assert_eq!(whole(&lab), before);
    let list = lab.beta().sh("kamcmd dispatcher.list");
    assert!(
        list.contains(&format!("URI: sip:{}:5070", lab.beta().node.v4)),
        "the service has it, too: {list}"
    );
}

#[test]
fn a_load_is_rolled_back_undone_and_brought_back_and_an_edit_by_hand_bars_the_undo() {
    let lab = FreshLab::start("loadback");
    lab.alpha().sh("sqlite3 /etc/kamailio/kamailio.sqlite \"INSERT INTO dispatcher (setid, destination) VALUES (9, 'sip:192.0.2.99:5060')\"");
    lab.alpha()
        .sh("echo '# on the primary' >> /etc/kamailio/dispatcher.list");
    lab.beta()
        .sh("echo 'only here' > /etc/kamailio/own.list; chmod 600 /etc/kamailio/own.list");
    mirrored(&lab);
    let refused = run(&lab, &["data", "load", "--yes"], 2);
    assert!(refused.contains("pairadm translation set"), "{refused}");
    translate(&lab);
    let serves = || lab.beta().sh("kamcmd dispatcher.list").contains("192.0.2.99");
    let old = whole(&lab);
    run(&lab, &["data", "rollback", "--yes"], 2);
    run(&lab, &["data", "load", "--dry-run"], 0);
    assert_eq!(whole(&lab), old);

    run(&lab, &["data", "load", "--yes"], 0);
    let new = whole(&lab);
    assert_ne!(new, old);
    assert!(serves());
    let again = run(&lab, &["data", "load", "--yes"], 0);
    assert!(again.contains("is loaded already"), "{again}");
    let (_, listed) = json(&lab, &["data", "list"]);
    assert_eq!(listed["result"]["secondary"]["data"]["loaded"], "op2", "{listed}");

    run(&lab, &["data", "rollback", "--yes"], 0);
    assert_eq!(whole(&lab), old);
    assert!(!serves());
    run(&lab, &["undo", "4", "--yes"], 0);
    assert_eq!(whole(&lab), new, "the rollback is undone");
    assert!(serves());
    lab.beta()
        .sh("cp -p /etc/kamailio/dispatcher.list /root/; echo '# mine' >> /etc/kamailio/dispatcher.list");
    let refused = run(&lab, &["undo", "3", "--yes"], 2);
    assert!(refused.contains("/etc/kamailio/dispatcher.list"), "{refused}");
    lab.beta().sh("cp -p /root/dispatcher.list /etc/kamailio/");
    run(&lab, &["undo", "3", "--yes"], 0);
    assert_eq!(whole(&lab), old);
    assert!(!serves());
    run(&lab, &["undo", "6", "--yes"], 0);
    assert_eq!(whole(&lab), new, "the undo is undone");
    assert!(serves());
}

#[test]
fn a_file_that_is_read_once_restarts_the_service_and_a_broken_one_is_refused_before() {
    let lab = FreshLab::start("loadrestart");
    lab.alpha().sh("echo '# another' >> /etc/kamailio/kamailio.cfg");
    mirrored(&lab);
    translate(&lab);
    let before = pid(&lab);
    let told = run(&lab, &["data", "load", "--yes"], 0);
    assert!(told.contains("restart kamailio.service"), "{told}");
    assert_ne!(pid(&lab), before);

    let good = whole(&lab);
    lab.alpha()
        .sh("echo 'loadmodule \"nothing.so\"' >> /etc/kamailio/kamailio.cfg");
    run(&lab, &["data", "backup", "--yes"], 0);
    super::loading::mirror(&lab, "op4");
    let before = pid(&lab);
    let refused = run(&lab, &["data", "load", "--yes"], 2);
    assert!(refused.contains("the service's own check refuses"), "{refused}");
    assert_eq!((whole(&lab), pid(&lab)), (good, before));
}

#[test]
fn a_damaged_mirror_is_refused_and_nothing_is_changed() {
    let lab = FreshLab::start("loaddamaged");
    mirrored(&lab);
    translate(&lab);
    let old = whole(&lab);
    let file = "/var/lib/pairadm/mirrors/op2/configuration/etc/kamailio/kamailio.cfg";
    lab.beta().sh(&format!(
        "printf X | dd of={file} bs=1 seek=100 conv=notrunc status=none"
    ));
    let refused = run(&lab, &["data", "load", "--yes"], 2);
    assert!(
        refused.contains("is not as it was when it was saved"),
        "{refused}"
    );
    assert_eq!(whole(&lab), old);
    let (_, history) = json(&lab, &["history"]);
    assert!(!history.to_string().contains("load mirror"), "{history}");
}

#[test]
fn a_dump_that_cannot_be_restored_leaves_the_database_as_it_was() {
    let lab = FreshLab::with_postgresql("loaddump");
    lab.alpha().sh(&format!(
        "{PSQL} 'CREATE ROLE elsewhere; ALTER TABLE address OWNER TO elsewhere'"
    ));
    mirrored(&lab);
    translate(&lab);
    let dump = "runuser -u postgres -- pg_dump kamailio | grep -v '^.restrict\\|^.unrestrict' | sha256sum";
    let old = lab.beta().sh(dump);
    let told = run(&lab, &["data", "load", "--yes"], 3);
    assert!(told.contains("elsewhere"), "{told}");
    assert_eq!(lab.beta().sh(dump), old);
    let databases = lab
        .beta()
        .sh(&format!("{PSQL} 'SELECT datname FROM pg_database'"));
    assert!(!databases.contains("pairadm"), "{databases}");
    lab.beta().sh("kamcmd dispatcher.list");
}

#[test]
fn a_database_that_was_changed_since_is_loaded_again_and_clients_that_come_and_go_are_no_change() {
    changed_since(
        &FreshLab::start("loadsince"),
        "sqlite3 /etc/kamailio/kamailio.sqlite",
    );
}

#[test]
fn the_same_with_postgresql() {
    changed_since(&FreshLab::with_postgresql("loadsincepg"), PSQL);
}

fn changed_since(lab: &FreshLab, sql: &str) {
    lab.alpha().sh(&format!(
        "{sql} \"INSERT INTO dispatcher (setid, destination) VALUES (9, 'sip:192.0.2.99:5060')\""
    ));
    mirrored(lab);
    translate(lab);
    run(lab, &["data", "load", "--yes"], 0);
    lab.beta().sh(&format!("{sql} \"DELETE FROM location\""));
    let again = run(lab, &["data", "load", "--yes"], 0);
    assert!(again.contains("is loaded already"), "{again}");
    lab.beta()
        .sh(&format!("{sql} \"DELETE FROM dispatcher WHERE setid = 9\""));
    let again = run(lab, &["data", "load", "--yes"], 0);
    assert!(
        again.contains("It was loaded already, and changed since:"),
        "{again}"
    );
    assert!(lab.beta().sh("kamcmd dispatcher.list").contains("192.0.2.99"));
}

#[test]
fn what_a_rollback_brings_back_is_known_as_loaded() {
    brought_back(
        &FreshLab::start("loadknown"),
        "sqlite3 /etc/kamailio/kamailio.sqlite",
    );
}

#[test]
fn what_a_rollback_brings_back_to_postgresql_is_known_as_loaded() {
    brought_back(&FreshLab::with_postgresql("loadknownpg"), PSQL);
}

fn brought_back(lab: &FreshLab, sql: &str) {
    let loaded = || json(lab, &["data", "list"]).1["result"]["secondary"]["data"]["loaded"].clone();
    // Lines are broken where they are long.
    let said = |words: &[&str]| -> String {
        let text = run(lab, words, 0);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let rows = format!("{sql} 'SELECT destination FROM dispatcher ORDER BY 1'");
    let live = || lab.beta().read("/etc/kamailio/dispatcher.list") + &lab.beta().sh(&rows);
    let add = |address: &str| {
        lab.alpha().sh(&format!(
            "{sql} \"INSERT INTO dispatcher (setid, destination) VALUES (9, 'sip:{address}:5060')\"; \
             echo '9 sip:{address}:5060' >> /etc/kamailio/dispatcher.list"
        ));
    };
    add("192.0.2.98");
    mirrored(lab);
    translate(lab);
    let own = live();
    run(lab, &["data", "load", "--yes"], 0);
    let first = live();
    add("192.0.2.99");
    run(lab, &["data", "backup", "--yes"], 0);
    mirror(lab, "op4");
    run(lab, &["data", "load", "--yes"], 0);
    assert_eq!(loaded(), "op4");

    let told = said(&["data", "rollback", "--yes"]);
    assert!(told.contains("mirror op2, loaded by operation 3"), "{told}");
    assert_eq!((live(), loaded()), (first.clone(), "op2".into()));
    // Interrupted before its end was written down, it is finished by a rerun, and not done twice.
    lab.beta().sh(
        "cd /var/lib/pairadm/ops && sed -i '/\"is\":\"finished\"/d' $(ls | sort -n | tail -n 1)/journal.jsonl",
    );
    run(lab, &["data", "rollback", "--yes"], 0);
    assert_eq!((live(), loaded()), (first.clone(), "op2".into()));
    let again = said(&["data", "load", "op2", "--yes"]);
    assert!(again.contains("Mirror op2 is loaded already"), "{again}");
    let newest = said(&["data", "load", "--dry-run"]);
    assert!(
        newest.contains("replace the data of mirror op2"),
        "what was rolled back is not loaded: {newest}"
    );
    run(lab, &["data", "load", "--yes"], 0);
    run(lab, &["undo", "7", "--yes"], 0);
    let again = said(&["data", "load", "op2", "--yes"]);
    assert!(again.contains("Mirror op2 is loaded already"), "{again}");

    let told = said(&["data", "rollback", "--yes"]);
    assert!(told.contains("before that load, its own data"), "{told}");
    assert_eq!((live(), loaded()), (own, serde_json::Value::Null));
    let listed = run(lab, &["data", "list"], 0);
    assert!(listed.contains("live is the node's own data"), "{listed}");
    run(lab, &["data", "load", "op2", "--yes"], 0);
    assert_eq!(live(), first);

    lab.beta().sh("rm -r /var/lib/pairadm/data/aside/*");
    let refused = run(lab, &["data", "rollback", "--yes"], 2);
    assert!(refused.contains("is not kept any more"), "{refused}");
    assert_eq!(live(), first);
}
