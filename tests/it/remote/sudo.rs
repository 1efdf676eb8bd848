//! Logging in as somebody else than root, who acts as root through sudo.

use super::*;

/// Stands in for sudo, which practice nodes do not have: becomes root for the commands it is told to
/// allow. The interpreter is setuid root, as sudo is.
const SUDO: &str = r#"#!/usr/local/lib/python-as-root
import os, sys
arguments = sys.argv[2:]
if sys.argv[1] != "-n" or not (ALLOWED):
    sys.exit("sudo: a password is required")
os.setgid(0)
os.setuid(0)
os.execv(arguments[0], arguments)
"#;

/// Runs `check` on a login of an operator whom sudo allows what the Python expression says.
fn with_operator(lab: &LabPair, allowed: &str, check: impl FnOnce(Target)) {
    let node = lab.alpha();
    node.sh("useradd -m -s /bin/sh maria; cp -r /root/.ssh /home/maria/; chown -R maria: /home/maria/.ssh");
    node.sh("install -m 4755 \"$(readlink -f /usr/bin/python3)\" /usr/local/lib/python-as-root");
    node.sh(&format!(
        "cat > /usr/local/bin/sudo <<'END'\n{}END\nchmod 755 /usr/local/bin/sudo",
        SUDO.replace("ALLOWED", allowed)
    ));
    let mut target = alpha(lab);
    "maria".clone_into(&mut target.ssh.user);
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(target)));
    node.sh("userdel -r maria 2>/dev/null; rm -f /usr/local/bin/sudo /usr/local/lib/python-as-root");
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn an_operator_with_sudo_acts_as_root() {
    let lab = LAB.lock("remote");
    lab.alpha().sh("rm -rf /run/pairadm/agent-*");
    with_operator(&lab, "True", |target| {
        assert_eq!(
            dial(target.clone())
                .unwrap_or_else(|error| panic!("{error}"))
                .hello()
                .uid,
            0
        );
        assert_reaches(target);
    });
}

#[test]
fn sudo_may_allow_nothing_but_the_installed_agent() {
    let lab = LAB.lock("remote");
    assert_reaches(alpha(&lab));
    lab.alpha().sh("cp /run/pairadm/agent-* /usr/local/sbin/pairadm");
    with_operator(
        &lab,
        "arguments == ['/usr/local/sbin/pairadm', 'agent']",
        assert_reaches,
    );
    lab.alpha().sh("rm /usr/local/sbin/pairadm");
}

#[test]
fn sudo_that_wants_a_password_is_refused_with_what_to_do() {
    let lab = LAB.lock("remote");
    with_operator(&lab, "False", |target| {
        let Err(error) = dial(target) else {
            panic!("sudo said no")
        };
        assert_eq!(error.code, "sudo_refused");
        assert!(error.to_string().contains("a password is required"), "{error}");
        assert!(error.hint.unwrap().contains("NOPASSWD"));
    });
}
