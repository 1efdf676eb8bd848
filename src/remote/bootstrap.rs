//! Starting an agent on the other side of an SSH connection, and bringing the program there first when
//! it is missing or another build.
//!
//! A program that is only needed to look or to work once goes to a directory that is gone after a boot,
//! so that `status` leaves nothing behind and works on a read-only root; `/run` is often mounted
//! `noexec`, so there are others. The build is part of the file's name: operators with different builds
//! do not replace each other's agent. `configure` makes the agent install itself for good.
//!
//! Commands are one line for `/bin/sh` in single quotes, without `'`, `!`, `\` or newline: those mean the
//! same to every login shell, csh and fish included. SFTP is not needed.

use super::ingest;
use super::link::{AgentLink, Lines};
use super::sanitize::excerpt;
use super::ssh::{Command, Connection};
use super::wire::Wire;
use crate::agent::protocol::{HELLO_MARK, Hello, VERSION};
use crate::error::{Error, Result};
use crate::model::paths::PROGRAM;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where the program is and may be put on a node, and where it comes from.
#[derive(Debug, Clone)]
pub struct Program {
    /// The file to bring to a node.
    pub source: PathBuf,
    /// Where it is when it was installed for good.
    pub installed: String,
    /// Directories for an agent that is not, in order of preference.
    pub guest: Vec<String>,
}

impl Default for Program {
    fn default() -> Self {
        Self {
            source: PathBuf::from("/proc/self/exe"),
            installed: PROGRAM.to_owned(),
            guest: ["/run/pairadm", "/var/lib/pairadm/agent", "/dev/shm/pairadm"]
                .map(str::to_owned)
                .to_vec(),
        }
    }
}

/// Bytes a second that a slow line still moves; a program of 12 MB may take that much longer.
const SLOWEST: usize = 64 << 10;

/// How long the transfer may stand still.
const STALL: Duration = Duration::from_secs(10);

const MISSING: &str = "pairadm-agent-missing:";
const READY: &str = "pairadm-upload-ready:";
const STORED: &str = "pairadm-upload-stored:";

/// Starts the agent on a node that was logged in to.
pub(super) struct Bootstrap<'a> {
    pub connection: &'a Arc<Connection>,
    pub program: &'a Program,
    pub node: String,
    pub user: &'a str,
    pub until: Instant,
}

enum Greeting {
    Agent(Lines<Command>, Hello),
    /// No agent of this build.
    Missing {
        /// The node's machine type, as `uname -m` has it.
        machine: String,
        /// The build that answered instead.
        instead: Option<String>,
    },
}

impl Bootstrap<'_> {
    /// An agent of this very build.
    pub fn agent(mut self) -> Result<AgentLink<Command>> {
        let machine = match self.start()? {
            Greeting::Agent(lines, hello) => return self.accept(lines, hello),
            Greeting::Missing { machine, .. } => machine,
        };
        if machine != std::env::consts::ARCH {
            return Err(self.not_installed(&format!(
                "the node is of type {machine}, this program of type {}",
                std::env::consts::ARCH
            )));
        }
        let (began, planned) = (Instant::now(), self.until);
        self.bring()?;
        // The transfer does not count, so that a slow line leaves as much time for the greeting.
        self.until = planned + began.elapsed();
        match self.start()? {
            Greeting::Agent(lines, hello) => self.accept(lines, hello),
            Greeting::Missing { instead: None, .. } => {
                Err(self.not_installed("it was stored but cannot be started from there"))
            }
            Greeting::Missing {
                instead: Some(build), ..
            } => Err(self.not_installed(&format!("what was brought is build {build}, not {VERSION}"))),
        }
    }

    fn accept(&self, lines: Lines<Command>, hello: Hello) -> Result<AgentLink<Command>> {
        privileged(&hello).map_err(|error| error.on(&self.node))?;
        Ok(AgentLink::new(lines, hello, self.node.clone()))
    }

    fn start(&self) -> Result<Greeting> {
        let mut lines = self.run(&shell(self.user, &start_script(self.program)))?;
        let mut mark = self.read(lines.skip_to(&[HELLO_MARK, MISSING], self.until))?;
        if mark.is_none() && self.user != "root" && lines.wire.complaint().contains("sudo") {
            // sudo may allow nothing but the installed program.
            lines = self.run(&format!("exec sudo -n {} agent", self.program.installed))?;
            mark = self.read(lines.skip_to(&[HELLO_MARK], self.until))?;
        }
        let Some(mark) = mark else {
            return Err(self.no_agent(&lines));
        };
        let line = self.read(lines.line(self.until))?.unwrap_or_default();
        if mark == 1 {
            return Ok(Greeting::Missing {
                machine: excerpt(&line, 40),
                instead: None,
            });
        }
        let instead = match ingest::hello(&line) {
            Ok(hello) if hello.version == VERSION => return Ok(Greeting::Agent(lines, hello)),
            Ok(hello) => hello.version,
            // Another build may not even introduce itself the same way.
            Err(_) => "unknown".to_owned(),
        };
        // It ran there, so this machine's programs do.
        Ok(Greeting::Missing {
            machine: std::env::consts::ARCH.to_owned(),
            instead: Some(instead),
        })
    }

    /// Brings this program to the first directory that takes it.
    fn bring(&mut self) -> Result<()> {
        let program = std::fs::read(&self.program.source).map_err(|error| {
            Error::bug("pairadm cannot read its own program")
                .at(self.program.source.display())
                .because(error)
        })?;
        let digest = hex(&Sha256::digest(&program));
        self.until += Duration::from_secs((program.len() / SLOWEST) as u64);
        let mut refusals = Vec::new();
        for dir in &self.program.guest {
            match self.store(dir, &program, &digest)? {
                Ok(()) => return Ok(()),
                Err(why) => refusals.push(format!("{dir}: {why}")),
            }
        }
        Err(self.not_installed(&refusals.join("; ")))
    }

    /// Streams the program into `dir`, checks its hash there and gives it its name. The outer error ends
    /// the connection, the inner one says why this directory did not take it.
    fn store(&self, dir: &str, program: &[u8], digest: &str) -> Result<std::result::Result<(), String>> {
        let mut lines = self.run(&shell(self.user, &store_script(dir, digest, program.len())))?;
        if self.read(lines.skip_to(&[READY], self.until))?.is_none() {
            return Ok(Err(first_of([lines.wire.complaint(), lines.seen()])));
        }
        let sent = program
            .chunks(SLOWEST)
            .try_for_each(|piece| lines.wire.send(piece, self.until.min(Instant::now() + STALL)))
            .and_then(|()| lines.wire.end_input(self.until));
        if let Err(error) = sent
            && error.kind() == io::ErrorKind::TimedOut
        {
            return self.read(Err(error));
        }
        let stored = self.read(lines.skip_to(&[STORED], self.until))?.is_some();
        let seen = lines.seen();
        let complaint = lines.wire.complaint();
        // What is left is to say goodbye. A command that ended with input on its way may never do so, and
        // the upload's own deadline is that of a slow link.
        match lines.wire.finish(self.until.min(Instant::now() + STALL)) {
            Ok(()) if stored => Ok(Ok(())),
            Ok(()) => Ok(Err(first_of([complaint, seen]))),
            Err(error) => Ok(Err(first_of([complaint, error.to_string()]))),
        }
    }

    fn run(&self, command: &str) -> Result<Lines<Command>> {
        self.read(self.connection.exec(command, self.until))
            .map(Lines::over)
    }

    /// A failure of the connection itself.
    fn read<T>(&self, outcome: io::Result<T>) -> Result<T> {
        outcome.map_err(|error| {
            let hint = "the node answered SSH but then fell silent; look at its load and disk";
            let error = excerpt(error.to_string().as_bytes(), 200);
            Error::refused("agent_silent", "the agent could not be started in time")
                .on(&self.node)
                .because(error)
                .hint(hint)
        })
    }

    fn no_agent(&self, lines: &Lines<Command>) -> Error {
        let complaint = lines.wire.complaint();
        if self.user != "root" && complaint.contains("sudo") {
            return Error::refused(
                "sudo_refused",
                format!("{} may not act as root without a password", self.user),
            )
            .on(&self.node)
            .because(complaint)
            .hint("log in as root, or allow it: `USER ALL=(root) NOPASSWD: ALL` in /etc/sudoers.d");
        }
        let said = lines.seen();
        let said = if said.is_empty() {
            "nothing".to_owned()
        } else {
            format!("`{said}`")
        };
        let error = Error::refused("no_agent", "the login shell does not run commands")
            .on(&self.node)
            .because(format!(
                "it said {said}{}",
                if complaint.is_empty() {
                    String::new()
                } else {
                    format!(", and `{complaint}`")
                }
            ));
        error.hint("look for a forced command in authorized_keys or sshd_config, and for rc files that end the shell")
    }

    fn not_installed(&self, why: &str) -> Error {
        Error::refused("agent_install_failed", "the agent could not be put on the node")
            .on(&self.node)
            .because(why)
            .hint("one of these directories must be writable, have room for the program, and allow programs to run")
    }
}

/// The command line that runs `script` as root, whatever the login shell is.
fn shell(user: &str, script: &str) -> String {
    let sudo = if user == "root" { "" } else { "sudo -n " };
    format!("exec {sudo}/bin/sh -c '{script}'")
}

/// Runs the first agent there is: a guest of this build in a directory of root's own (one of them lies
/// where everybody may write), or the installed program.
fn start_script(program: &Program) -> String {
    let (dirs, installed) = (program.guest.join(" "), &program.installed);
    format!(
        "for d in {dirs}; do a=$d/agent-{VERSION}; \
         if [ -O $d ] && [ -s $a ] && [ -x $a ]; then exec $a agent; fi; done; \
         if [ -x {installed} ]; then exec {installed} agent; fi; echo {MISSING}$(uname -m)"
    )
}

/// Checks the directory before anything is sent: root's own, writable, and not mounted `noexec` (a file
/// without a header is still run by the shell), and with room for `size` bytes: a command that ends while its
/// input is on its way may leave the connection waiting for the rest of a packet. Two older agents are left
/// for their operators.
fn store_script(dir: &str, digest: &str, size: usize) -> String {
    format!(
        "umask 077; d={dir}; t=$d/.agent.$$; mkdir -p $d || exit 1; \
         if [ -h $d ]; then echo \"$d is a symbolic link\" >&2; exit 1; fi; \
         [ -O $d ] || {{ echo \"$d belongs to somebody else\" >&2; exit 1; }}; \
         trap \"rm -f $t\" EXIT; echo exit 0 > $t && chmod 700 $t && $t || exit 1; \
         head -c {size} /dev/zero > $t || exit 1; echo {READY}; \
         cat > $t && h=$(sha256sum < $t) || exit 1; \
         [ ${{h%% *}} = {digest} ] || {{ echo \"damaged in transfer\" >&2; exit 1; }}; \
         chmod 755 $t && {{ sync $t 2>/dev/null || sync; }} && mv -f $t $d/agent-{VERSION} || exit 1; \
         for o in $(ls -t $d/agent-* | sed 1,3d); do rm -f $o; done; echo {STORED}"
    )
}

/// Refuses an agent that cannot change the node.
pub(super) fn privileged(hello: &Hello) -> Result<()> {
    if hello.uid == 0 {
        return Ok(());
    }
    Err(Error::refused("not_root", "the agent does not run as root")
        .because(format!("it runs as user {}", hello.uid))
        .hint("log in as root or as a user who may use sudo without a password"))
}

fn first_of<const N: usize>(candidates: [String; N]) -> String {
    candidates
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_else(|| "no reason given".to_owned())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_mean_the_same_to_every_shell() {
        let program = Program::default();
        for script in [start_script(&program), store_script("/run/pairadm", "00ff", 7)] {
            assert!(!script.contains(['\'', '!', '\\', '\n']), "{script}");
            let shell = std::process::Command::new("sh")
                .args(["-n", "-c", &script])
                .status()
                .unwrap();
            assert!(shell.success(), "{script}");
        }
    }
}
