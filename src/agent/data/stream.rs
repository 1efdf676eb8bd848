//! Runs a program whose input or output is data: from a file, into a file, as much as there is, until it
//! ends or shall stop. What it says on its standard error is kept for messages.

use crate::agent::program;
use crate::error::{Error, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How often a wish to stop is looked for. The program's end is waited for where the kernel tells it, and looked
/// for as often where it does not.
const LOOK: Duration = Duration::from_millis(20);

/// Bytes of the program's last words that go into a message.
const WORDS: u64 = 2000;

/// A program to run.
#[derive(Debug, Default)]
pub struct Stream {
    /// Read by the program; nothing when `None`.
    pub input: Option<File>,
    /// Written by the program; thrown away when `None`.
    pub output: Option<File>,
    /// Environment beside the known one.
    pub environment: Vec<(String, String)>,
    /// How long the program may take to end when it shall stop; it is killed at once when zero.
    pub grace: Duration,
}

/// How a program ended by itself.
#[derive(Debug)]
pub struct Ended {
    /// As `wait` tells it.
    pub status: ExitStatus,
    /// Its last words on standard error.
    pub words: String,
}

impl Stream {
    /// Runs `argv`, found in `search`, to its end. `watch` is called again and again meanwhile; when it
    /// fails, the program is killed with all it started, and its failure is the result. An exit but 0 has
    /// code `program_failed` with the last words.
    pub fn run(self, search: &str, argv: &[&str], watch: &mut dyn FnMut() -> Result<()>) -> Result<()> {
        let Ended { status, words } = self.end(search, argv, watch)?;
        if status.success() {
            return Ok(());
        }
        let end = match status.signal() {
            Some(signal) => format!("was ended by signal {signal}"),
            None => format!("ended with {status}"),
        };
        Err(Error::incomplete("program_failed", format!("`{}` {end}", argv.join(" "))).because(words))
    }

    /// The same for a caller who knows what the program's exit statuses mean.
    pub fn end(self, search: &str, argv: &[&str], watch: &mut dyn FnMut() -> Result<()>) -> Result<Ended> {
        let name = argv.first().copied().unwrap_or_default();
        let fault = |error: std::io::Error| {
            Error::refused("program_not_started", format!("`{name}` could not be started")).because(error)
        };
        let path = program::find(search, name).ok_or_else(|| {
            Error::refused("no_program", format!("`{name}` is not installed")).hint("install its package")
        })?;
        let mut words = tempfile::tempfile().map_err(fault)?;
        let child = Command::new(path)
            .args(argv.iter().skip(1))
            .env_clear()
            .envs([("PATH", search), ("LC_ALL", "C"), ("HOME", "/root")])
            .envs(self.environment)
            .current_dir("/")
            .process_group(0)
            .stdin(self.input.map_or_else(Stdio::null, Stdio::from))
            .stdout(self.output.map_or_else(Stdio::null, Stdio::from))
            .stderr(words.try_clone().map_err(fault)?)
            .spawn()
            .map_err(fault)?;
        let mut running = Group::of(child);
        let status = loop {
            if let Some(status) = running.child.try_wait().map_err(fault)? {
                break status;
            }
            if let Err(stop) = watch() {
                running.end_within(self.grace);
                return Err(stop);
            }
            running.wait(LOOK);
        };
        Ok(Ended {
            status,
            words: last_words(&mut words),
        })
    }
}

fn last_words(words: &mut File) -> String {
    let length = words.metadata().map(|meta| meta.len()).unwrap_or_default();
    let mut bytes = Vec::new();
    let read = words
        .seek(SeekFrom::Start(length.saturating_sub(WORDS)))
        .and_then(|_| words.read_to_end(&mut bytes));
    match read {
        Ok(_) => String::from_utf8_lossy(&bytes).trim().to_owned(),
        Err(error) => format!("what it said cannot be read: {error}"),
    }
}

/// A program with all it started; killed unless it ended.
struct Group {
    child: Child,
    /// Readable when the program has ended, see `pidfd_open(2)`.
    end: Option<OwnedFd>,
}

impl Group {
    fn of(child: Child) -> Self {
        let pid = Pid::from_child(&child);
        Self {
            end: pidfd_open(pid, PidfdFlags::empty()).ok(),
            child,
        }
    }

    /// Waits for the end of the program, but not longer.
    fn wait(&self, longest: Duration) {
        let Some(end) = &self.end else {
            std::thread::sleep(longest);
            return;
        };
        let limit = Timespec::try_from(longest).ok();
        // Interrupted, it is only a shorter wait.
        let _ = poll(&mut [PollFd::new(end, PollFlags::IN)], limit.as_ref());
    }

    /// Asks it to end and waits for that.
    fn end_within(&mut self, grace: Duration) {
        let until = Instant::now() + grace;
        if !grace.is_zero() {
            self.signal(Signal::TERM);
        }
        while Instant::now() < until && matches!(self.child.try_wait(), Ok(None)) {
            self.wait(LOOK);
        }
    }

    fn signal(&self, signal: Signal) {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // A group that is gone already is what was wanted.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(Some(_))) {
            return;
        }
        self.signal(Signal::KILL);
        // Killed, so it ends; nobody is left to wait for it otherwise.
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(stream: Stream, argv: &[&str]) -> Result<()> {
        stream.run(program::PATH, argv, &mut || Ok(()))
    }

    #[test]
    fn data_goes_through_files_however_much_it_is() {
        let mut input = tempfile::tempfile().unwrap();
        let data = vec![b'x'; 3 << 20];
        std::io::Write::write_all(&mut input, &data).unwrap();
        input.rewind().unwrap();
        let mut output = tempfile::tempfile().unwrap();
        let stream = Stream {
            input: Some(input),
            output: Some(output.try_clone().unwrap()),
            ..Stream::default()
        };
        run(stream, &["cat"]).unwrap();
        let mut got = Vec::new();
        output.rewind().unwrap();
        output.read_to_end(&mut got).unwrap();
        assert!(got == data);
    }

    #[test]
    fn a_failure_has_the_programs_last_words() {
        let error = run(Stream::default(), &["sh", "-c", "echo no room >&2; exit 3"]).unwrap_err();
        assert_eq!(error.code, "program_failed");
        assert!(error.to_string().contains("no room"), "{error}");
        assert_eq!(
            run(Stream::default(), &["no-such-program"]).unwrap_err().code,
            "no_program"
        );
    }

    #[test]
    fn a_wish_to_stop_ends_it_with_all_it_started() {
        let began = std::time::Instant::now();
        let mut looks = 0;
        let stopped = Stream::default().run(program::PATH, &["sh", "-c", "sleep 60 & sleep 60"], &mut || {
            looks += 1;
            if looks < 3 {
                Ok(())
            } else {
                Err(Error::incomplete("stopped", "stop"))
            }
        });
        assert_eq!(stopped.unwrap_err().code, "stopped");
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}
