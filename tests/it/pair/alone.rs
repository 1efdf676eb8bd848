//! Block and allow on a server that is in no pair, from a third host and on the server itself.

use super::{Running, assert_serves, blocks, both, run};
use crate::support::lab::{FreshLab, LabPair, TestNode};

/// Takes the controller's pair file away and gives its user the lab's key, as an operator has one.
fn without_pair(lab: &LabPair) {
    let file = lab.pair_file();
    let ssh = file.parent().expect("a directory").join(".ssh");
    std::fs::remove_file(file).expect("the pair file was there");
    std::fs::create_dir_all(&ssh).expect("a directory");
    std::fs::copy(lab.lab.key(), ssh.join("id_ed25519")).expect("the lab's key");
    std::fs::copy(lab.lab.known_hosts(), ssh.join("known_hosts")).expect("the lab's host keys");
}

/// The node named by its address, with its host key accepted beforehand.
fn named(node: TestNode<'_>) -> [String; 4] {
    let shown = node.sh("ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub");
    let fingerprint = shown.split_whitespace().nth(1).expect("a fingerprint");
    let address = node.node.v4.to_string();
    ["--node", &address, "--accept-host-key", fingerprint].map(str::to_owned)
}

/// `traffic` with these words for the node.
fn traffic(lab: &LabPair, node: &[String], words: &[&str], code: i32) -> String {
    let node = node.iter().map(String::as_str);
    let words: Vec<&str> = ["traffic"]
        .into_iter()
        .chain(words.iter().copied())
        .chain(node)
        .collect();
    run(lab, &words, code)
}

/// Rules and chains of pairadm in every table, of both families.
fn traces(node: TestNode<'_>) -> String {
    node.sh("iptables-save; ip6tables-save")
        .lines()
        .filter(|line| line.contains("PAIRADM"))
        .collect()
}

#[test]
fn a_server_without_a_pair_is_blocked_and_allowed_from_anywhere() {
    let lab = FreshLab::start("alone");
    without_pair(&lab);
    let alpha = named(lab.alpha());
    let on_alpha = |words: &[&str], code| traffic(&lab, &alpha, words, code);

    assert!(on_alpha(&["show"], 0).contains("allowed"));
    let locked_out = on_alpha(&["block", "--port", "tcp/22", "--yes"], 2);
    assert!(locked_out.contains("SSH port 22"), "{locked_out}");
    on_alpha(&["block"], 2);
    on_alpha(&["block", "--dry-run"], 0);
    assert_eq!(traces(lab.alpha()), "");

    let said = on_alpha(&["block", "--yes"], 0);
    for part in ["next start", "alpha     done", "pairadm traffic allow --node 10."] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("primary"), "{said}");
    assert_eq!([blocks(lab.alpha()), blocks(lab.beta())], [[true; 2], [false; 2]]);
    let reports = std::fs::read_dir(lab.report_dir()).expect("reports").count();
    assert_eq!(reports, 2, "one operation, as text and as JSON");
    let shown = on_alpha(&["show", "--json"], 0);
    let shown: serde_json::Value = serde_json::from_str(&shown).expect("a document");
    assert_eq!(shown["result"]["server"]["traffic"], "blocked", "{shown}");

    // Killed between its step and its end, the same command finishes it and goes on (L1).
    let node = alpha.iter().map(String::as_str);
    let allow: Vec<&str> = ["traffic", "allow", "--yes"].into_iter().chain(node).collect();
    let mut killed = Running::start(&lab, &allow);
    killed.until_steps(1).expect("it has one step");
    killed.child.kill().expect("pairadm can be killed");
    killed.end();
    on_alpha(&["block", "--yes"], 0);
    assert_eq!(blocks(lab.alpha()), [true; 2]);

    // The same on the server itself, which needs no login.
    let here = |arguments: &str| {
        lab.alpha()
            .exec(&["sh", "-c", &format!("/run/pairadm/agent-* {arguments}")])
    };
    assert!(both(&here("traffic show")).contains("udp/5060"));
    let allowed = here("traffic allow --yes");
    assert_eq!(allowed.status.code(), Some(0), "{}", both(&allowed));
    assert_eq!(traces(lab.alpha()), "");
    assert!(both(&here("traffic allow --yes")).contains("Nothing to do"));
    let again = here("traffic block --port udp/5080 --yes");
    assert_eq!(again.status.code(), Some(0), "{}", both(&again));
    assert!(traces(lab.alpha()).contains("--dport 5080"));
}

#[test]
fn what_was_done_on_servers_without_a_pair_is_told_here_and_there() {
    let lab = FreshLab::start("alone-past");
    without_pair(&lab);
    let (alpha, beta) = (named(lab.alpha()), named(lab.beta()));
    traffic(&lab, &alpha, &["block", "--yes"], 0);
    let of = |node: &[String; 4], words: &[&str], code| {
        let node = node.iter().map(String::as_str);
        run(&lab, &words.iter().copied().chain(node).collect::<Vec<_>>(), code)
    };

    let history = run(&lab, &["history"], 0);
    assert!(history.contains("block traffic on alpha"), "{history}");
    for words in [["show", "1"], ["report", "1"]] {
        let said = run(&lab, &words, 0);
        assert!(said.contains("block traffic on alpha"), "{said}");
        assert!(said.contains("alpha: block traffic - done"), "{said}");
        assert!(!said.contains("primary"), "{said}");
    }
    assert!(run(&lab, &["report", "2"], 2).contains("pairadm history"));
    assert!(!of(&beta, &["history"], 0).contains("alpha"));
    of(&beta, &["show", "1"], 2);

    // Every server counts by itself.
    traffic(&lab, &beta, &["block", "--yes"], 0);
    traffic(&lab, &beta, &["allow", "--yes"], 0);
    let history = run(&lab, &["history"], 0);
    let place = |what| history.find(what).unwrap_or_else(|| panic!("{what}: {history}"));
    assert!(place("allow traffic on beta") < place("block traffic on beta"));
    assert!(place("block traffic on beta") < place("block traffic on alpha"));
    let unclear = run(&lab, &["report", "1"], 2);
    assert!(unclear.contains("say which with --node"), "{unclear}");
    assert!(of(&beta, &["report", "1"], 0).contains("block traffic on beta"));
    assert!(run(&lab, &["report", "2"], 0).contains("allow traffic on beta"));

    // A host that has no journal of it asks the server, and the server knows by itself.
    std::fs::remove_dir_all(lab.state_dir()).expect("there was a journal");
    assert!(run(&lab, &["history"], 0).contains("No operation"));
    assert!(of(&alpha, &["history"], 0).contains("block traffic on alpha"));
    let said = of(&alpha, &["report", "1"], 0);
    assert!(said.contains("block traffic on alpha"), "{said}");
    assert!(said.contains("alpha: block traffic - done"), "{said}");
    let here = |arguments: &str| {
        both(
            &lab.beta()
                .exec(&["sh", "-c", &format!("/run/pairadm/agent-* {arguments}")]),
        )
    };
    assert!(here("history").contains("allow traffic on beta"));
    assert!(here("show 2").contains("allow traffic on beta"));
}

#[test]
fn a_server_that_was_blocked_alone_joins_a_pair_and_is_then_left_to_it() {
    let lab = FreshLab::start("alone-joins");
    let kept = std::fs::read(lab.pair_file()).expect("the pair file");
    without_pair(&lab);
    let beta = named(lab.beta());
    traffic(&lab, &beta, &["block", "--yes"], 0);
    std::fs::write(lab.pair_file(), kept).expect("the pair file is back");
    run(&lab, &["configure", "--yes"], 0);
    assert_serves(&lab, "alpha", "configured");
    let refused = run(&lab, &["undo", "1", "--yes"], 2);
    assert!(refused.contains("before it had a pair"), "{refused}");
    let refused = run(&lab, &["history", "--node", "beta"], 2);
    assert!(refused.contains("leave it out"), "{refused}");

    // A host that does not know the pair must not act past it (S2).
    std::fs::remove_file(lab.pair_file()).expect("the pair file was there");
    for action in ["allow", "block"] {
        let refused = traffic(&lab, &beta, &[action, "--yes"], 2);
        assert!(refused.contains("belongs to the pair"), "{refused}");
    }
    assert_serves(&lab, "alpha", "left alone");
}
