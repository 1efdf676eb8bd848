//! Login shells and what their start files do.

use super::*;

/// Gives root another login shell or start file while `check` runs.
fn with_root(lab: &LabPair, shell: &str, file: &str, text: &str, check: impl FnOnce(Target)) {
    let node = lab.alpha();
    node.sh(&format!(
        "usermod -s {shell} root; touch {file}; cp -a {file} {file}.before"
    ));
    node.sh(&format!("cat > {file} <<'END'\n{text}\nEND"));
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(alpha(lab))));
    node.sh(&format!("usermod -s /bin/bash root; mv {file}.before {file}"));
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn csh_with_a_talkative_start_file() {
    let lab = LAB.lock("remote");
    with_root(
        &lab,
        "/bin/tcsh",
        "/root/.tcshrc",
        "echo 'Have a nice day!'\nset prompt='%m# '",
        assert_reaches,
    );
}

#[test]
fn bash_with_a_talkative_start_file() {
    let lab = LAB.lock("remote");
    let noise = "echo Welcome; printf '\\033]0;title\\007 no newline'; seq 20000; echo problem >&2";
    with_root(&lab, "/bin/bash", "/root/.bashrc", noise, assert_reaches);
}

#[test]
fn a_start_file_that_ends_the_shell_is_refused_with_what_was_said() {
    let lab = LAB.lock("remote");
    with_root(
        &lab,
        "/bin/bash",
        "/root/.bashrc",
        "printf '\\033[5mclosed for\\033[0m maintenance\\n'; exit 0",
        |target| {
            let Err(error) = dial(target) else {
                panic!("nothing can run there")
            };
            assert_eq!(error.code, "no_agent");
            assert!(error.to_string().contains("`closed for maintenance`"), "{error}");
        },
    );
}

#[test]
fn a_start_file_that_never_ends_is_cut_at_the_deadline() {
    let lab = LAB.lock("remote");
    with_root(&lab, "/bin/bash", "/root/.bashrc", "exec sleep 600", |target| {
        let started = std::time::Instant::now();
        // The log-in before it has to be over by then.
        let deadline = Duration::from_secs(12);
        let Err(error) = dialer(target, Arc::default()).dial(Side::Primary, deadline) else {
            panic!("nobody greets")
        };
        assert_eq!(error.code, "agent_silent");
        assert!(started.elapsed() < SOON);
    });
}
