//! What is refused before anything is copied, and what the other node's key may not do.

use super::{mirror, names, with_backup};
use crate::support::drive::{json, run};
use crate::support::lab::FreshLab;

fn refusal(lab: &FreshLab) -> String {
    let (code, told) = json(lab, &["data", "copy", "--yes"]);
    assert_eq!(code, 2, "{told}");
    told["error"]["code"].as_str().unwrap().to_owned()
}

#[test]
fn without_a_backup_with_an_old_one_and_to_an_active_secondary_nothing_is_copied() {
    let lab = FreshLab::start("copyrefused");
    run(&lab, &["configure", "--yes"], 0);
    assert_eq!(refusal(&lab), "no_backup");
    run(&lab, &["data", "backup", "--yes"], 0);
    let made = "s/\"made\":[0-9]*/\"made\":1700000000/";
    lab.alpha().sh(&format!(
        "sed -i '{made}' /var/lib/pairadm/backup/current/manifest.json"
    ));
    assert_eq!(refusal(&lab), "backup_too_old");
    run(&lab, &["data", "backup", "--yes"], 0);
    run(&lab, &["takeover", "--to", "secondary", "--yes"], 0);
    assert_eq!(refusal(&lab), "secondary_active");
}

#[test]
fn a_link_or_a_device_that_leads_out_of_the_backup_is_refused_at_its_source() {
    let lab = with_backup("copyescape", "1M");
    run(&lab, &["data", "copy", "--yes"], 0);
    let before = mirror(&lab, "op3");
    let folder = "/var/lib/pairadm/backup/current/configuration/etc/kamailio";
    for (make, path) in [
        ("ln -s /etc/shadow", format!("{folder}/link")),
        ("ln -s ../../../../../x", format!("{folder}/link")),
        ("mkfifo", format!("{folder}/pipe")),
    ] {
        lab.alpha().sh(&format!("{make} {path}"));
        let told = run(&lab, &["data", "copy", "--yes"], 3);
        assert!(told.contains("lead out of the copy"), "{told}");
        lab.alpha().sh(&format!("rm {path}"));
    }
    lab.alpha().sh(&format!("touch {folder}/stray"));
    let told = run(&lab, &["data", "copy", "--yes"], 3);
    assert!(told.contains("was not saved with the rest"), "{told}");
    assert_eq!(names(lab.beta()), ["op3"]);
    assert_eq!(before.changes_to(&mirror(&lab, "op3")), Vec::<String>::new());
}

#[test]
fn the_peers_key_starts_the_agent_and_reads_nothing_that_is_not_offered() {
    let lab = with_backup("copypeer", "1M");
    let ssh = "ssh -F none -o BatchMode=yes -i /var/lib/pairadm/keys/id_ed25519 alpha";
    let asked = |command: &str| {
        let output = lab
            .beta()
            .exec(&["sh", "-c", &format!("{ssh} {command} </dev/null")]);
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    assert!(asked("'cat /etc/shadow'").contains("pairadm-agent-hello"));
    for command in [
        "'rsync --server --sender -logtpre.iLsfxCIvu . /etc/'",
        "'rsync --server -logtpre.iLsfxCIvu . /tmp/'",
        "'rsync --server --sender -logtpre.iLsfxCIvu . backup/'",
    ] {
        let told = asked(command);
        assert!(told.contains("may not do this"), "{command}: {told}");
        assert!(!told.contains("root:"), "{told}");
    }
}
