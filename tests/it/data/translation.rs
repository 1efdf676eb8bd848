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

#[test]
fn what_is_exported_is_imported_byte_for_byte() {
    let lab = FreshLab::start("trcsv");
    run(&lab, &["configure", "--yes"], 0);
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let rows = "from,to,note\n203.0.113.5,203.0.113.6,+491234\n2001:db8::5,,\"=1+1, \"\"two\"\"\nlines\"\n203.0.113.0/24,198.51.100.0/24,\n";
    std::fs::write(path("in.csv"), rows).unwrap();
    run(&lab, &["translation", "import", &path("in.csv"), "--yes"], 0);
    assert_eq!(table(lab.alpha()), table(lab.beta()));
    let exported = lab.pairadm(["translation", "export"]);
    assert_eq!(String::from_utf8(exported.stdout).unwrap(), rows);

    run(
        &lab,
        &["translation", "export", &path("sheet.csv"), "--spreadsheet"],
        0,
    );
    let sheet = std::fs::read_to_string(path("sheet.csv")).unwrap();
    assert!(
        sheet.contains(",'+491234\n") && sheet.contains(",\"'=1+1"),
        "{sheet}"
    );
    run(&lab, &["translation", "export", &path("sheet.csv")], 2);
    let again = run(
        &lab,
        &[
            "translation",
            "import",
            &path("sheet.csv"),
            "--spreadsheet",
            "--replace",
            "--yes",
        ],
        0,
    );
    assert!(again.contains("says so already"), "{again}");

    std::fs::write(
        path("bad.csv"),
        "from,to,note\n203.0.113.9,x,\n203.0.113.5,2001:db8::1,\n",
    )
    .unwrap();
    let refused = run(&lab, &["translation", "import", &path("bad.csv"), "--yes"], 2);
    for part in [
        "bad.csv: 2 bad lines",
        "line 2: to: `x`",
        "line 3: to: `2001:db8::1`",
    ] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    assert!(!table(lab.beta()).contains("203.0.113.9"));

    std::fs::write(path("one.csv"), "from,to,note\n203.0.113.5,203.0.113.7,\n").unwrap();
    run(
        &lab,
        &["translation", "import", &path("one.csv"), "--replace", "--yes"],
        0,
    );
    let exported = lab.pairadm(["translation", "export"]);
    assert_eq!(
        String::from_utf8(exported.stdout).unwrap(),
        "from,to,note\n203.0.113.5,203.0.113.7,\n"
    );
}

#[test]
fn problems_that_bar_a_load_are_exit_2_and_the_subnet_rule_decides_what_is_undecided() {
    let lab = FreshLab::start("trcheck");
    run(&lab, &["configure", "--yes"], 0);
    run(&lab, &["translation", "set", "10.1.2.3", "--yes"], 0);
    let warned = run(&lab, &["translation", "check"], 0);
    assert!(warned.contains("undecided"), "{warned}");
    run(
        &lab,
        &["translation", "fill", "10.1.0.0/16", "10.2.0.0/16", "--yes"],
        0,
    );
    assert_eq!(listed(&lab, "10.1.2.3")["to"], "10.2.2.3");
    let primary = lab.alpha().node.v4.to_string();
    run(&lab, &["translation", "set", "10.1.2.3", &primary, "--yes"], 0);
    let (code, document) = json(&lab, &["translation", "check"]);
    assert_eq!(
        (code, document["error"]["code"].as_str()),
        (2, Some("translation_bars_load"))
    );
    assert_eq!(document["result"]["problems"][0]["kind"], "target_of_primary");
}

#[test]
fn every_address_of_the_data_is_found_first_in_the_backup_then_in_the_mirror() {
    let lab = FreshLab::start("trscan");
    run(&lab, &["configure", "--yes"], 0);
    let refused = run(&lab, &["translation", "scan"], 2);
    assert!(refused.contains("run `pairadm data backup` first"), "{refused}");
    let (alpha, beta) = (lab.alpha().node.v4.to_string(), lab.beta().node.v4.to_string());

    run(&lab, &["data", "backup", "--yes"], 0);
    let (_, scanned) = json(&lab, &["translation", "scan"]);
    assert_eq!(scanned["result"]["scanned"]["side"], "primary", "{scanned}");
    let row = listed(&lab, &alpha);
    assert_eq!(
        (row["owner"].as_str(), row["must"].as_bool()),
        (Some("primary"), Some(true))
    );
    let places = row["places"].to_string();
    assert!(
        places.contains("kamailio.cfg") && places.contains("dispatcher"),
        "{places}"
    );
    assert!(
        !places.contains("location"),
        "clients' addresses are left alone: {places}"
    );
    let vip = listed(&lab, &lab.lab.vip_v4.to_string());
    assert_eq!(
        (vip["owner"].as_str(), vip["must"].as_bool()),
        (Some("virtual"), Some(false))
    );
    let missing = run(&lab, &["translation", "check"], 2);
    assert!(missing.contains(&alpha), "{missing}");

    // Data that cannot be searched: nothing is known of it, and nothing is called well.
    lab.alpha()
        .sh("rm $(find /var/lib/pairadm/backup/ -name manifest.json)");
    let (code, document) = json(&lab, &["translation", "check"]);
    assert_eq!(
        (code, document["error"]["code"].as_str()),
        (4, Some("not_searched")),
        "{document}"
    );
    let said = run(&lab, &["translation", "check"], 4);
    assert!(
        !said.contains("No problem") && said.contains("something else made the backup"),
        "{said}"
    );
    assert!(run(&lab, &["translation", "list"], 0).contains("The data was not searched"));
    run(&lab, &["data", "backup", "--yes"], 0);

    run(&lab, &["translation", "scan", "--add", "--yes"], 0);
    assert_eq!(listed(&lab, &alpha)["decision"], "undecided");
    run(&lab, &["translation", "set", &alpha, &beta, "--yes"], 0);
    run(&lab, &["data", "copy", "--yes"], 0);
    let (_, list) = json(&lab, &["translation", "list"]);
    let mirror = list["result"]["scanned"]["what"].as_str().unwrap().to_owned();
    assert!(mirror.starts_with("mirror op"), "{list}");
    assert_eq!(list["result"]["scanned"]["side"], "secondary");
    let kept = format!(
        "/var/lib/pairadm/data/findings/{}.json",
        mirror.trim_start_matches("mirror ")
    );
    assert_eq!(lab.beta().sh(&format!("stat -c %a {kept}")).trim(), "600");

    // A search that ended before its end: a load searches the rest, and misses nothing.
    let cut = |text: &str| -> String {
        let mut kept: serde_json::Value = serde_json::from_str(text).unwrap();
        let searched = kept["searched"].as_array_mut().unwrap();
        assert!(searched.len() > 1, "several sets");
        searched.clear();
        kept.to_string()
    };
    run(&lab, &["translation", "unset", &alpha, "--yes"], 0);
    let whole = lab.beta().read(&kept);
    lab.beta().write(&kept, &cut(&whole));
    let refused = run(&lab, &["data", "load", "--yes"], 2);
    assert!(refused.contains(&alpha), "{refused}");
    assert_eq!(lab.beta().read(&kept), whole, "and it is kept");
    run(&lab, &["translation", "set", &alpha, &beta, "--yes"], 0);

    let explained = run(&lab, &["translation", "explain", &alpha], 0);
    for part in [
        format!("leaves the primary as {alpha}, the secondary as {beta}"),
        "dispatcher.destination".to_owned(),
        format!("    - sip:{alpha}:5070"),
        format!("    + sip:{beta}:5070"),
    ] {
        assert!(explained.contains(&part), "{part}: {explained}");
    }
    let unknown = run(&lab, &["translation", "explain", "203.0.113.200"], 2);
    assert!(
        unknown.contains("neither in the table nor found in the data"),
        "{unknown}"
    );
    let refused = run(&lab, &["translation", "scan", "op99"], 2);
    assert!(
        refused.contains("`op99` is no mirror; mirrors there: op"),
        "{refused}"
    );
}
