//! A shell on a practice node over a login that stands, as an administrator has one.

use pairadm::lab::Lab;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Ends the answer to each command.
const END: &str = "end-of-command";

/// The login with its shell.
pub struct Session {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Session {
    /// Logs in on `node` with the program that `ssh` starts.
    pub fn open(mut ssh: Command, lab: &Lab, node: &str) -> Self {
        let address = lab.node(node).expect("a node").v4;
        let mut child = ssh
            .args(["-T", "-o", "BatchMode=yes", "-o"])
            .arg(format!("UserKnownHostsFile={}", lab.known_hosts().display()))
            .arg("-i")
            .arg(lab.key())
            .args([&format!("root@{address}"), "exec sh"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("ssh starts");
        let input = child.stdin.take().expect("its input");
        let output = BufReader::new(child.stdout.take().expect("its output"));
        Self { child, input, output }
    }

    /// Runs `command` to a good end.
    pub fn run(&mut self, command: &str) {
        // In a subshell, so that `exit` ends the command and not the session.
        writeln!(self.input, "( {command} ) </dev/null >/dev/null; echo {END} $?").expect("ssh is there");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("an answer");
        assert_eq!(line.trim(), format!("{END} 0"), "{command}");
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // It ends by itself when its input ends; this only hastens it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
