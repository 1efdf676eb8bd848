//! The passive side being the healthier one: told by status and doctor as the pair's priority wants it.

use super::{json, run};
use crate::support::lab::{FreshLab, LabPair};

#[test]
fn a_healthier_passive_side_is_told_until_the_priority_ignores_it() {
    let lab = FreshLab::start("health");
    run(&lab, &["configure", "--yes"], 0);
    assert_eq!(told(&lab), None, "both are well");

    lab.alpha().sh("systemctl stop kamailio");
    let text = told(&lab).expect("alpha serves calls and does not answer them");
    assert!(text.contains("beta, which is passive"), "{text}");
    let doctor = run(&lab, &["doctor"], 0);
    assert!(doctor.contains("pairadm takeover --to secondary"), "{doctor}");

    // The service is not a matter of connectivity.
    run(&lab, &["settings", "set", "priority=equal", "--yes"], 0);
    assert_eq!(told(&lab), None, "equal");
    assert_eq!(json(&lab, &["status"]).1["result"]["priority"], "equal");
    let shown = run(&lab, &["settings", "show"], 0);
    assert!(
        shown
            .lines()
            .any(|line| line.split_whitespace().eq(["priority", "equal"])),
        "{shown}"
    );
    for node in [lab.alpha(), lab.beta()] {
        let file = node.read("/etc/pairadm/pair.toml");
        assert!(file.contains("priority = \"equal\""), "{file}");
    }
    run(&lab, &["settings", "set", "priority=ignore", "--yes"], 0);
    assert_eq!(told(&lab), None, "ignore");
}

/// What status says of it.
fn told(lab: &LabPair) -> Option<String> {
    let (_, status) = json(lab, &["status"]);
    let warnings = status["result"]["warnings"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let found = warnings
        .iter()
        .find(|warning| warning["code"] == "passive_healthier")?;
    found["text"].as_str().map(str::to_owned)
}
