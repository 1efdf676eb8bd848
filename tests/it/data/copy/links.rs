//! Both links, and what is kept.

use super::{MIRRORS, is_copy, mirror, names, offers_nothing, with_backup};
use crate::support::drive::{json, run};
use crate::support::lab::TestNode;

#[test]
fn both_links_copy_the_backup_and_unchanged_files_lie_on_the_disk_once() {
    let lab = with_backup("copy", "8M");
    let (code, listed) = json(&lab, &["data", "list"]);
    assert_eq!(code, 0);
    assert_eq!(listed["result"]["primary"]["data"]["backup"]["op"], 2, "{listed}");

    run(&lab, &["data", "copy", "--yes"], 0);
    assert_eq!(names(lab.beta()), ["op3"]);
    is_copy(&lab, "op3");

    run(&lab, &["settings", "set", "encrypted_link=no", "--yes"], 0);
    run(&lab, &["data", "copy", "--yes"], 0);
    assert_eq!(names(lab.beta()), ["op3", "op5"]);
    is_copy(&lab, "op5");
    let (_, listed) = json(&lab, &["data", "list"]);
    let mirrors = listed["result"]["secondary"]["data"]["mirrors"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(mirrors[0]["name"], "op5");
    assert_eq!(mirrors[0]["shared"], mirrors[0]["bytes"], "every file is a link");
    offers_nothing(&lab);
}

#[test]
fn three_are_kept_and_a_damaged_one_is_found_by_its_path() {
    let lab = with_backup("copykeep", "1M");
    for _ in 0..4 {
        run(&lab, &["data", "copy", "--yes"], 0);
    }
    assert_eq!(names(lab.beta()), ["op4", "op5", "op6"]);
    assert!(run(&lab, &["data", "verify"], 0).contains("op6 is whole"));
    run(&lab, &["data", "verify", "op3"], 2);

    let before = mirror(&lab, "op5");
    run(&lab, &["settings", "set", "mirrors_keep=1", "--yes"], 0);
    run(&lab, &["data", "copy", "--yes"], 0);
    assert_eq!(names(lab.beta()), ["op8"]);
    assert_eq!(before.0.len(), mirror(&lab, "op8").0.len());

    let blob = format!("{MIRRORS}/op8/configuration/etc/kamailio/big/blob");
    lab.beta().sh(&format!(
        "touch -r {blob} /tmp/time && printf x | dd of={blob} conv=notrunc status=none && touch -r /tmp/time {blob}"
    ));
    let told = run(&lab, &["data", "verify"], 2);
    assert!(told.contains("configuration/etc/kamailio/big/blob"), "{told}");

    // What is damaged without a trace is not handed on to the next one.
    run(&lab, &["settings", "set", "mirrors_keep=2", "--yes"], 0);
    run(&lab, &["data", "copy", "--yes"], 0);
    run(&lab, &["data", "verify"], 0);
    is_copy(&lab, "op10");
    run(&lab, &["data", "verify", "op8"], 2);
}

/// What was linked is not read again at a copy, so bits that a disk loses, which change no time, are handed
/// on; everything that uses the data reads all of it.
#[test]
fn a_copy_reads_what_is_new_and_what_uses_the_data_reads_all_of_it() {
    let lab = with_backup("copyrot", "1M");
    run(&lab, &["data", "copy", "--yes"], 0);
    let blob = "configuration/etc/kamailio/big/blob";
    let place = format!("{MIRRORS}/op3/{blob}");
    lab.beta().sh(&format!(
        "touch -r {place} /tmp/time && printf x | dd of={place} conv=notrunc status=none && touch -r /tmp/time {place}"
    ));
    forget_the_change(lab.beta(), &place);
    run(&lab, &["data", "copy", "--yes"], 0);
    let links = lab.beta().sh(&format!("stat -c %h {MIRRORS}/op4/{blob}"));
    assert_eq!(links.trim(), "2");
    for command in [["data", "verify"], ["data", "load"]] {
        let told = run(&lab, &[&command[..], &["--yes"]].concat(), 2);
        assert!(told.contains(blob), "{told}");
    }
}

/// Writes the file's present ctime where its hash is remembered.
fn forget_the_change(node: TestNode<'_>, file: &str) {
    let known = "/var/lib/pairadm/data/hashed/mirror.json";
    let mut stored: serde_json::Value = serde_json::from_str(&node.read(known)).unwrap();
    let told = node.sh(&format!("stat -c '%i %.9Z' {file}"));
    let (inode, time) = told.trim().split_once(' ').unwrap();
    let (seconds, nanos) = time.split_once('.').unwrap();
    let inode: u64 = inode.parse().unwrap();
    let records = stored["files"].as_array_mut().unwrap();
    let record = records.iter_mut().find(|record| record[0]["inode"] == inode);
    let number = |text: &str| text.parse::<i64>().unwrap();
    record.unwrap()[0]["touched"] = serde_json::json!([number(seconds), number(nanos)]);
    node.write(known, &stored.to_string());
}

#[test]
fn an_undo_takes_the_mirror_away_and_leaves_the_others() {
    let lab = with_backup("copyundo", "1M");
    run(&lab, &["data", "copy", "--yes"], 0);
    run(&lab, &["data", "copy", "--yes"], 0);
    let before = mirror(&lab, "op3");
    run(&lab, &["undo", "4", "--yes"], 0);
    assert_eq!(names(lab.beta()), ["incoming", "op3"]);
    run(&lab, &["data", "copy", "--yes"], 0);
    assert_eq!(names(lab.beta()), ["op3", "op6"]);
    assert_eq!(
        before.changes_to(&mirror(&lab, "op3")),
        Vec::<String>::new(),
        "the older mirror is as it was"
    );
}

#[test]
fn a_backup_that_something_else_made_is_copied_from_a_node_too() {
    let lab = with_backup("copyforeign", "1M");
    for node in [lab.alpha(), lab.beta()] {
        node.sh(
            "mkdir -p /etc/pairadm/profiles.d && cat > /etc/pairadm/profiles.d/kamailio.toml << E\n\
                 title = \"Kamailio\"\nservices = [\"kamailio.service\"]\nrefresh = \"restart\"\n\
                 ports = [\"udp/5060\"]\nsip_port = 5060\n\
                 [[data]]\nname = \"configuration\"\nkind = \"files\"\npaths = [\"/etc/kamailio\"]\n\
                 [backup]\nlist = [\"ls\", \"-d\", \"/srv/backup/newest\"]\nE",
        );
    }
    let folder = "/srv/backup/1/configuration/etc";
    lab.alpha().sh(&format!(
        "mkdir -p {folder} && cp -a /etc/kamailio {folder}/ && touch {folder}/kamailio/big/* && ln -s 1 /srv/backup/newest"
    ));
    let told = lab
        .beta()
        .sh("pairadm data copy --yes && pairadm data verify && pairadm data list");
    assert!(told.contains("op3 is whole"), "{told}");
    let blob = "configuration/etc/kamailio/big/blob";
    assert_eq!(
        lab.alpha().sh(&format!("sha256sum < /srv/backup/1/{blob}")),
        lab.beta().sh(&format!("sha256sum < {MIRRORS}/op3/{blob}"))
    );
    // Neither size nor time tell of this change, and the file was hashed before.
    lab.alpha().sh(&format!(
        "cd /srv/backup/1 && touch -r {blob} /tmp/time && printf x | dd of={blob} conv=notrunc status=none && \
         touch -r /tmp/time {blob}"
    ));
    lab.beta().sh("pairadm data copy --yes");
    assert_eq!(
        lab.alpha().sh(&format!("sha256sum < /srv/backup/1/{blob}")),
        lab.beta().sh(&format!("sha256sum < {MIRRORS}/op4/{blob}"))
    );
    assert_eq!(
        lab.alpha().sh("ls /srv/backup/1"),
        "configuration\n",
        "nothing is written there"
    );
    offers_nothing(&lab);
}
