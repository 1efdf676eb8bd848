//! Runs the host's programs (`ip`, `mount`, `debootstrap`, …) with a deadline and errors that name them.

use crate::error::{Error, Result};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read, Seek, Write};
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// Enough for every program but the package tools, which set their own: `mkfs`, `umount` and a database wait
/// for the disk, which may have a build's gigabytes to write first.
const DEADLINE: Duration = Duration::from_mins(3);

/// One run of a program.
#[derive(Debug)]
pub struct Tool {
    program: OsString,
    args: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    input: Vec<u8>,
    deadline: Duration,
}

impl Tool {
    /// A run of `program`, found in `PATH`.
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        Self {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            env: vec![("LC_ALL".into(), "C".into())],
            input: Vec::new(),
            deadline: DEADLINE,
        }
    }

    /// Adds one argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, key: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env
            .push((key.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// What the program reads on standard input; nothing otherwise.
    #[must_use]
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// How long it may take before it is killed; 3 min otherwise.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Runs it; its standard output when it exits 0, else an error that holds what it complained of.
    pub fn run(self) -> Result<String> {
        let line = self.line();
        let output = self.output()?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = if output.stderr.is_empty() {
            &output.stdout
        } else {
            &output.stderr
        };
        Err(failed(&line, &output.status.to_string()).because(last_lines(said)))
    }

    /// Becomes the program: it has our terminal, and its exit code is ours. Returns only on failure.
    pub fn become_it(self) -> Error {
        let error = Command::new(&self.program)
            .args(&self.args)
            .envs(self.env.iter().map(|(key, value)| (key, value)))
            .exec();
        failed(&self.line(), "could not be run").because(error)
    }

    /// Runs it to its end, whatever its exit status.
    ///
    /// Streams go through files, not pipes: a child that outlives the program cannot hold us up.
    pub fn output(self) -> Result<Output> {
        let line = self.line();
        let io = |error: std::io::Error| failed(&line, "could not be run").because(error);
        let mut input = tempfile::tempfile().map_err(io)?;
        input
            .write_all(&self.input)
            .and_then(|()| input.rewind())
            .map_err(io)?;
        let (mut stdout, mut stderr) = (
            tempfile::tempfile().map_err(io)?,
            tempfile::tempfile().map_err(io)?,
        );
        let mut child = Command::new(&self.program)
            .args(&self.args)
            .envs(self.env.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::from(input))
            .stdout(stdout.try_clone().map_err(io)?)
            .stderr(stderr.try_clone().map_err(io)?)
            .spawn()
            .map_err(io)?;
        let end = Instant::now() + self.deadline;
        let mut pause = Duration::from_micros(200);
        let status: ExitStatus = loop {
            if let Some(status) = child.try_wait().map_err(io)? {
                break status;
            }
            if Instant::now() >= end {
                let _ = child.kill();
                let _ = child.wait();
                return Err(failed(
                    &line,
                    &format!("did not finish in {} s", self.deadline.as_secs()),
                ));
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(10));
        };
        Ok(Output {
            status,
            stdout: contents(&mut stdout).map_err(io)?,
            stderr: contents(&mut stderr).map_err(io)?,
        })
    }

    fn line(&self) -> String {
        let words: Vec<_> = std::iter::once(&self.program)
            .chain(&self.args)
            .map(|word| word.to_string_lossy())
            .collect();
        words.join(" ")
    }
}

fn contents(file: &mut File) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn failed(line: &str, how: &str) -> Error {
    Error::incomplete("lab_tool_failed", format!("`{line}`: {how}"))
}

/// The last three lines hold the reason in every tool used here.
fn last_lines(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines[lines.len().saturating_sub(3)..].join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_named_with_what_it_said() {
        let error = Tool::new("sh")
            .args(["-c", "echo why >&2; exit 3"])
            .run()
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("echo why") && error.contains("exit status: 3"),
            "{error}"
        );
        assert!(error.ends_with("why"), "{error}");
    }

    #[test]
    fn a_program_that_hangs_is_ended_even_when_its_child_keeps_the_output() {
        let before = Instant::now();
        let tool = Tool::new("sh")
            .args(["-c", "sleep 60 & sleep 60"])
            .deadline(Duration::from_millis(100));
        assert!(tool.run().unwrap_err().message.contains("did not finish"));
        assert!(before.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn input_is_read_back() {
        assert_eq!(Tool::new("cat").input("text").run().unwrap(), "text");
    }
}
