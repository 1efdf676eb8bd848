//! The agent of the machine this runs on: a child process, spoken to over pipes.

use super::bootstrap::privileged;
use super::give_up::GiveUp;
use super::link::{AgentLink, Lines};
use super::wire::{Tail, Wire};
use super::{deadline, ingest};
use crate::agent::protocol::{HELLO_MARK, VERSION};
use crate::error::{Error, Result};
use rustix::event::{PollFd, PollFlags};
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

/// Starts `program agent` as a child and waits for its greeting.
pub(super) fn start(
    program: &Path,
    node: &str,
    until: Instant,
    give_up: &GiveUp,
) -> Result<AgentLink<Process>> {
    let refuse = |error: io::Error| {
        let fault = Error::refused("no_agent", "the local agent could not be started");
        let fault = fault.on(node).because(error);
        if rustix::process::geteuid().is_root() {
            return fault;
        }
        fault.hint("run pairadm as root, or as a user who may use sudo without a password")
    };
    let mut lines = Lines::over(Process::spawn(program, give_up).map_err(refuse)?);
    let greeted = lines.skip_to(&[HELLO_MARK], until).map_err(refuse)?;
    let line = match greeted {
        Some(_) => lines.line(until).map_err(refuse)?.unwrap_or_default(),
        None => return Err(refuse(io::Error::other(lines.wire.complaint()))),
    };
    let hello = ingest::hello(&line).map_err(|error| refuse(error.into()))?;
    if hello.version != VERSION {
        return Err(refuse(io::Error::other(format!(
            "it is of build {}, not {VERSION}",
            hello.version
        ))));
    }
    privileged(&hello).map_err(|error| error.on(node))?;
    Ok(AgentLink::new(lines, hello, node.to_owned()))
}

/// A child process with its three pipes. Dropping it ends its input, upon which an agent takes back what
/// was armed and ends.
pub(super) struct Process {
    child: Option<Child>,
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    stderr: Option<ChildStderr>,
    tail: Tail,
    give_up: GiveUp,
}

impl Process {
    fn spawn(program: &Path, give_up: &GiveUp) -> io::Result<Self> {
        let mut command = if rustix::process::geteuid().is_root() {
            let mut direct = Command::new(program);
            direct.arg0("pairadm");
            direct
        } else {
            // `/proc/self` would be sudo's own by the time it is looked at.
            let own = format!("/proc/{}/exe", std::process::id());
            let mut sudo = Command::new("sudo");
            sudo.arg("-n").arg(if program.starts_with("/proc/self") {
                Path::new(&own)
            } else {
                program
            });
            sudo
        };
        // Its own process group: Ctrl-C at the terminal is for the controller to answer.
        let mut child = command
            .arg("agent")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(io::ErrorKind::BrokenPipe.into());
        };
        rustix::io::ioctl_fionbio(&stdin, true)?;
        rustix::io::ioctl_fionbio(&stdout, true)?;
        rustix::io::ioctl_fionbio(&stderr, true)?;
        Ok(Self {
            child: Some(child),
            stdin: Some(stdin),
            stdout,
            stderr: Some(stderr),
            tail: Tail::default(),
            give_up: give_up.clone(),
        })
    }

    /// Waits for the main stream or standard error, which is drained on the way.
    fn wait(&mut self, writing: bool, until: Instant) -> io::Result<()> {
        let main = match (&self.stdin, writing) {
            (Some(stdin), true) => PollFd::new(stdin, PollFlags::OUT),
            _ => PollFd::new(&self.stdout, PollFlags::IN),
        };
        match &self.stderr {
            Some(stderr) => {
                let stderr = PollFd::new(stderr, PollFlags::IN);
                deadline::wait(&mut [main, stderr], until, &self.give_up)?;
            }
            None => deadline::wait(&mut [main], until, &self.give_up)?,
        }
        self.drain_stderr();
        Ok(())
    }

    fn drain_stderr(&mut self) {
        let mut buffer = [0; 2048];
        while let Some(stderr) = &mut self.stderr {
            match stderr.read(&mut buffer) {
                Ok(count @ 1..) => self.tail.push(&buffer[..count]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Ok(0) | Err(_) => self.stderr = None,
            }
        }
    }
}

impl Wire for Process {
    fn send(&mut self, mut bytes: &[u8], until: Instant) -> io::Result<()> {
        while !bytes.is_empty() {
            self.give_up.check_wait()?;
            deadline::check(until)?;
            let Some(stdin) = &mut self.stdin else {
                return Err(io::ErrorKind::BrokenPipe.into());
            };
            match stdin.write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(true, until)?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], until: Instant) -> io::Result<usize> {
        loop {
            self.give_up.check_wait()?;
            deadline::check(until)?;
            match self.stdout.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(false, until)?,
                Ok(0) => {
                    self.drain_stderr();
                    return Ok(0);
                }
                done => return done,
            }
        }
    }

    fn complaint(&self) -> String {
        self.tail.last_line()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stdin = None;
        let Some(mut child) = self.child.take() else {
            return;
        };
        if let Ok(None) = child.try_wait() {
            // It may take its time to take things back; it is waited for so that no zombie stays.
            let _ = std::thread::Builder::new()
                .name("agent-end".to_owned())
                .spawn(move || child.wait());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::protocol::{Request, Response};
    use crate::remote::Link;
    use crate::remote::stub;
    use std::time::Duration;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    #[test]
    fn calls_are_answered_in_order() {
        let stub = stub::Agent::answering();
        let mut link = start(stub.path(), "alpha", soon(), &GiveUp::never()).unwrap();
        for _ in 0..3 {
            assert_eq!(
                link.call(Request::Ping, Duration::from_secs(5)).unwrap(),
                Response::Done
            );
        }
    }

    #[test]
    fn a_peer_that_trickles_is_cut_at_the_deadline_and_stays_cut() {
        let stub = stub::Agent::behaving("while :; do printf x; sleep 0.01; done");
        let mut link = start(stub.path(), "alpha", soon(), &GiveUp::never()).unwrap();
        let started = Instant::now();
        let error = link.call(Request::Ping, Duration::from_millis(200)).unwrap_err();
        assert_eq!(error.code, "link_lost");
        assert!(started.elapsed() < Duration::from_secs(30));
        assert_eq!(
            link.call(Request::Ping, Duration::from_secs(5)).unwrap_err().code,
            "link_lost"
        );
    }

    #[test]
    fn what_is_no_reply_is_garbled_and_shown_without_control_characters() {
        for answer in [
            "echo \"\\033[2Jwhat\"",
            "echo '{\"id\":9,\"took_us\":1,\"outcome\":{\"ok\":{\"answer\":\"done\"}}}'",
        ] {
            let stub = stub::Agent::behaving(&format!("read -r l; {answer}; sleep 5"));
            let mut link = start(stub.path(), "alpha", soon(), &GiveUp::never()).unwrap();
            let error = link.call(Request::Ping, Duration::from_secs(2)).unwrap_err();
            assert_eq!(error.code, "garbled", "{error}");
            assert!(!error.to_string().contains('\u{1b}'));
        }
    }

    #[test]
    fn an_agent_that_dies_is_told_with_its_last_words() {
        let stub = stub::Agent::behaving("read -r l; echo out of luck >&2; exit 3");
        let mut link = start(stub.path(), "alpha", soon(), &GiveUp::never()).unwrap();
        let error = link.call(Request::Ping, Duration::from_secs(2)).unwrap_err();
        assert_eq!(error.code, "link_lost");
        assert!(error.to_string().contains("out of luck"), "{error}");
    }

    #[test]
    fn a_large_answer_beside_a_flood_of_complaints_arrives() {
        let stub = stub::Agent::behaving(
            "read -r l; i=0; while [ $i -lt 3000 ]; do echo complaint complaint complaint complaint >&2; i=$((i+1)); done; \
             printf '{\"id\":1,\"took_us\":1,\"outcome\":{\"ok\":{\"answer\":\"done\",\"pad\":\"'; head -c 3000000 /dev/zero | tr '\\0' x; echo '\"}}}'",
        );
        let mut link = start(stub.path(), "alpha", soon(), &GiveUp::never()).unwrap();
        assert_eq!(
            link.call(Request::Ping, Duration::from_secs(20)).unwrap(),
            Response::Done
        );
    }
}
