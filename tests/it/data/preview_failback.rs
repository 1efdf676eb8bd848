//! `data preview-failback`: what was done on the secondary while it served calls.

use crate::support::drive::{json, run};
use crate::support::lab::{FreshLab, TestNode};

/// Both nodes get the same rows and files, and a table that translates what is each node's own.
fn level(lab: &FreshLab) {
    let (alpha, beta) = (lab.alpha().node, lab.beta().node);
    let row = |from: &str, to: &str| format!("[[address]]\nfrom = \"{from}\"\nto = \"{to}\"\n");
    let table = row(&alpha.v4.to_string(), &beta.v4.to_string())
        + &row(&alpha.v6.to_string(), &beta.v6.to_string())
        + &row(&alpha.dup_v4.to_string(), &beta.dup_v4.to_string());
    lab.alpha()
        .sh(&format!("printf '{table}' > /etc/pairadm/translation.toml"));
}

#[test]
fn what_was_created_on_the_temporarily_active_secondary_is_told_and_nothing_is_changed() {
    let lab = FreshLab::start("failback");
    run(&lab, &["configure", "--yes"], 0);
    level(&lab);
    let before = run(&lab, &["data", "preview-failback"], 0);
    assert!(before.contains("Nothing would be lost."), "{before}");

    run(&lab, &["takeover", "--to", "secondary", "--yes"], 0);
    lab.beta().sh(
        "sqlite3 /etc/kamailio/kamailio.sqlite \"INSERT INTO subscriber (username, domain, password) VALUES ('carol', 'lab.example', 'hunter2'); \
         UPDATE dispatcher SET description = 'moved' WHERE setid = 2 AND destination LIKE '%192.0.2.20%'; \
         DELETE FROM htable\"",
    );
    lab.beta().sh("echo x > /etc/kamailio/made-here.cfg");
    let kept = lab.beta().snapshot(&["/etc/kamailio", "/var/lib/pairadm/data"]);
    let (code, losses) = json(&lab, &["data", "preview-failback"]);
    assert_eq!(code, 0);
    let losses = &losses["result"];
    assert_eq!(losses["active"], "secondary");
    assert_eq!(losses["files"][0]["path"], "/etc/kamailio/made-here.cfg");
    assert_eq!(losses["files"].as_array().unwrap().len(), 1, "{losses}");
    let tables: Vec<&str> = losses["tables"]
        .as_array()
        .unwrap()
        .iter()
        .map(|table| table["table"].as_str().unwrap())
        .collect();
    assert_eq!(tables, ["dispatcher", "htable", "subscriber"], "{losses}");
    assert!(!losses.to_string().contains("hunter2"), "S11");

    let shown = run(&lab, &["data", "preview-failback"], 0);
    for part in [
        "created",
        "username=carol",
        "-> moved",
        "removed",
        "beta serves calls",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let after = lab.beta().snapshot(&["/etc/kamailio", "/var/lib/pairadm/data"]);
    assert_eq!(kept.changes_to(&after), Vec::<String>::new());
}

#[test]
fn rows_of_postgresql_are_told_as_well() {
    let lab = FreshLab::with_postgresql("failbackpg");
    run(&lab, &["configure", "--yes"], 0);
    level(&lab);
    lab.beta().sh("runuser -u postgres -- psql -d kamailio -c \"DELETE FROM trusted; INSERT INTO address (grp, ip_addr, mask, tag) VALUES (9, '203.0.113.9', 32, 'made here')\"");
    let shown = run(&lab, &["data", "preview-failback"], 0);
    for part in [
        "postgresql: table address",
        "tag=made here",
        "postgresql: table trusted",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn after_a_load_only_what_was_done_since_is_told() {
    let lab = FreshLab::start("failbackload");
    run(&lab, &["configure", "--yes"], 0);
    level(&lab);
    lab.beta().write(
        "/etc/pairadm/translation.toml",
        &lab.alpha().read("/etc/pairadm/translation.toml"),
    );
    run(&lab, &["data", "backup", "--yes"], 0);
    run(&lab, &["data", "copy", "--yes"], 0);
    run(&lab, &["data", "load", "--yes"], 0);
    // What the primary does after its backup is nobody's loss.
    lab.alpha().sh(
        "sqlite3 /etc/kamailio/kamailio.sqlite 'DELETE FROM subscriber'; rm /etc/kamailio/permissions.deny",
    );
    let before = run(&lab, &["data", "preview-failback"], 0);
    assert!(before.contains("against mirror op"), "{before}");
    assert!(before.contains("Nothing would be lost."), "{before}");
    lab.beta().sh(
        "sqlite3 /etc/kamailio/kamailio.sqlite \"INSERT INTO htable (key_name, key_value) VALUES ('made', 'here')\"; \
         echo x > /etc/kamailio/made-here.cfg",
    );
    let shown = run(&lab, &["data", "preview-failback"], 0);
    assert!(
        shown.contains("key_name=made") || shown.contains("htable"),
        "{shown}"
    );
    assert!(
        shown.contains("made-here.cfg") && !shown.contains("permissions.deny"),
        "{shown}"
    );
    run(&lab, &["data", "verify"], 0);
}

#[test]
fn after_a_failback_only_what_was_done_since_is_told() {
    let lab = FreshLab::start("failbackthen");
    run(&lab, &["configure", "--yes"], 0);
    level(&lab);
    lab.beta().write(
        "/etc/pairadm/translation.toml",
        &lab.alpha().read("/etc/pairadm/translation.toml"),
    );
    for words in [["data", "backup"], ["data", "copy"], ["data", "load"]] {
        run(&lab, &[&words[..], &["--yes"]].concat(), 0);
    }
    let add = |node: TestNode<'_>, name: &str| {
        node.sh(&format!(
            "sqlite3 /etc/kamailio/kamailio.sqlite \"INSERT INTO subscriber (username, domain) VALUES ('{name}', 'lab.example')\"; \
             echo '9 sip:{}:5099' >> /etc/kamailio/dispatcher.list; touch /etc/kamailio/{name}.cfg",
            node.node.v4
        ));
    };
    let told = || {
        let text = run(&lab, &["data", "preview-failback"], 0);
        let has = |name: &str| {
            let (row, file) = (format!("username={name}"), format!("{name}.cfg"));
            assert_eq!(text.contains(&row), text.contains(&file), "{name}: {text}");
            text.contains(&row)
        };
        let which = ["first", "between", "second"].map(has);
        (text, which)
    };
    let takeover = |to: &str| run(&lab, &["takeover", "--to", to, "--yes"], 0);

    takeover("secondary");
    add(lab.beta(), "first");
    let (text, which) = told();
    assert!(text.contains("against mirror op"), "{text}");
    assert_eq!(which, [true, false, false], "{text}");
    let confirmed = ["--failback", "--confirm-primary", "alpha", "--yes"];
    run(&lab, &[&["data", "copy", "--backup"][..], &confirmed].concat(), 0);
    run(&lab, &[&["data", "load"][..], &confirmed].concat(), 0);
    takeover("primary");
    let (text, _) = told();
    assert!(text.contains("against failback mirror op"), "{text}");
    assert!(text.contains("Nothing would be lost."), "{text}");

    // What the primary does from then on is nobody's loss.
    add(lab.alpha(), "between");
    takeover("secondary");
    add(lab.beta(), "second");
    let (text, which) = told();
    assert_eq!(which, [false, false, true], "{text}");

    // A failback that was taken back does not count.
    run(&lab, &["data", "rollback", "--failback", "--yes"], 0);
    let (text, which) = told();
    assert!(text.contains("against mirror op"), "{text}");
    assert_eq!(which, [true, false, true], "{text}");
    lab.beta().sh("rm -r /var/lib/pairadm/mirrors/op*");
    let (text, which) = told();
    assert!(text.contains("against the live data of alpha"), "{text}");
    assert!(text.contains("is not kept any more"), "{text}");
    assert_eq!(which, [true, false, true], "{text}");
}
