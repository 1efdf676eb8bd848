//! The main job end to end: configure, move traffic, block and allow it, reverse, undo, report, remove.

use super::{
    MANAGED, Running, assert_serves, blocks, both, drop_vips, json, run, until_unlocked, vips, wait_until,
};
use crate::support::lab::{FreshLab, LabPair, TestNode};
use crate::support::snapshot::Snapshot;

#[test]
fn a_pair_is_configured_moved_reversed_undone_and_removed() {
    let lab = FreshLab::start("operations");
    let before = [lab.alpha().snapshot(&MANAGED), lab.beta().snapshot(&MANAGED)];

    let dry = run(&lab, &["configure", "--dry-run"], 0);
    assert!(dry.contains("/etc/hosts"), "{dry}");
    let untouched = [lab.alpha().snapshot(&MANAGED), lab.beta().snapshot(&MANAGED)];
    assert_eq!(before, untouched, "a dry run changes nothing");

    let configured = run(&lab, &["configure", "--yes"], 0);
    assert_serves(&lab, "alpha", "configured");
    assert!(
        !configured.contains("dark"),
        "nobody was interrupted: {configured}"
    );
    let again = run(&lab, &["configure", "--yes"], 0);
    assert!(
        again.to_lowercase().contains("nothing"),
        "the second run says so: {again}"
    );

    let moved = run(&lab, &["takeover", "--to", "secondary", "--yes"], 0);
    assert_serves(&lab, "beta", "taken over");
    assert!(moved.contains("dark"), "the outage is told: {moved}");
    let (code, status) = json(&lab, &["status"]);
    assert_eq!(code, 0);
    assert!(
        status.to_string().contains("\"active\":\"secondary\""),
        "{status}"
    );

    run(&lab, &["reverse", "--yes"], 0);
    assert_serves(&lab, "beta", "reversed: traffic stays");
    assert!(
        lab.alpha()
            .read("/etc/pairadm/pair.toml")
            .contains("hostname = \"beta\"")
    );

    let (_, history) = json(&lab, &["history"]);
    assert!(history.to_string().contains("reverse"), "{history}");
    run(&lab, &["report", "2"], 0);
    run(&lab, &["show", "2"], 0);

    run(&lab, &["takeover", "--to", "secondary", "--yes"], 0);
    assert_serves(&lab, "alpha", "alpha is the secondary now");
    assert!(logs_in(&lab), "each node has a way to the other");
    let removed = run(&lab, &["remove", "--yes", "--set", "proceed=continue"], 0);
    let said = removed.lines().map(str::trim);
    let cleaning: Vec<&str> = said
        .filter(|line| line.starts_with("find ") || line.starts_with("rm "))
        .collect();
    assert_eq!(cleaning.len(), 2, "{removed}");
    assert!(!logs_in(&lab), "the key that is left opens nothing");
    drop_vips(&lab);
    for (before, node) in before.iter().zip([lab.alpha(), lab.beta()]) {
        assert_eq!(before.changes_to(&node.snapshot(&MANAGED)), Vec::<String>::new());
        assert_eq!(blocks(node), [false; 2]);
        // What the notice says.
        for line in &cleaning {
            node.sh(line);
        }
        let left = node.sh("find / -xdev -name '*pairadm*'");
        assert_eq!(
            left, "/etc/pairadm\n",
            "what an administrator may have put there stays"
        );
    }
}

/// Whether alpha's own key opens beta.
fn logs_in(lab: &LabPair) -> bool {
    let beta = lab.beta().node.v4;
    let line = format!(
        "ssh -i /var/lib/pairadm/keys/id_ed25519 -o BatchMode=yes -o StrictHostKeyChecking=no \
         -o UserKnownHostsFile=/dev/null root@{beta} true"
    );
    lab.alpha().exec(&["sh", "-c", &line]).status.success()
}

#[test]
fn undo_of_configure_gives_every_original_back() {
    let lab = FreshLab::start("undo");
    let before = [lab.alpha().snapshot(&MANAGED), lab.beta().snapshot(&MANAGED)];
    run(&lab, &["configure", "--yes"], 0);
    run(&lab, &["takeover", "--to", "secondary", "--yes"], 0);
    run(&lab, &["undo", "2", "--yes"], 0);
    assert_serves(&lab, "alpha", "the takeover is undone");

    lab.beta().sh("echo '192.0.2.99 printer' >> /etc/hosts");
    let refused = run(&lab, &["undo", "1", "--yes"], 2);
    assert!(
        refused.contains("/etc/hosts") && refused.contains("printer"),
        "S10, with a diff: {refused}"
    );
    lab.beta().sh("sed -i '/printer/d' /etc/hosts");

    run(&lab, &["undo", "1", "--yes"], 0);
    for (before, node) in before.iter().zip([lab.alpha(), lab.beta()]) {
        assert_eq!(before.changes_to(&node.snapshot(&MANAGED)), Vec::<String>::new());
    }
}

#[test]
fn a_pair_that_was_configured_twice_is_removed_brought_back_and_removed_again() {
    let lab = FreshLab::start("twice");
    let before = [lab.alpha().snapshot(&MANAGED), lab.beta().snapshot(&MANAGED)];
    let nothing = run(&lab, &["remove", "--yes", "--set", "proceed=continue"], 0);
    assert!(nothing.contains("Nothing to do"), "{nothing}");
    run(&lab, &["configure", "--yes"], 0);
    run(
        &lab,
        &["configure", "--yes", "--set", "secondary.fqdn=beta.other.example"],
        0,
    );
    let pair = [lab.alpha().snapshot(&MANAGED), lab.beta().snapshot(&MANAGED)];
    run(&lab, &["remove", "--yes", "--set", "proceed=continue"], 0);
    let kept = |before: &[Snapshot; 2], what: &str| {
        for (before, node) in before.iter().zip([lab.alpha(), lab.beta()]) {
            let changes = before.changes_to(&node.snapshot(&MANAGED));
            assert_eq!(changes, Vec::<String>::new(), "{what}");
        }
    };
    kept(&before, "removed");
    run(&lab, &["undo", "3", "--yes"], 0);
    kept(&pair, "brought back");
    run(&lab, &["remove", "--yes", "--set", "proceed=continue"], 0);
    kept(&before, "removed again");
}

#[test]
fn a_lost_peer_is_left_behind_and_stays_passive_when_it_returns() {
    let mut lab = FreshLab::start("peer-lost");
    run(&lab, &["configure", "--yes"], 0);
    lab.cut_power("alpha");
    run(&lab, &["takeover", "--to", "secondary", "--yes"], 2);
    let status = run(&lab, &["status"], 0);
    assert!(
        status.contains("beta"),
        "status works with one node down (L3): {status}"
    );
    let unconfirmed = run(
        &lab,
        &["takeover", "--to", "secondary", "--peer-lost", "--yes"],
        2,
    );
    assert!(
        unconfirmed.contains("lost_primary"),
        "the lost node has to be typed: {unconfirmed}"
    );
    run(
        &lab,
        &[
            "takeover",
            "--to",
            "secondary",
            "--peer-lost",
            "--confirm-lost",
            "alpha",
            "--yes",
        ],
        0,
    );
    lab.boot("alpha");
    assert_serves(&lab, "beta", "the old side returned");
    let status = run(&lab, &["status"], 0);
    assert!(status.contains("alpha"), "what is left to do: {status}");
}

#[test]
fn both_nodes_return_as_they_were_after_a_power_failure() {
    let mut lab = FreshLab::start("power-failure");
    run(&lab, &["configure", "--yes"], 0);
    run(&lab, &["takeover", "--to", "secondary", "--yes"], 0);
    lab.cut_power("alpha");
    lab.cut_power("beta");
    lab.boot("beta");
    lab.boot("alpha");
    wait_until("beta serves again", || {
        vips(&lab).iter().all(|vip| lab.beta().holds(*vip))
    });
    assert_serves(&lab, "beta", "after the power failure");
}

/// The way of a change of servers is remove, change, configure: nothing has to be answered again.
#[test]
fn a_removed_pair_is_configured_again_with_all_its_answers() {
    const REMOVE: [&str; 4] = ["remove", "--yes", "--set", "proceed=continue"];
    let lab = FreshLab::start("answers");
    run(&lab, &["configure", "--yes"], 0);
    let settings = ["priority=equal", "standby=hot", "mirrors_keep=5", "restart=now"];
    let set: Vec<&str> = ["settings", "set", "--yes"].into_iter().chain(settings).collect();
    run(&lab, &set, 0);
    let answers = || std::fs::read_to_string(lab.pair_file()).expect("the pair file");
    let before = answers() + "# a remark of the administrator's\n";
    std::fs::write(lab.pair_file(), &before).expect("the pair file");

    let told = run(&lab, &REMOVE, 0);
    assert!(told.contains("offers the answers of this pair again"), "{told}");
    assert!(!lab.pair_file().exists());
    run(&lab, &["status"], 2);
    run(&lab, &["configure", "--yes"], 0);
    assert_eq!(answers(), before);
    assert_serves(&lab, "alpha", "configured again");

    // Removed on a node, whose operator has a key of their own for the other one, the answers are kept there.
    let key = std::fs::read(lab.lab.key()).expect("the lab's key");
    lab.alpha()
        .feed(&["sh", "-c", "umask 077; cat > /root/.ssh/id_ed25519"], &key);
    let removed = lab.alpha().exec(&[
        "sh",
        "-c",
        &format!("HOME=/root /usr/local/sbin/pairadm {}", REMOVE.join(" ")),
    ]);
    assert_eq!(removed.status.code(), Some(0), "{}", both(&removed));
    let kept = lab.alpha().read("/etc/pairadm/pair.toml.removed");
    assert!(kept.contains("priority = \"equal\""), "{kept}");
}

/// What made the service the active one in the takeover does so again after a start, once the service runs.
#[test]
fn a_node_that_serves_again_after_a_start_runs_its_promote_hooks() {
    let mut lab = FreshLab::start("promote-boot");
    run(&lab, &["configure", "--yes"], 0);
    for node in [lab.alpha(), lab.beta()] {
        node.sh(
            "mkdir -p /etc/pairadm/profiles.d && cat > /etc/pairadm/profiles.d/kamailio.toml << E\n\
             title = \"Kamailio\"\nservices = [\"kamailio.service\"]\nrefresh = \"restart\"\n\
             ports = [\"udp/5060\"]\nsip_port = 5060\n\
             [[promote]]\nargv = [\"/usr/local/sbin/promote\"]\nE\n\
             printf '#!/bin/sh\\nsystemctl is-active kamailio >> /var/lib/promoted\\nexec test ! -e /var/lib/unfit\\n' \
             > /usr/local/sbin/promote && chmod 755 /usr/local/sbin/promote",
        );
    }
    run(&lab, &["takeover", "--to", "secondary", "--yes"], 0);
    lab.cut_power("alpha");
    lab.cut_power("beta");
    lab.boot("alpha");
    lab.boot("beta");
    let promoted = |node: TestNode<'_>| {
        String::from_utf8_lossy(&node.exec(&["cat", "/var/lib/promoted"]).stdout).into_owned()
    };
    wait_until("beta is promoted", || promoted(lab.beta()) == "active\n");
    // A node that became the passive one before its services ran is not promoted any more.
    lab.alpha().sh("pairadm guard promote");
    assert_eq!(promoted(lab.alpha()), "", "it stands by");
    assert_serves(&lab, "beta", "after the power failure");
    assert!(!run(&lab, &["status"], 0).contains("promote hook"));

    lab.beta().sh("touch /var/lib/unfit");
    lab.cut_power("beta");
    lab.boot("beta");
    wait_until("status tells of the hook", || {
        run(&lab, &["status"], 0).contains("a promote hook failed on beta")
    });
    assert_serves(&lab, "beta", "a hook that fails bars nothing");
}

#[test]
fn traffic_is_blocked_and_allowed_by_hand_only_with_an_override() {
    let lab = FreshLab::start("traffic");
    run(&lab, &["configure", "--yes"], 0);
    run(&lab, &["traffic", "block", "--side", "primary", "--yes"], 2);
    run(
        &lab,
        &["traffic", "block", "--side", "primary", "--override", "--yes"],
        0,
    );
    assert_eq!(blocks(lab.alpha()), [true; 2]);
    run(
        &lab,
        &["traffic", "allow", "--side", "primary", "--override", "--yes"],
        0,
    );
    assert_serves(&lab, "alpha", "allowed again");
    // S2: never both.
    run(
        &lab,
        &["traffic", "allow", "--side", "secondary", "--override", "--yes"],
        2,
    );
    assert_serves(&lab, "alpha", "one side only");
}

#[test]
fn a_takeover_tells_both_nodes_reactions_and_a_bad_one_does_not_take_it_back() {
    let lab = FreshLab::start("reactions");
    run(&lab, &["configure", "--yes"], 0);
    let note = "mkdir -p /etc/pairadm/reactions.d && cd /etc/pairadm/reactions.d && \
        printf '#!/bin/sh\\necho $* >> /tmp/told\\n' > 10-note && printf '#!/bin/sh\\necho no pager >&2; exit 1\\n' > 20-page && \
        chmod 755 10-note 20-page";
    lab.alpha().sh(note);
    lab.beta().sh(note);

    run(&lab, &["takeover", "--to", "secondary", "--yes"], 0);
    assert_serves(&lab, "beta", "taken over");
    assert_eq!(lab.beta().read("/tmp/told"), "active 4562\n");
    assert_eq!(lab.alpha().read("/tmp/told"), "passive 4560\n");
    assert!(run(&lab, &["report", "2"], 0).contains("no pager"));

    run(&lab, &["settings", "set", "standby=hot", "--yes"], 0);
    let told = run(&lab, &["test", "reaction", "passive", "--side", "primary"], 4);
    assert!(told.contains("20-page FAILED: no pager"), "{told}");
    assert!(lab.alpha().read("/tmp/told").ends_with("passive 4561\n"));
    assert_serves(&lab, "beta", "a test moves nothing");
}

/// From a node whose only way to the other is the key that goes, it would lock itself out (S9).
#[test]
fn what_takes_the_key_away_needs_another_way_in_than_that_key() {
    const REMOVE: &str = "pairadm remove --yes --set proceed=continue";
    const KEY: &str = "/root/.ssh/id_ed25519";
    let lab = FreshLab::start("another-way-in");
    let alpha = lab.alpha();
    alpha.sh("ssh-keygen -q -t ed25519 -N '' -f /root/key");
    let public = alpha.read("/root/key.pub");
    lab.beta()
        .sh(&format!("echo '{}' >> /root/.ssh/authorized_keys", public.trim()));
    run(&lab, &["configure", "--yes"], 0);
    for line in [REMOVE, "pairadm undo 1 --yes", "pairadm undo 1 --dry-run"] {
        refused_without_a_key(&lab, line, 2);
    }
    // Nor when the pair file names that key.
    alpha.sh(
        "sed 's,identity = \"[^\"]*\",identity = \"/var/lib/pairadm/keys/id_ed25519\",' /etc/pairadm/pair.toml \
         > /root/pair.toml && grep -q keys/id_ed25519 /root/pair.toml",
    );
    for line in ["remove --yes --set proceed=continue", "undo 1 --yes"] {
        refused_without_a_key(&lab, &format!("pairadm --pair /root/pair.toml {line}"), 2);
    }

    // One that was begun elsewhere is not finished from there either, and not at all the worse for it.
    let mut running = Running::start(&lab, &["remove", "--yes", "--set", "proceed=continue"]);
    running.until_steps(1).expect("it has begun");
    running.child.kill().expect("pairadm can be killed");
    running.end();
    until_unlocked(&lab);
    refused_without_a_key(&lab, "pairadm resume", 4);
    let taken_back = on_alpha(&lab, "pairadm undo 2 --yes");
    assert!(taken_back.contains("exit 0"), "the key stays: {taken_back}");

    let with_key = |line: &str| {
        let done = on_alpha(&lab, &format!("mv /root/key {KEY} && {line}"));
        assert!(done.contains("exit 0"), "{line}: {done}");
        assert!(!logs_in(&lab), "pairadm's own key opens nothing");
        lab.alpha().sh(&format!("mv {KEY} /root/key"));
    };
    with_key("pairadm undo 1 --yes");
    // The way back brings the key back, and the way back of that one takes it away again.
    run(&lab, &["undo", "3", "--yes"], 0);
    refused_without_a_key(&lab, "pairadm undo 4 --yes", 2);
    with_key(REMOVE);
}

/// Runs it on alpha, where pairadm's own key is the only one: this exit code, and nothing is begun.
#[track_caller]
fn refused_without_a_key(lab: &LabPair, line: &str, code: i32) {
    let before = lab.alpha().sh("pairadm history --json");
    let refused = on_alpha(lab, line);
    let said = refused.contains("own key was not tried");
    assert!(
        said && refused.contains(&format!("exit {code}")),
        "{line}: {refused}"
    );
    assert_eq!(lab.alpha().sh("pairadm history --json"), before, "{line}");
    assert!(logs_in(lab), "{line}");
}

/// Both outputs and the exit code.
fn on_alpha(lab: &LabPair, line: &str) -> String {
    lab.alpha().sh(&format!("{line} 2>&1; echo exit $?"))
}
