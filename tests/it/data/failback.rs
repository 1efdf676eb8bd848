//! `data copy --failback` and `data load --failback`: after a takeover the data of the active secondary
//! goes back to the passive primary, and no other way.

use super::loading::{PSQL, data_of, hold_take_up};
use crate::support::drive::{json, run};
use crate::support::lab::{FreshLab, LabPair, TestNode};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

const COPY: &[&str] = &[
    "data",
    "copy",
    "--failback",
    "--confirm-primary",
    "alpha",
    "--yes",
];
const LOAD: &[&str] = &[
    "data",
    "load",
    "--failback",
    "--confirm-primary",
    "alpha",
    "--yes",
];

/// Longest that anything is waited for.
const PATIENCE: Duration = Duration::from_secs(240);

/// With these words more.
fn with<'a>(words: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    words.iter().chain(more).copied().collect()
}

/// Rows of the table beside those for the nodes' own addresses.
fn tables(lab: &LabPair, more: &str) {
    let (alpha, beta) = (lab.alpha().node, lab.beta().node);
    let row = |from: &str, to: &str| format!("[[address]]\nfrom = \"{from}\"\nto = \"{to}\"\n");
    let table = row(&alpha.v4.to_string(), &beta.v4.to_string())
        + &row(&alpha.v6.to_string(), &beta.v6.to_string())
        + &row(&alpha.dup_v4.to_string(), &beta.dup_v4.to_string())
        + more;
    for node in [lab.alpha(), lab.beta()] {
        node.write("/etc/pairadm/translation.toml", &table);
    }
}

/// A configured pair whose secondary serves calls.
fn taken_over(test: &str) -> FreshLab {
    let lab = FreshLab::start(test);
    take_over(&lab);
    lab
}

fn take_over(lab: &LabPair) {
    run(lab, &["configure", "--yes"], 0);
    tables(lab, "");
    run(lab, &["takeover", "--to", "secondary", "--yes"], 0);
}

#[test]
fn what_was_made_on_the_active_secondary_is_on_the_primary_after_the_failback() {
    let lab = taken_over("failgo");
    let (alpha, beta) = (lab.alpha().node, lab.beta().node);
    lab.beta().sh(&format!(
        "sqlite3 /etc/kamailio/kamailio.sqlite \"INSERT INTO dispatcher (setid, destination, description) VALUES (9, 'sip:{}:5090', 'made on beta')\"; \
         echo '9 sip:{}:5091' >> /etc/kamailio/dispatcher.list",
        beta.v4, beta.v4
    ));
    lab.alpha().sh("sqlite3 /etc/kamailio/kamailio.sqlite \"INSERT INTO subscriber (username, domain, password) VALUES ('carol', 'lab.example', 'hunter2')\"");

    let copied = run(&lab, &with(COPY, &["--backup"]), 0);
    assert!(
        copied.contains("username=carol"),
        "it is told what would be lost: {copied}"
    );
    assert!(!copied.contains("hunter2"), "S11");
    let (_, listed) = json(&lab, &["data", "list"]);
    let mirrors = &listed["result"]["primary"]["data"]["mirrors"];
    assert_eq!(mirrors[0]["source"], "secondary", "{listed}");
    assert_eq!(
        listed["result"]["secondary"]["data"]["mirrors"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    let shown = run(&lab, &["data", "list"], 0);
    assert!(shown.contains("Failback mirrors of primary (alpha)"), "{shown}");
    run(&lab, &["data", "verify", "--failback"], 0);

    let told = run(&lab, LOAD, 0);
    assert!(told.contains("username=carol"), "{told}");
    let rows = lab.alpha().sh("sqlite3 /etc/kamailio/kamailio.sqlite 'SELECT destination FROM dispatcher; SELECT username FROM subscriber'");
    assert!(rows.contains(&format!("sip:{}:5090", alpha.v4)), "{rows}");
    assert!(
        !rows.contains("carol") && !rows.contains(&beta.v4.to_string()),
        "{rows}"
    );
    let list = lab.alpha().read("/etc/kamailio/dispatcher.list");
    assert!(list.contains(&format!("9 sip:{}:5091", alpha.v4)), "{list}");
    assert!(run(&lab, LOAD, 0).contains("is loaded already"));

    run(&lab, &["takeover", "--to", "primary", "--yes"], 0);
    let list = lab.alpha().sh("kamcmd dispatcher.list");
    assert!(list.contains(&format!("sip:{}:5090", alpha.v4)), "{list}");
    let (_, status) = json(&lab, &["status"]);
    assert_eq!(status["exit_code"], 0);

    // The usual direction does not see what came back, and the other way round.
    let refused = run(&lab, &["data", "load", "--yes"], 2);
    assert!(refused.contains("no mirror of the primary's data"), "{refused}");
    let refused = run(&lab, LOAD, 2);
    assert!(refused.contains("the primary serves calls"), "{refused}");
    run(&lab, &["data", "rollback", "--failback", "--yes"], 2);
}

/// No service that hands out data without encryption, and no way in for it.
fn offers_nothing(lab: &LabPair) {
    let left = "systemctl list-units --all 'pairadm-offer*' --no-legend; ls -d /run/pairadm/offer || true; \
                ss -Hlnt 'sport = :8730'";
    for node in [lab.alpha(), lab.beta()] {
        assert_eq!(node.sh(left), "", "{}", node.node.name);
    }
}

#[test]
fn a_failback_goes_over_the_plain_link_as_well() {
    let lab = FreshLab::start("failplain");
    run(&lab, &["configure", "--yes"], 0);
    run(&lab, &["settings", "set", "encrypted_link=no", "--yes"], 0);
    tables(&lab, "");
    run(&lab, &["takeover", "--to", "secondary", "--yes"], 0);
    let (alpha, beta) = (lab.alpha().node, lab.beta().node);
    lab.beta().sh(&format!(
        "echo '9 sip:{}:5091' >> /etc/kamailio/dispatcher.list; head -c 3M /dev/urandom > /etc/kamailio/blob",
        beta.v4
    ));
    let copied = run(&lab, &with(COPY, &["--backup"]), 0);
    assert!(copied.contains("not encrypted"), "{copied}");
    offers_nothing(&lab);
    let (_, listed) = json(&lab, &["data", "list"]);
    let name = listed["result"]["primary"]["data"]["mirrors"][0]["name"].clone();
    let folder = format!("/var/lib/pairadm/mirrors/{}", name.as_str().unwrap());
    let manifest = lab.alpha().read(format!("{folder}/manifest.json"));
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(
        manifest["copied"]["encrypted"], false,
        "it was the plain link: {listed}"
    );
    assert_eq!(manifest["copied"]["from"], beta.dup_v4.to_string());
    assert_eq!(manifest["copied"]["source"], "secondary");

    // Files that it has already are linked, also from the other side.
    run(&lab, &with(COPY, &["--backup"]), 0);
    let blob = "mirrors/op*/configuration/etc/kamailio/blob";
    let links = lab.alpha().sh(&format!("stat -c %h /var/lib/pairadm/{blob}"));
    assert_eq!(links, "2\n2\n");
    offers_nothing(&lab);

    run(&lab, LOAD, 0);
    let list = lab.alpha().read("/etc/kamailio/dispatcher.list");
    assert!(list.contains(&format!("9 sip:{}:5091", alpha.v4)), "{list}");
    let sum = |node: TestNode<'_>| node.sh("sha256sum < /etc/kamailio/blob");
    assert_eq!(sum(lab.alpha()), sum(lab.beta()));
}

#[test]
fn a_postgresql_database_goes_back_translated_and_its_load_is_rolled_back() {
    let lab = FreshLab::with_postgresql("failpg");
    take_over(&lab);
    let (alpha, beta) = (lab.alpha().node, lab.beta().node);
    lab.beta().sh(&format!(
        "{PSQL} \"INSERT INTO dispatcher (setid, destination, description) VALUES (9, 'sip:{}:5090', 'made on beta')\"",
        beta.v4
    ));
    lab.alpha().sh(&format!(
        "{PSQL} \"INSERT INTO subscriber (username, domain, password) VALUES ('carol', 'lab.example', 'hunter2')\""
    ));
    let rows = || {
        lab.alpha().sh(&format!(
            "{PSQL} 'SELECT destination FROM dispatcher ORDER BY 1' && {PSQL} 'SELECT username FROM subscriber ORDER BY 1'"
        ))
    };
    let old = rows();

    let copied = run(&lab, &with(COPY, &["--backup"]), 0);
    assert!(copied.contains("username=carol"), "{copied}");
    assert!(!copied.contains("hunter2"), "S11");
    assert_eq!(rows(), old, "nothing is loaded yet");
    let told = run(&lab, LOAD, 0);
    assert!(
        told.contains("username=carol") && !told.contains("hunter2"),
        "{told}"
    );
    let new = rows();
    assert!(new.contains(&format!("sip:{}:5090", alpha.v4)), "{new}");
    assert!(
        !new.contains("carol") && !new.contains(&beta.v4.to_string()),
        "{new}"
    );
    assert!(run(&lab, LOAD, 0).contains("is loaded already"));
    let databases = lab
        .alpha()
        .sh(&format!("{PSQL} 'SELECT datname FROM pg_database'"));
    assert!(
        !databases.contains("pairadm"),
        "nothing is left beside: {databases}"
    );

    run(&lab, &["data", "rollback", "--failback", "--yes"], 0);
    assert_eq!(rows(), old);
    run(&lab, LOAD, 0);
    assert_eq!(rows(), new);
    run(&lab, &["takeover", "--to", "primary", "--yes"], 0);
    let list = lab.alpha().sh("kamcmd dispatcher.list");
    assert!(list.contains(&format!("sip:{}:5090", alpha.v4)), "{list}");
}

#[test]
fn a_failback_is_refused_where_it_could_lose_what_nobody_meant_to_lose() {
    let lab = FreshLab::start("failno");
    run(&lab, &["configure", "--yes"], 0);
    let unconfirmed = |words: &[&str], word: &str| {
        let refused = run(&lab, words, 2);
        assert!(refused.contains(word), "{word}: {refused}");
    };
    unconfirmed(&with(COPY, &["--backup"]), "the primary is active");
    run(&lab, &["data", "backup", "--yes"], 0);
    run(&lab, &["data", "backup", "--side", "secondary", "--yes"], 0);
    run(&lab, &["takeover", "--to", "secondary", "--yes"], 0);
    let old = data_of(lab.alpha());
    unconfirmed(COPY, "before traffic moved there");
    unconfirmed(
        &["data", "copy", "--failback", "--backup", "--yes"],
        "confirm_primary",
    );
    unconfirmed(
        &[
            "data",
            "copy",
            "--failback",
            "--backup",
            "--confirm-primary",
            "beta",
            "--yes",
        ],
        "does not confirm it",
    );
    unconfirmed(&["data", "copy", "--yes"], "the secondary is active");
    unconfirmed(LOAD, "no mirror of the secondary's data");

    let beta = lab.beta().node;
    tables(
        &lab,
        "[[address]]\nfrom = \"198.51.100.1\"\nto = \"198.51.100.9\"\n[[address]]\nfrom = \"198.51.100.2\"\nto = \"198.51.100.9\"\n",
    );
    lab.beta()
        .sh("echo '9 sip:198.51.100.9:5060' >> /etc/kamailio/dispatcher.list");
    let told = run(&lab, &with(COPY, &["--backup"]), 0);
    assert!(told.contains("198.51.100.1 and 198.51.100.2"), "{told}");
    unconfirmed(&["data", "load", "--failback", "--yes"], "confirm_primary");
    let refused = run(&lab, LOAD, 2);
    assert!(
        refused.contains("198.51.100.1 and 198.51.100.2 all become 198.51.100.9"),
        "{refused}"
    );
    tables(&lab, "");
    lab.alpha().sh("printf '' > /etc/pairadm/translation.toml");
    unconfirmed(LOAD, "different translation tables");
    lab.beta().sh("printf '' > /etc/pairadm/translation.toml");
    let refused = run(&lab, LOAD, 2);
    assert!(
        refused.contains(&format!("{} belongs to the secondary", beta.v4))
            || refused.contains("belongs to the secondary"),
        "{refused}"
    );
    tables(&lab, "");
    assert_eq!(data_of(lab.alpha()), old, "nothing of it was changed by all that");

    // After the next takeovers the primary may have newer data of its own.
    run(&lab, &["takeover", "--to", "primary", "--yes"], 0);
    unconfirmed(LOAD, "the primary serves calls");
    run(&lab, &["takeover", "--to", "secondary", "--yes"], 0);
    unconfirmed(LOAD, "since this mirror's data was saved");
    assert_eq!(data_of(lab.alpha()), old);
}

/// Starts a failback load and waits until the first of many files has its new content.
fn caught(lab: &LabPair) -> Child {
    hold_take_up(lab.alpha());
    let load = lab
        .pairadm_command(LOAD)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let until = Instant::now() + PATIENCE;
    while !lab.alpha().read("/etc/kamailio/many/1").starts_with("new") {
        assert!(Instant::now() < until, "the load does not begin");
        std::thread::sleep(Duration::from_millis(5));
    }
    load
}

#[test]
fn a_tool_that_is_killed_in_the_middle_of_a_failback_leaves_the_primarys_old_data() {
    let lab = taken_over("failkill");
    let fill = |word: &str| {
        format!(
            "mkdir /etc/kamailio/many && cd /etc/kamailio/many && for i in $(seq 3000); do echo {word} $i > $i; done"
        )
    };
    lab.alpha().sh(&fill("old"));
    lab.beta().sh(&fill("new"));
    run(&lab, &with(COPY, &["--backup"]), 0);
    let old = data_of(lab.alpha());
    let mut load = caught(&lab);
    load.kill().unwrap();
    load.wait().unwrap();
    lab.alpha().let_go();
    let until = Instant::now() + PATIENCE;
    while data_of(lab.alpha()) != old {
        assert!(Instant::now() < until, "the node does not take it back by itself");
        std::thread::sleep(Duration::from_millis(200));
    }
    let until = Instant::now() + PATIENCE;
    while lab.pairadm(LOAD).status.code() != Some(0) {
        assert!(Instant::now() < until, "a rerun does not reach the new data");
    }
    let new = data_of(lab.alpha());
    assert_ne!(new, old);
    run(&lab, &["data", "rollback", "--failback", "--yes"], 0);
    assert_eq!(data_of(lab.alpha()), old);
}
