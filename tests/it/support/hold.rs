//! Keeps something waiting exactly where a test wants it, however fast or slow the machine is: a program that
//! pairadm runs on a node, or a process of this machine.

use super::lab::TestNode;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// Longest wait for what has to come.
const PATIENCE: Duration = Duration::from_secs(240);

impl TestNode<'_> {
    /// From now on `program`, when pairadm runs it here with `word` among its arguments, waits until
    /// [`Self::let_go`]. A start of the node ends it as well.
    pub fn hold(self, program: &str, word: &str) {
        self.hold_once("true", program, word);
    }

    /// The same once the shell's `condition` holds.
    pub fn hold_once(self, condition: &str, program: &str, word: &str) {
        let path = format!("/usr/local/sbin/{program}");
        let real = self.sh(&format!("PATH=/usr/sbin:/usr/bin command -v {program}"));
        let wrapper = format!(
            "#!/bin/sh\ncase \" $* \" in\n*\" {word} \"*)\n\
             if [ -e /run/hold ] && {{ {condition}; }}; then touch /run/held; fi\n\
             while [ -e /run/held ] && [ -e /run/hold ]; do sleep 0.1; done;;\nesac\nexec {} \"$@\"\n",
            real.trim()
        );
        self.write(&path, &wrapper);
        self.sh(&format!("chmod 755 {path} && rm -f /run/held && touch /run/hold"));
    }

    /// Waits until the program waits.
    pub fn until_held(self) {
        wait_until("the program is run", || {
            self.exec(&["test", "-e", "/run/held"]).status.success()
        });
    }

    /// Lets it go on, and holds nothing any more.
    pub fn let_go(self) {
        self.sh("rm -f /run/hold /run/held");
    }
}

/// Stops a process between two of its instructions; [`go_on`] lets it go on.
pub fn stop(child: &Child) {
    signal(child.id(), "-STOP");
}

/// Lets a stopped process go on.
pub fn go_on(child: &Child) {
    signal(child.id(), "-CONT");
}

/// Presses Ctrl-C for a process.
pub fn interrupt(child: &Child) {
    signal(child.id(), "-INT");
}

/// Sends a signal, such as `-TERM`.
#[track_caller]
pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args([name, &pid.to_string()]).status();
    assert!(sent.expect("kill runs").success());
}

/// Waits until `happens`, which has to happen sooner or later.
#[track_caller]
pub fn wait_until(what: &str, happens: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !happens() {
        assert!(Instant::now() < until, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
