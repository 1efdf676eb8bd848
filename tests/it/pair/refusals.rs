//! What stands in the way of a change is refused with its name, exit code 2, and nothing changed.

use super::{MANAGED, Running, assert_serves, json, run};
use crate::support::hold::{go_on, stop};
use crate::support::lab::{FreshLab, TestNode};

const CONFIGURE: [&str; 2] = ["configure", "--yes"];
const TAKEOVER: [&str; 4] = ["takeover", "--to", "secondary", "--yes"];

/// `configure` with an obstacle on alpha: exit code 2, this error code, and the files as they were.
fn refused(lab: &FreshLab, code: &str, part: &str) {
    let before = [lab.alpha().snapshot(&MANAGED), lab.beta().snapshot(&MANAGED)];
    let (exit, told) = json(lab, &CONFIGURE);
    assert_eq!(exit, 2, "{code}: {told}");
    assert_eq!(told["error"]["code"], code, "{told}");
    assert!(told["error"].to_string().contains(part), "{told}");
    let after = [lab.alpha().snapshot(&MANAGED), lab.beta().snapshot(&MANAGED)];
    assert_eq!(before, after, "{code}: something was changed");
}

#[test]
fn obstacles_in_the_file_system_are_named_and_nothing_is_changed() {
    let mut lab = FreshLab::start("obstacles");
    lab.alpha().sh("chattr +i /etc/hosts");
    refused(&lab, "file_not_replaceable", "attribute `i`");
    lab.alpha().sh("chattr -i /etc/hosts");

    lab.alpha()
        .sh("mv /etc/hosts /etc/hosts.real && ln -s hosts.real /etc/hosts");
    refused(&lab, "file_not_replaceable", "symbolic link");
    lab.alpha().sh("mv /etc/hosts.real /etc/hosts");

    lab.break_it("readonly alpha");
    refused(&lab, "checks_failed", "read-only");
    lab.heal();

    lab.break_it("disk alpha");
    let (exit, told) = json(&lab, &CONFIGURE);
    assert_eq!(exit, 2, "a full disk: {told}");
    assert!(told["error"].to_string().contains("free"), "{told}");
    lab.heal();
    run(&lab, &CONFIGURE, 0);
}

/// `takeover` with an obstacle on a node: exit code 2, this error code, and calls stay where they are.
fn takeover_fails(lab: &FreshLab, code: &str, part: &str) {
    let (exit, told) = json(lab, &TAKEOVER);
    assert_eq!(exit, 2, "{code}: {told}");
    assert_eq!(told["error"]["code"], code, "{told}");
    assert!(told["error"].to_string().contains(part), "{part}: {told}");
    assert_serves(lab, "alpha", code);
}

#[test]
fn a_takeover_that_a_node_cannot_keep_is_refused() {
    let mut lab = FreshLab::start("takeover-obstacles");
    run(&lab, &CONFIGURE, 0);
    for node in ["alpha", "beta"] {
        lab.break_it(&format!("disk {node}"));
        takeover_fails(&lab, "disk_full", node);
        lab.heal();
        lab.break_it(&format!("readonly {node}"));
        takeover_fails(&lab, "read_only", node);
        lab.heal();
    }
    run(&lab, &TAKEOVER, 0);
}

#[test]
fn a_takeover_says_nothing_to_a_host_that_is_not_the_node() {
    let lab = FreshLab::start("takeover-stranger");
    run(&lab, &CONFIGURE, 0);
    garble(lab.beta());
    let text = run(&lab, &TAKEOVER, 2);
    assert!(
        !text.contains('\u{1b}') && !text.contains('\u{202e}'),
        "S11: {text:?}"
    );
    assert_serves(&lab, "alpha", "garbage");
    lab.beta()
        .sh("rm /etc/ssh/ssh_host_*; ssh-keygen -A >/dev/null && systemctl restart ssh");
    takeover_fails(&lab, "host_key_changed", "SHA256:");
}

#[test]
fn of_two_takeovers_the_second_is_refused_and_told_who_the_first_is() {
    let lab = FreshLab::start("two-takeovers");
    run(&lab, &CONFIGURE, 0);
    let mut first = Running::start(&lab, &TAKEOVER);
    first.until_steps(1).expect("the first has begun");
    let pid = first.child.id().to_string();
    stop(&first.child);
    let told = run(&lab, &["takeover", "--to", "primary", "--yes"], 2);
    go_on(&first.child);
    assert!(told.contains(&pid) && told.contains("takeover"), "S8, L5: {told}");
    first.end();
    run(&lab, &TAKEOVER, 0);
    assert_serves(&lab, "beta", "the first, or its rerun");
}

#[test]
fn a_changed_host_key_is_refused_before_anything_is_sent() {
    let lab = FreshLab::start("host-key");
    lab.beta()
        .sh("rm /etc/ssh/ssh_host_*; ssh-keygen -A >/dev/null && systemctl restart ssh");
    refused(&lab, "host_key_changed", "SHA256:");
}

/// Root's shell on the node prints what a terminal would obey, and does nothing.
fn garble(node: TestNode<'_>) {
    node.sh(
        "printf '#!/bin/sh\\nprintf \"\\\\033[2Jgarbage \\\\342\\\\200\\\\256\\\\n\"\\nexit 0\\n' > /usr/local/bin/garbage && \
         chmod 755 /usr/local/bin/garbage && echo /usr/local/bin/garbage >> /etc/shells && \
         sed -i 's,^\\(root:.*:\\)[^:]*$,\\1/usr/local/bin/garbage,' /etc/passwd",
    );
}

#[test]
fn garbage_from_the_remote_shell_is_refused_and_shown_harmlessly() {
    let lab = FreshLab::start("garbage");
    garble(lab.beta());
    let output = lab.pairadm(CONFIGURE);
    let text = super::both(&output);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(
        !text.contains('\u{1b}') && !text.contains('\u{202e}'),
        "S11: {text:?}"
    );
}

#[test]
fn of_two_operators_the_second_is_refused_and_told_who_the_first_is() {
    let lab = FreshLab::start("two-operators");
    let mut first = Running::start(&lab, &CONFIGURE);
    first.until_steps(1).expect("the first has begun");
    let pid = first.child.id().to_string();
    stop(&first.child);
    let told = run(&lab, &CONFIGURE, 2);
    go_on(&first.child);
    assert!(
        told.contains(&pid) && told.contains("configure"),
        "S8, L5: {told}"
    );
    assert_eq!(first.end(), Some(0), "the first goes on undisturbed");
}

#[test]
fn a_host_of_another_name_gets_no_steps() {
    let lab = FreshLab::start("wrong-name");
    run(&lab, &CONFIGURE, 0);
    lab.beta().sh("hostname gamma");
    for arguments in [
        &["takeover", "--to", "secondary", "--yes"][..],
        &["traffic", "block", "--side", "secondary", "--override", "--yes"],
        &["undo", "1", "--yes"],
    ] {
        let (exit, told) = json(&lab, arguments);
        assert_eq!(exit, 2, "{told}");
        assert_eq!(told["error"]["code"], "wrong_hostname", "{told}");
        assert_eq!(told["error"]["node"], "beta", "{told}");
    }
    assert!(
        run(&lab, &["status"], 0).contains("gamma"),
        "status says who answers instead"
    );
    let configured = run(&lab, &CONFIGURE, 2);
    assert!(configured.contains("gamma"), "{configured}");
    lab.beta().sh("hostname beta");
    run(&lab, &["takeover", "--to", "secondary", "--yes"], 0);
}

#[test]
fn an_sshd_that_bars_the_peer_is_refused_until_it_lets_that_key_in() {
    let lab = FreshLab::start("barred");
    let alpha = lab.alpha().node.v4;
    let bar = |rule: &str| {
        lab.beta().sh(&format!(
            "printf 'Match User root Address {alpha}\\n{rule}\\n' > /etc/ssh/sshd_config.d/50-root.conf && \
             systemctl restart ssh"
        ));
    };
    bar("PermitRootLogin no");
    let (exit, told) = json(&lab, &CONFIGURE);
    assert_eq!(exit, 2, "{told}");
    let told = told["error"].to_string();
    for part in ["permitrootlogin no", "forced-commands-only", &alpha.to_string()] {
        assert!(told.contains(part), "{part}: {told}");
    }
    bar("PermitRootLogin forced-commands-only");
    run(&lab, &CONFIGURE, 0);
}
