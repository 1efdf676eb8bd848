//! What a profile's text means, and which faults of it are named.

use super::*;
use crate::model::{DataSource, Expect};

#[test]
fn a_full_profile_is_read() {
    let text = r#"
title = "X"
services = ["x.service", "y@1.service"]
refresh = "reload"
ports = ["udp/5060"]
nonlocal_bind = false
[[promote]]
argv = ["/bin/true", "--now"]
undo = ["/bin/false"]
timeout_s = 2
[[demote]]
argv = ["/bin/false"]
[[counter]]
name = "calls"
argv = ["x"]
"#;
    let profile = parse_profile("x", text, "x").unwrap();
    assert_eq!(profile.refresh, UnitVerb::Reload);
    assert_eq!(profile.promote[0].timeout_ms, 2000);
    assert_eq!(profile.demote[0].undo, None);
    assert_eq!(profile.demote[0].timeout_ms, 5000);
    assert_eq!(profile.sip_port, None);
}

#[test]
fn faults_are_named() {
    for (text, part) in [
        ("", "`title` is missing"),
        (
            "title = \"X\"\nports = [\"udp/1\"]\nservices = []",
            "no unit is named",
        ),
        ("services = [\"x\"]", "kamailio.service"),
        ("ports = [\"5060\"]", "udp/5060"),
        ("[[promote]]\ntimeout_s = 3", "`promote.1.argv` is missing"),
        ("[[promote]]\nargv = []\n", "no program"),
        ("[[promote]]\nargv=[\"x\"]\ntimeout_s = 0", "1 to 300"),
        ("sip_port = 70000", "1 to 65535"),
    ] {
        let message = parse_profile("x", text, "x").unwrap_err().to_string();
        assert!(message.contains(part), "{text}: {message}");
    }
}

/// The least that a profile needs, to append to.
const LEAST: &str = "title = \"X\"\nservices = [\"x.service\"]\nports = [\"udp/5060\"]\n";

const DATA: &str = r#"
[backup]
directory = "/var/backups/x"
[[data]]
name = "configuration"
kind = "files"
paths = ["/etc/x", "/etc/default/x"]
own = ["/etc/x/node.cfg"]
[[data]]
name = "database"
kind = "sqlite"
path = "/etc/x/x.sqlite"
runtime = ["location"]
[[data]]
name = "postgresql"
kind = "postgresql"
database = "x"
[load]
check = ["x", "-c", "{configuration}/etc/x/x.cfg"]
restart_when = ["/etc/x/x.cfg"]
busy = ["Not now"]
busy_s = 3
[[load.count]]
name = "gateways"
table = "gw"
except = ["state=off"]
when = ["database"]
[[load.count.ask]]
argv = ["x-ctl", "gateways"]
line = "URI:"
[[load.reload]]
argv = ["x-ctl", "reload"]
when = ["database", "postgresql"]
optional = true
[admin_sync]
paths = ["/etc/x"]
own = ["/etc/x/node.cfg"]
[[match]]
path = "/etc/x/x.cfg"
rule = "translated"
"#;

#[test]
fn a_profile_without_data_has_pairadms_own_backup_and_nothing_to_load() {
    let profile = parse_profile("x", LEAST, "x").unwrap();
    assert_eq!(profile.backup, BackupSource::Own);
    assert_eq!(profile.load, Load::default());
    assert_eq!(profile.admin_sync, AdminSync::default());
    assert!(profile.data.is_empty() && profile.matches.is_empty());
}

#[test]
fn data_is_read_in_its_order() {
    let profile = parse_profile("x", &format!("{LEAST}{DATA}"), "x").unwrap();
    assert_eq!(
        profile.backup,
        BackupSource::Directory("/var/backups/x".to_owned())
    );
    let names: Vec<_> = profile.data.iter().map(|set| set.name.as_str()).collect();
    assert_eq!(names, ["configuration", "database", "postgresql"]);
    assert_eq!(profile.data[1].source.runtime(), ["location"]);
    let reload = &profile.load.reloads[0];
    assert_eq!(reload.when, ["database", "postgresql"]);
    assert!(reload.optional);
    assert_eq!(profile.load.restart_when, ["/etc/x/x.cfg"]);
    assert_eq!(profile.load.patience.busy, ["not now"]);
    assert_eq!(profile.load.patience.seconds, 3);
    let count = &profile.load.counts[0];
    assert_eq!((count.name.as_str(), count.asks.len()), ("gateways", 1));
    assert_eq!(count.except, [("state".to_owned(), "off".to_owned())]);
    assert_eq!(profile.matches[0].rule, Expect::Translated);
}

#[test]
fn files_leave_a_database_below_them_to_its_own_set() {
    let profile = parse_profile("x", &format!("{LEAST}{DATA}"), "x").unwrap();
    let DataSource::Files { own, .. } = &profile.data[0].source else {
        panic!("files come first");
    };
    let expected = [
        "/etc/x/node.cfg",
        "/etc/x/x.sqlite",
        "/etc/x/x.sqlite-journal",
        "/etc/x/x.sqlite-wal",
        "/etc/x/x.sqlite-shm",
    ];
    assert_eq!(own, &expected);
    assert_eq!(
        profile.admin_sync.own, expected,
        "kept in step as files they would be torn"
    );
}

#[test]
fn a_backup_is_a_directory_or_a_command() {
    let list = format!("{LEAST}[backup]\nlist = [\"newest\", \"--path\"]\n");
    let profile = parse_profile("x", &list, "x").unwrap();
    assert_eq!(
        profile.backup,
        BackupSource::Command(vec!["newest".to_owned(), "--path".to_owned()])
    );
    let both = format!("{list}directory = \"/b\"\n");
    let message = parse_profile("x", &both, "x").unwrap_err().to_string();
    assert!(
        message.contains("backup.list") && message.contains("one of the two"),
        "{message}"
    );
}

#[test]
fn faults_of_the_data_are_named_with_their_place() {
    let files = "[[data]]\nname = \"a\"\nkind = \"files\"\npaths = [\"/etc/x\"]\n";
    for (text, parts) in [
        (
            "[[data]]\nkind = \"sqlite\"\npath = \"/x\"",
            ["data.1.name", "missing"],
        ),
        (
            "[[data]]\nname = \"a\"\nkind = \"mysql\"",
            ["data.1.kind", "postgresql"],
        ),
        (
            "[[data]]\nname = \"../a\"\nkind = \"files\"\npaths = [\"/x\"]",
            ["data.1.name", "not a name"],
        ),
        (
            "[[data]]\nname = \"a\"\nkind = \"files\"\npaths = []",
            ["data.1.paths", "at least one"],
        ),
        (
            "[[data]]\nname = \"a\"\nkind = \"files\"",
            ["data.1.paths", "missing"],
        ),
        (
            "[[data]]\nname = \"a\"\nkind = \"sqlite\"",
            ["data.1.path", "missing"],
        ),
        (
            "[[data]]\nname = \"a\"\nkind = \"postgresql\"\ndatabase = \"a'b\"",
            ["data.1.database", "not a name"],
        ),
        (
            "[[data]]\nname = \"a\"\nkind = \"sqlite\"\npath = \"/x\"\nruntime = [\"a;b\"]",
            ["data.1.runtime", "`a;b`"],
        ),
        (
            "[[data]]\nname = \"a\"\nkind = \"sqlite\"\npath = \"/x\"\nown = [\"/y\"]",
            ["data.1.own", "unknown key"],
        ),
        (&format!("{files}own = [\"/etc/y\"]"), ["data.1.own", "`/etc/y`"]),
        (&format!("{files}{files}"), ["data.2.name", "already"]),
        (
            &format!("{files}[[data]]\nname = \"b\"\nkind = \"files\"\npaths = [\"/etc/x/y\"]"),
            ["data.2.paths", "overlap"],
        ),
        (
            &format!("{files}[load]\ncheck = [\"x\", \"{{b}}/y\"]"),
            ["load.check", "`{b}`"],
        ),
        (
            &format!("{files}[[load.reload]]\nargv = [\"x\"]\nwhen = [\"a\", \"b\"]"),
            ["load.reload.1.when", "`b` is no data set; accepted: a"],
        ),
        (
            &format!("{files}[[load.reload]]\nargv = [\"x\"]"),
            ["load.reload.1.when", "missing"],
        ),
        (
            &format!("{files}[[load.count]]\nname = \"x\"\ntable = \"x\"\nwhen = [\"b\"]"),
            ["load.count.1.when", "`load.count.1.ask` is missing"],
        ),
        (
            &format!(
                "{files}[[load.count]]\nname = \"x\"\ntable = \"x;y\"\nexcept = [\"x\"]\nwhen = [\"a\"]"
            ),
            ["load.count.1.table", "COLUMN=VALUE"],
        ),
        ("[load]\nbusy_s = 60", ["load.busy_s", "1 to 45"]),
        (
            "[load]\nrestart_when = [\"x\"]",
            ["load.restart_when", "absolute"],
        ),
        ("[backup]\nlist = []", ["backup.list", "no program"]),
        ("[admin_sync]\nown = [\"/x\"]", ["admin_sync.paths", "missing"]),
        (
            "[admin_sync]\npaths = [\"/x\"]\nown = [\"/y\"]",
            ["admin_sync.own", "`/y`"],
        ),
        (
            "[[match]]\npath = \"/x\"\nrule = \"equal\"",
            ["match.1.rule", "translated"],
        ),
        (
            "[[match]]\npath = \"/x\"\nrule = \"same\"\n[[match]]\npath = \"/x\"\nrule = \"differ\"",
            ["match.2.path", "one rule a path"],
        ),
    ] {
        let message = parse_profile("x", &format!("{LEAST}{text}"), "x")
            .unwrap_err()
            .to_string();
        for part in parts {
            assert!(message.contains(part), "{text}: {message}");
        }
    }
}
