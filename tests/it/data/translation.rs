//! `translation`: one table on both nodes, changed as an operation, and what it says of real data.

use crate::support::drive::{json, run};
use crate::support::lab::{FreshLab, LabPair, TestNode};

const TABLE: &str = "/etc/pairadm/translation.toml";

fn table(node: TestNode<'_>) -> String {
    node.read(TABLE)
}

/// The rows that `translation list` shows, by address.
fn listed(lab: &LabPair, address: &str) -> serde_json::Value {
    let (_, document) = json(lab, &["translation", "list"]);
    let rows = document["result"]["addresses"].as_array().unwrap().clone();
    rows.into_iter()
        .find(|row| row["from"] == address)
        .unwrap_or_default()
}

#[test]
fn a_row_is_reviewed_written_on_both_nodes_and_taken_back() {
    let lab = FreshLab::start("trset");
    run(&lab, &["configure", "--yes"], 0);
    let review = run(
        &lab,
        &["translation", "set", "203.0.113.5", "203.0.113.6", "--dry-run"],
        0,
    );
    for part in [
        "+from = \"203.0.113.5\"",
        "+to = \"203.0.113.6\"",
        "takes effect at the next data load",
    ] {
        assert!(review.contains(part), "{part}: {review}");
    }
    lab.alpha().sh(&format!("test ! -e {TABLE}"));

    run(
        &lab,
        &[
            "translation",
            "set",
            "203.0.113.5",
            "203.0.113.6",
            "--note",
            "trunk, new",
            "--yes",
        ],
        0,
    );
    assert_eq!(table(lab.alpha()), table(lab.beta()));
    assert_eq!(lab.beta().sh(&format!("stat -c %a {TABLE}")).trim(), "600");
    let row = listed(&lab, "203.0.113.5");
    assert_eq!(
        (row["to"].as_str(), row["note"].as_str(), row["owner"].as_str()),
        (Some("203.0.113.6"), Some("trunk, new"), Some("other"))
    );
    let again = run(
        &lab,
        &["translation", "set", "203.0.113.5", "203.0.113.6", "--yes"],
        0,
    );
    assert!(!again.contains("Report:"), "{again}");

    run(&lab, &["undo", "2", "--yes"], 0);
    for node in [lab.alpha(), lab.beta()] {
        node.sh(&format!("test ! -e {TABLE}"));
    }
    let refused = run(&lab, &["translation", "unset", "203.0.113.5", "--yes"], 2);
    assert!(
        refused.contains("the table has no row about `203.0.113.5`"),
        "{refused}"
    );
}

#[test]
fn what_a_person_wrote_since_is_a_conflict_and_differing_tables_become_one() {
    let lab = FreshLab::start("trdiffer");
    run(&lab, &["configure", "--yes"], 0);
    run(&lab, &["translation", "set", "203.0.113.5", "--yes"], 0);
    lab.beta().sh(&format!("echo '# ours' >> {TABLE}"));
    let before = table(lab.beta());
    let refused = run(&lab, &["undo", "2", "--yes"], 2);
    assert!(refused.contains("# ours"), "the conflict is shown: {refused}");
    assert_eq!(table(lab.beta()), before);

    let list = run(&lab, &["translation", "list"], 0);
    assert!(
        list.contains("The nodes' tables differ. This is the one of the secondary"),
        "{list}"
    );
    let review = run(
        &lab,
        &["translation", "set", "203.0.113.7", "203.0.113.8", "--yes"],
        0,
    );
    assert!(
        review.contains("The nodes' tables differ. The one of secondary (beta) is taken"),
        "{review}"
    );
    assert_eq!(table(lab.alpha()), table(lab.beta()));
    assert!(table(lab.alpha()).contains("# ours"));
}
