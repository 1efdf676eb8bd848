//! What the nodes' Kamailio serves from: real tables, with this node's addresses and others'.

use super::UNBROKEN;
use crate::support::lab::{FreshLab, LabPair, TestNode};
use pairadm::config::profile;
use std::path::Path;

/// In every node's tables: a carrier, which has the same address wherever it is seen from.
const CARRIER: &str = "198.51.100.20";

fn dispatcher(node: TestNode<'_>) -> String {
    node.sh("kamcmd dispatcher.list")
}

fn assert_serves_own_rows(lab: &LabPair) {
    for (node, peer) in [(lab.alpha(), lab.beta()), (lab.beta(), lab.alpha())] {
        let (own, other) = (node.node, peer.node);
        let list = dispatcher(node);
        for part in [
            format!("URI: sip:{}:5070", own.v4),
            format!("URI: sip:[{}]:5070", own.v6),
            format!("URI: sip:{CARRIER}:5060"),
            format!("SOCKET: udp:{}:5060", own.v4),
        ] {
            assert!(list.contains(&part), "{}: no `{part}` in {list}", own.name);
        }
        assert!(!list.contains(&other.v4.to_string()), "{list}");
        let allowed = node.sh("kamcmd permissions.addressDump; kamcmd permissions.subnetDump");
        for part in [
            own.v4.to_string(),
            own.v6.to_string(),
            lab.lab.vip_v4.to_string(),
            "198.51.100.0".to_owned(),
        ] {
            assert!(
                allowed.contains(&format!("ip: {part}\n")),
                "{}: no `{part}` in {allowed}",
                own.name
            );
        }
    }
}

/// Adds a destination with `insert`, a command that takes a statement, and has it loaded.
fn assert_reads(node: TestNode<'_>, insert: &str) {
    let statement = "INSERT INTO dispatcher (setid, destination) VALUES (9, 'sip:192.0.2.99:5060')";
    node.sh(&format!("{insert} \"{statement}\""));
    assert!(!dispatcher(node).contains("192.0.2.99"));
    let answer = node.sh("kamcmd dispatcher.reload");
    assert!(answer.starts_with("Ok."), "{answer}");
    assert!(dispatcher(node).contains("sip:192.0.2.99:5060"), "{insert}");
}

#[test]
fn kamailio_reads_its_tables_from_sqlite() {
    let lab = FreshLab::start("sqlite");
    assert_serves_own_rows(&lab);
    let alpha = lab.alpha();
    let rows = "sqlite3 /etc/kamailio/kamailio.sqlite 'SELECT received FROM location'";
    assert!(alpha.sh(rows).contains("sip:203.0.113.7:49152\n"));
    assert_reads(alpha, "sqlite3 /etc/kamailio/kamailio.sqlite");
}

#[test]
fn kamailio_reads_its_tables_from_postgresql() {
    let mut lab = FreshLab::with_postgresql("postgresql");
    assert_serves_own_rows(&lab);
    lab.alpha().sh("test ! -e /etc/kamailio/kamailio.sqlite");
    let psql = "runuser -u postgres -- psql --quiet --tuples-only --no-align kamailio -c";
    let rows = format!("{psql} 'SELECT received FROM location'");
    assert!(lab.alpha().sh(&rows).contains("sip:203.0.113.7:49152\n"));
    assert_reads(lab.alpha(), psql);
    lab.cut_power("beta");
    lab.boot("beta");
    assert!(
        dispatcher(lab.beta()).contains(CARRIER),
        "the database outlives a power cut"
    );
}

#[test]
fn servers_that_a_lab_did_not_ask_for_stay_off() {
    let lab = UNBROKEN.lock("unbroken");
    for node in [lab.alpha(), lab.beta()] {
        assert_eq!(node.sh("pgrep -c 'postgres|lsyncd' || true"), "0\n");
        node.sh("command -v lsyncd zstd psql");
    }
}

#[test]
fn the_dispatcher_list_takes_the_tables_place_where_it_is_asked_for() {
    let lab = FreshLab::start("dispatcher-list");
    let alpha = lab.alpha();
    alpha.sh("sed -i 's/^##!define DISPATCHER_LIST/#!define DISPATCHER_LIST/' /etc/kamailio/kamailio.cfg");
    alpha.sh("systemctl restart kamailio");
    let list = dispatcher(alpha);
    assert!(
        list.contains(&format!("URI: sip:{}:5070", alpha.node.v4)),
        "{list}"
    );
    assert!(!list.contains(CARRIER), "only the table has it: {list}");
}

#[test]
fn the_shipped_profile_checks_and_reloads_a_real_kamailio() {
    let lab = FreshLab::start("shipped-profile");
    let alpha = lab.alpha();
    let load = profile("kamailio", Path::new("/nonexistent")).unwrap().load;
    alpha.sh("mkdir -p /staged/etc && cp -a /etc/kamailio /staged/etc/");
    let check = load.staged_check(|name| (name == "configuration").then(|| "/staged".to_owned()));
    let sound = alpha.exec(&check);
    assert!(sound.status.success(), "{sound:?}");
    alpha.sh("echo 'loadmodule nothing' >> /staged/etc/kamailio/kamailio.cfg");
    assert!(!alpha.exec(&check).status.success(), "the live file was checked");

    for (command, answer) in [
        ("dispatcher.reload", "Ok. Dispatcher successfully reloaded.\n"),
        ("permissions.addressReload", "Reload OK\n"),
        (
            "uac.reg_reload",
            "error: 500 - command uac.reg_reload not found\n",
        ),
    ] {
        let mut reloads = load.reloads.iter();
        let reload = reloads.find(|reload| reload.argv[1] == command).unwrap();
        let output = alpha.exec(&reload.argv);
        let said = [output.stdout, output.stderr].concat();
        assert_eq!(String::from_utf8_lossy(&said), answer, "{command}");
        assert!(output.status.success(), "kamcmd exits 0 whatever it says");
    }
}
