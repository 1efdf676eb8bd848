//! Runs a program of the node to its end within a deadline: no shell, a fixed search path, the C
//! locale, and never a wait on a pipe that nobody drains.

use crate::error::{Error, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Where system programs lie; the path of a non-login SSH channel often lacks the `sbin` directories.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How often an ended program whose exit status is not there yet is looked at again.
const REAP: Duration = Duration::from_micros(50);

/// A program that was started and not yet given its input. Dropping it kills it.
#[derive(Debug)]
pub struct Running {
    child: Child,
    name: String,
}

/// What a program left behind.
#[derive(Debug)]
pub struct Finished {
    /// As `wait` tells it.
    pub status: ExitStatus,
    /// Standard output; bytes that are not UTF-8 are replaced.
    pub stdout: String,
    /// Standard error, likewise.
    pub stderr: String,
}

/// Runs `argv` with `input` on its standard input.
pub fn run(argv: &[&str], input: &str, deadline: Instant) -> Result<Finished> {
    Running::start(argv)?.finish(input, deadline)
}

impl Finished {
    /// The last line of standard error, or of standard output, for messages.
    pub fn last_words(&self) -> String {
        let line = |text: &str| {
            text.lines()
                .rev()
                .find(|line| !line.trim().is_empty())
                .map(str::to_owned)
        };
        line(&self.stderr)
            .or_else(|| line(&self.stdout))
            .unwrap_or_else(|| self.status.to_string())
    }
}

impl Running {
    /// Starts `argv`; code `no_program` when it is not installed.
    pub fn start(argv: &[&str]) -> Result<Self> {
        let Some((name, arguments)) = argv.split_first() else {
            return Err(Error::bug("a program without a name was to be run"));
        };
        let child = Command::new(name)
            .args(arguments)
            .env("PATH", PATH)
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| {
                let code = if error.kind() == std::io::ErrorKind::NotFound {
                    "no_program"
                } else {
                    "program_not_started"
                };
                Error::refused(code, format!("`{name}` could not be started")).because(error)
            })?;
        Ok(Self {
            child,
            name: (*name).to_owned(),
        })
    }

    /// Gives the program its input, drains both its outputs, and waits for its end. At `deadline` it is
    /// killed and the error has code `timeout`.
    pub fn finish(mut self, input: &str, deadline: Instant) -> Result<Finished> {
        let fault = |name: &str, error: &dyn std::fmt::Display| {
            Error::unknown("program_failed", format!("`{name}` could not be talked to")).because(error)
        };
        let (stdout, stderr) = self
            .converse(input.as_bytes(), deadline)
            .map_err(|error| fault(&self.name, &error))?
            .ok_or_else(|| self.too_late())?;
        let status = loop {
            match self.child.try_wait().map_err(|error| fault(&self.name, &error))? {
                Some(status) => break status,
                None if Instant::now() >= deadline => return Err(self.too_late()),
                None => std::thread::sleep(REAP),
            }
        };
        Ok(Finished {
            status,
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        })
    }

    fn too_late(&self) -> Error {
        Error::unknown(
            "timeout",
            format!("`{}` did not end in time and was killed", self.name),
        )
    }

    /// Moves bytes both ways until both outputs end; `None` when the deadline passed first.
    fn converse(
        &mut self,
        mut input: &[u8],
        deadline: Instant,
    ) -> std::io::Result<Option<(Vec<u8>, Vec<u8>)>> {
        let mut stdin = self.child.stdin.take().filter(|_| !input.is_empty());
        if let Some(stdin) = &stdin {
            rustix::io::ioctl_fionbio(stdin, true)?;
        }
        let mut stdout = self.child.stdout.take();
        let mut stderr = self.child.stderr.take();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        while stdout.is_some() || stderr.is_some() {
            let (to, from, faults) = wait(stdin.as_ref(), stdout.as_ref(), stderr.as_ref(), deadline)?;
            if !(to || from || faults) {
                return Ok(None);
            }
            if to {
                feed(&mut stdin, &mut input)?;
            }
            if from {
                drain(&mut stdout, &mut out)?;
            }
            if faults {
                drain(&mut stderr, &mut err)?;
            }
        }
        Ok(Some((out, err)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Waits until one of the three pipes can go on, or the deadline passes.
fn wait(
    stdin: Option<&impl AsFd>,
    stdout: Option<&impl AsFd>,
    stderr: Option<&impl AsFd>,
    deadline: Instant,
) -> std::io::Result<(bool, bool, bool)> {
    let mut fds = Vec::with_capacity(3);
    fds.extend(stdin.map(|fd| PollFd::new(fd, PollFlags::OUT)));
    fds.extend(stdout.map(|fd| PollFd::new(fd, PollFlags::IN)));
    fds.extend(stderr.map(|fd| PollFd::new(fd, PollFlags::IN)));
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(left.subsec_nanos()),
        };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) => break,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut ready = fds.iter().map(|fd| !fd.revents().is_empty());
    let mut next = |present: bool| present && ready.next().unwrap_or(false);
    Ok((
        next(stdin.is_some()),
        next(stdout.is_some()),
        next(stderr.is_some()),
    ))
}

/// Writes what fits; closes the pipe when everything is written or nobody reads any more.
fn feed(stdin: &mut Option<ChildStdin>, input: &mut &[u8]) -> std::io::Result<()> {
    let Some(pipe) = stdin else { return Ok(()) };
    match pipe.write(input) {
        Ok(count) => *input = &input[count..],
        Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => *input = &[],
        Err(error) => return Err(error),
    }
    if input.is_empty() {
        *stdin = None;
    }
    Ok(())
}

/// Reads what is there; drops the pipe at its end.
fn drain(pipe: &mut Option<impl Read>, into: &mut Vec<u8>) -> std::io::Result<()> {
    let Some(source) = pipe else { return Ok(()) };
    let mut buffer = [0; 8192];
    match source.read(&mut buffer)? {
        0 => *pipe = None,
        count => into.extend_from_slice(&buffer[..count]),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(5)
    }

    #[test]
    fn input_and_both_outputs_larger_than_a_pipe_do_not_block() {
        let input = "x".repeat(300_000);
        let done = run(&["sh", "-c", "tee /dev/stderr"], &input, soon()).unwrap();
        assert!(done.status.success());
        assert_eq!((done.stdout.len(), done.stderr.len()), (input.len(), input.len()));
    }

    #[test]
    fn a_program_that_never_ends_is_killed_at_the_deadline() {
        let started = Instant::now();
        let error = run(&["sleep", "60"], "", started + Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.code, "timeout");
        assert!(started.elapsed() < Duration::from_secs(2));
    }

    #[test]
    fn a_program_that_ignores_its_input_is_no_fault() {
        let done = run(&["true"], &"x".repeat(300_000), soon()).unwrap();
        assert!(done.status.success());
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run(&["pairadm-no-such-program"], "", soon()).unwrap_err();
        assert_eq!(error.code, "no_program");
        assert!(error.message.contains("pairadm-no-such-program"));
    }
}
