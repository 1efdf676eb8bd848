//! Which addresses a copy goes over: those of the duplication link, the main ones when that does not hold, and
//! the main ones where there is no such link.

use super::{MIRRORS, begin_copy, is_copy, mirror, names, offers_nothing, with_backup, with_slow_copy_ahead};
use crate::support::drive::{both, run};
use crate::support::lab::FreshLab;
use std::net::IpAddr;

const MIB: u64 = 1 << 20;

/// The address that the mirror was copied from, and whether encrypted.
fn came(lab: &FreshLab, name: &str) -> (IpAddr, bool) {
    let manifest = lab.beta().read(format!("{MIRRORS}/{name}/manifest.json"));
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let copied = &manifest["copied"];
    let from = copied["from"].as_str().unwrap().parse().unwrap();
    (from, copied["encrypted"].as_bool().unwrap())
}

/// Output and report of operation `op` say that the duplication link was left, and why.
fn tells(lab: &FreshLab, output: &str, op: &str, why: &str) {
    let link = lab.alpha().node.dup_v4;
    let warning = format!("Warning: the duplication link to {link} {why}; the data comes from ");
    for told in [output, &run(lab, &["report", op], 0)] {
        assert!(told.contains(&warning), "{told}");
    }
}

#[test]
fn a_copy_goes_round_a_cut_duplication_link_encrypted_and_says_so() {
    let mut lab = with_backup("copyaround", "1M");
    let main: IpAddr = lab.alpha().node.v4.into();
    lab.break_it("link beta eth1");
    let told = run(&lab, &["data", "copy", "--yes"], 0);
    tells(&lab, &told, "3", "does not answer");
    is_copy(&lab, "op3");
    assert_eq!(came(&lab, "op3"), (main, true));
    offers_nothing(&lab);
    lab.heal();

    run(&lab, &["settings", "set", "encrypted_link=no", "--yes"], 0);
    let told = run(&lab, &["data", "copy", "--yes"], 0);
    assert!(!told.contains("Warning: the duplication link"), "{told}");
    let link: IpAddr = lab.alpha().node.dup_v4.into();
    assert_eq!(came(&lab, "op5"), (link, false));
    lab.alpha().sh("ip addr flush dev eth1");
    let told = run(&lab, &["data", "copy", "--yes"], 0);
    tells(&lab, &told, "6", "does not answer");
    assert!(told.contains("nothing is offered at"), "{told}");
    is_copy(&lab, "op6");
    assert_eq!(came(&lab, "op6"), (main, true));
    offers_nothing(&lab);
}

#[test]
fn a_link_that_is_cut_in_the_middle_is_left_and_the_copy_goes_on_by_itself() {
    let mut lab = with_slow_copy_ahead("copylink", "24M", "6000");
    let before = mirror(&lab, "op3");
    let received = |lab: &FreshLab| -> u64 {
        let count = lab.beta().sh("cat /sys/class/net/eth0/statistics/rx_bytes");
        count.trim().parse().unwrap()
    };
    let copy = begin_copy(&lab, 12 * MIB);
    lab.break_it("link beta eth1");
    let counted = received(&lab);
    let output = copy.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", both(&output));
    tells(&lab, &both(&output), "6", "does not hold");
    let travelled = received(&lab) - counted;
    assert!(
        travelled < 18 * MIB,
        "{travelled}: what was there is not brought again"
    );
    assert_eq!(names(lab.beta()), ["op3", "op6"]);
    is_copy(&lab, "op6");
    assert_eq!(before.changes_to(&mirror(&lab, "op3")), Vec::<String>::new());
    offers_nothing(&lab);
}

#[test]
fn a_pair_without_duplication_addresses_copies_over_the_main_ones() {
    let lab = FreshLab::start("copynodup");
    let text = std::fs::read_to_string(lab.pair_file()).unwrap();
    let without: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("duplication"))
        .collect();
    assert_eq!(without.len() + 2, text.lines().count());
    std::fs::write(lab.pair_file(), without.join("\n") + "\n").unwrap();
    run(&lab, &["configure", "--yes"], 0);
    assert!(
        !lab.beta()
            .read("/etc/pairadm/pair.toml")
            .contains("\nduplication")
    );
    for node in [lab.alpha(), lab.beta()] {
        node.sh("ip link set eth1 down");
    }
    run(&lab, &["data", "backup", "--yes"], 0);
    run(&lab, &["data", "copy", "--yes"], 0);
    let main: IpAddr = lab.alpha().node.v4.into();
    is_copy(&lab, "op3");
    assert_eq!(came(&lab, "op3"), (main, true));
    run(&lab, &["settings", "set", "encrypted_link=no", "--yes"], 0);
    run(&lab, &["data", "copy", "--yes"], 0);
    is_copy(&lab, "op5");
    assert_eq!(came(&lab, "op5"), (main, false));
    // Nothing of a copy is left over, and the pair does all the rest as any other.
    offers_nothing(&lab);
    run(&lab, &["takeover", "--to", "secondary", "--yes"], 0);
    run(
        &lab,
        &[
            "data",
            "copy",
            "--failback",
            "--backup",
            "--confirm-primary",
            "alpha",
            "--yes",
        ],
        0,
    );
    run(&lab, &["takeover", "--to", "primary", "--yes"], 0);
}
