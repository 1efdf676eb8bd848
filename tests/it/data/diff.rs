//! `data diff`: drift is seen where the profile forbids it, and nowhere else.

use crate::support::drive::{json, run};
use crate::support::lab::FreshLab;
use serde_json::Value;

/// What was found about one file.
fn finding<'v>(found: &'v Value, path: &str) -> &'v str {
    let files = found["result"]["comparison"]["files"].as_array().unwrap();
    let file = files.iter().find(|file| file["path"] == path);
    file.map_or("not compared", |file| file["finding"].as_str().unwrap())
}

#[test]
fn drift_is_what_breaks_a_rule_and_a_translated_file_breaks_none() {
    const CONFIG: &str = "/etc/kamailio/kamailio.cfg";
    const OWN: &str = "/etc/kamailio/kamailio-local.cfg";
    const LIST: &str = "/etc/kamailio/dispatcher.list";
    const DEFAULTS: &str = "/etc/default/kamailio";
    let lab = FreshLab::start("diff");
    let (_, found) = json(&lab, &["data", "diff"]);
    assert_eq!(finding(&found, OWN), "different");
    assert_eq!(finding(&found, DEFAULTS), "same");
    assert_eq!(finding(&found, LIST), "changed", "no table translates it yet");
    assert_eq!(finding(&found, "/etc/kamailio/kamailio.sqlite"), "not compared");

    let row = |from: &dyn std::fmt::Display, to: &dyn std::fmt::Display| {
        format!("[[address]]\nfrom = \"{from}\"\nto = \"{to}\"\n")
    };
    let (alpha, beta) = (lab.alpha().node, lab.beta().node);
    let table = row(&alpha.v4, &beta.v4) + &row(&alpha.v6, &beta.v6);
    lab.alpha().sh(&format!(
        "mkdir -p /etc/pairadm && printf '{table}' > /etc/pairadm/translation.toml"
    ));
    let (code, found) = json(&lab, &["data", "diff"]);
    assert_eq!(code, 0);
    for path in [CONFIG, LIST] {
        assert_eq!(finding(&found, path), "translated", "{found}");
    }

    lab.beta()
        .sh(&format!("echo 'MEMORY=64 # the password=hunter2' >> {DEFAULTS}"));
    lab.beta().sh(&format!("rm {LIST} && chmod 600 {CONFIG}"));
    lab.beta().sh("echo x > /etc/kamailio/new.cfg");
    let own = lab.alpha().read(OWN);
    lab.beta().sh(&format!("printf '{own}' > {OWN}"));
    let (code, found) = json(&lab, &["data", "diff"]);
    assert_eq!(code, 0, "drift is information");
    for (path, expected) in [
        (DEFAULTS, "changed"),
        (LIST, "missing"),
        ("/etc/kamailio/new.cfg", "missing"),
        (CONFIG, "permissions"),
        (OWN, "identical"),
    ] {
        assert_eq!(finding(&found, path), expected, "{found}");
    }
    let shown = run(&lab, &["data", "diff", "-v"], 0);
    assert!(shown.contains("+MEMORY=64 # the password***"), "{shown}");
    assert!(!shown.contains("hunter2"), "S11: {shown}");

    run(&lab, &["configure", "--yes"], 0);
    let status = run(&lab, &["status"], 0);
    assert!(
        status.contains("5 files are not as the profile wants"),
        "{status}"
    );
}
