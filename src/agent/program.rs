//! Runs a program of the node to its end within a deadline: no shell, a known environment, a process
//! group that is killed as a whole when the time is up, and never a wait on a pipe that nobody drains
//! or that a daemon keeps open. Of a long output the end is kept.

use crate::error::{Error, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process_group};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// Where system programs lie; the path of a non-login SSH channel often lacks the `sbin` directories.
pub const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Bytes kept of each output stream.
pub const OUTPUT_LIMIT: usize = 1 << 20;

/// How long an exit may go unnoticed while a grandchild keeps an output open.
const EXIT_CHECK: Duration = Duration::from_millis(10);

/// How often an ended program whose exit status is not there yet is looked at again.
const REAP: Duration = Duration::from_micros(50);

/// How long a killed program may take to go; one in an uninterruptible wait is left to the kernel.
const GONE: Duration = Duration::from_secs(1);

/// A program that was started and not yet given all its input. Dropping it kills it and all it started.
#[derive(Debug)]
pub struct Running {
    child: Child,
    name: String,
    ended: bool,
    pipes: Pipes,
    /// Its standard output is a terminal: what it says comes line by line, and not when it ends.
    talks: bool,
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

/// What came of giving a program input.
#[derive(Debug)]
pub enum Heard {
    /// Its answer, while it goes on.
    Answer(String),
    /// It ended first.
    End(Finished),
}

/// Runs `argv` with `input` on its standard input.
pub fn run(argv: &[&str], input: &str, deadline: Instant) -> Result<Finished> {
    Running::start(argv)?.finish(input, deadline)
}

/// Runs `argv`, found in the directories of `search`, without input.
pub fn run_from(search: &str, argv: &[&str], deadline: Instant) -> Result<Finished> {
    Running::start_from(search, argv)?.finish("", deadline)
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
        Self::start_from(PATH, argv)
    }

    /// The same, found in the directories of `search`.
    pub fn start_from(search: &str, argv: &[&str]) -> Result<Self> {
        Self::spawn(search, argv, None)
    }

    /// Starts `argv` so that [`Running::answer`] gets what it says while it goes on. Programs keep what they
    /// write into a pipe until they end, and write to a terminal at once: so it gets one. Where no terminal
    /// can be had, an answer is its whole output and its end.
    pub fn start_talking(argv: &[&str]) -> Result<Self> {
        Self::spawn(PATH, argv, terminal().ok())
    }

    fn spawn(search: &str, argv: &[&str], terminal: Option<(File, OwnedFd)>) -> Result<Self> {
        let Some((name, arguments)) = argv.split_first() else {
            return Err(Error::bug("a program without a name was to be run"));
        };
        let fault = |error: std::io::Error| {
            let code = if error.kind() == ErrorKind::NotFound {
                "no_program"
            } else {
                "program_not_started"
            };
            Error::refused(code, format!("`{name}` could not be started")).because(error)
        };
        let (master, slave) = terminal.unzip();
        let talks = master.is_some();
        let mut child = Command::new(find(search, name).ok_or_else(|| fault(ErrorKind::NotFound.into()))?)
            .args(arguments)
            .env_clear()
            .envs([("PATH", search), ("LC_ALL", "C"), ("HOME", "/root")])
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(slave.map_or_else(Stdio::piped, Stdio::from))
            .stderr(Stdio::piped())
            .spawn()
            .map_err(fault)?;
        let pipes = Pipes::of(&mut child, master).map_err(fault);
        let mut running = Self {
            child,
            name: (*name).to_owned(),
            ended: false,
            pipes: Pipes::default(),
            talks,
        };
        running.pipes = pipes?;
        Ok(running)
    }

    /// Gives the program its input, drains both its outputs, and waits for its end. At `deadline` it is
    /// killed with all it started, and the error has code `timeout`; what it did by then stays done.
    pub fn finish(mut self, input: &str, deadline: Instant) -> Result<Finished> {
        self.pipes.give(input, true);
        loop {
            if let Some(finished) = self.step(deadline)? {
                return Ok(finished);
            }
        }
    }

    /// Gives the program `input` and goes on to read its standard output until `whole` says that the answer
    /// is; the program then waits for more, or for [`Running::finish`]. Errors are those of `finish`.
    pub fn answer(&mut self, input: &str, deadline: Instant, whole: impl Fn(&str) -> bool) -> Result<Heard> {
        self.pipes.give(input, !self.talks);
        loop {
            if let Some(finished) = self.step(deadline)? {
                return Ok(Heard::End(finished));
            }
            let said = self.pipes.stdout.text();
            if whole(&said) {
                return Ok(Heard::Answer(said));
            }
        }
    }

    /// Moves bytes both ways, as long as there are none at most for [`EXIT_CHECK`]; what the program left
    /// behind once it has ended.
    fn step(&mut self, deadline: Instant) -> Result<Option<Finished>> {
        let name = &self.name;
        let fault = |error: std::io::Error| {
            let message = format!("`{name}` could not be talked to");
            Error::unknown("program_failed", message).because(error)
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if self.pipes.silent() {
            std::thread::sleep(left.min(REAP));
        } else {
            self.pipes.step(left.min(EXIT_CHECK)).map_err(fault)?;
        }
        if let Some(status) = self.child.try_wait().map_err(fault)? {
            self.ended = true;
            self.pipes.step(Duration::ZERO).map_err(fault)?;
            return Ok(Some(Finished {
                status,
                stdout: self.pipes.stdout.text(),
                stderr: self.pipes.stderr.text(),
            }));
        }
        if left.is_zero() {
            let message = format!("`{name}` did not end in time and was killed");
            return Err(Error::unknown("timeout", message));
        }
        Ok(None)
    }
}

/// A terminal for a program's output that passes bytes on as they are: our end, and the program's.
fn terminal() -> std::io::Result<(File, OwnedFd)> {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&master)?;
    unlockpt(&master)?;
    let path = ptsname(&master, Vec::new())?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let slave = rustix::fs::open(path, flags, Mode::empty())?;
    let mut settings = tcgetattr(&slave)?;
    settings.make_raw();
    tcsetattr(&slave, OptionalActions::Now, &settings)?;
    Ok((File::from(master), slave))
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // A group that is gone already is what was wanted.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let until = Instant::now() + GONE;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < until {
            std::thread::sleep(REAP);
        }
    }
}

/// The program's path: as given when it has a slash, else the first executable file in `search`.
pub fn find(search: &str, name: &str) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(PathBuf::from(name));
    }
    search
        .split(':')
        .map(|directory| PathBuf::from(directory).join(name))
        .find(|path| path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok())
}

/// The three pipes of a running program.
#[derive(Debug, Default)]
struct Pipes {
    stdin: Option<ChildStdin>,
    /// Not yet written.
    input: Vec<u8>,
    /// Nothing comes after `input`.
    last: bool,
    stdout: Tail,
    stderr: Tail,
}

impl Pipes {
    /// Those of `child`; its standard output is `terminal` where it has none.
    fn of(child: &mut Child, terminal: Option<File>) -> std::io::Result<Self> {
        let stdout = child.stdout.take().map(|pipe| File::from(OwnedFd::from(pipe)));
        let stderr = child.stderr.take().map(|pipe| File::from(OwnedFd::from(pipe)));
        let pipes = Self {
            stdin: child.stdin.take(),
            input: Vec::new(),
            last: false,
            stdout: Tail::of(stdout.or(terminal))?,
            stderr: Tail::of(stderr)?,
        };
        if let Some(stdin) = &pipes.stdin {
            rustix::io::ioctl_fionbio(stdin, true)?;
        }
        Ok(pipes)
    }

    /// Has `input` written by the next steps.
    fn give(&mut self, input: &str, last: bool) {
        self.input.extend_from_slice(input.as_bytes());
        self.last = last;
        if last && self.input.is_empty() {
            self.stdin = None;
        }
    }

    /// True when every pipe is closed.
    fn silent(&self) -> bool {
        self.stdin.is_none() && self.stdout.pipe.is_none() && self.stderr.pipe.is_none()
    }

    /// Waits until one of the pipes can go on, at most for `timeout`, and moves what it can.
    fn step(&mut self, timeout: Duration) -> std::io::Result<()> {
        let mut fds = Vec::with_capacity(3);
        let feeding = self.stdin.as_ref().filter(|_| !self.input.is_empty());
        fds.extend(feeding.map(|fd| PollFd::new(fd, PollFlags::OUT)));
        fds.extend(self.stdout.pipe.as_ref().map(|fd| PollFd::new(fd, PollFlags::IN)));
        fds.extend(self.stderr.pipe.as_ref().map(|fd| PollFd::new(fd, PollFlags::IN)));
        let timeout = Timespec {
            tv_sec: 0,
            tv_nsec: i64::from(timeout.subsec_nanos()),
        };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        self.feed()?;
        self.stdout.fill()?;
        self.stderr.fill()
    }

    /// Writes what fits; closes the pipe when everything is written or nobody reads any more.
    fn feed(&mut self) -> std::io::Result<()> {
        let Some(pipe) = self.stdin.as_mut().filter(|_| !self.input.is_empty()) else {
            return Ok(());
        };
        match pipe.write(&self.input) {
            Ok(count) => drop(self.input.drain(..count)),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.input.clear();
                self.stdin = None;
            }
            Err(error) => return Err(error),
        }
        if self.input.is_empty() && self.last {
            self.stdin = None;
        }
        Ok(())
    }
}

/// The end of an output stream.
#[derive(Debug, Default)]
struct Tail {
    pipe: Option<File>,
    bytes: Vec<u8>,
}

impl Tail {
    fn of(pipe: Option<File>) -> std::io::Result<Self> {
        if let Some(pipe) = &pipe {
            rustix::io::ioctl_fionbio(pipe, true)?;
        }
        Ok(Self {
            pipe,
            bytes: Vec::new(),
        })
    }

    /// Reads what is there, at most a full pipe so that an endless writer does not outlive the
    /// deadline; drops the pipe at its end.
    fn fill(&mut self) -> std::io::Result<()> {
        let mut chunk = [0; 16 * 1024];
        for _ in 0..64 {
            let Some(pipe) = &mut self.pipe else { break };
            match pipe.read(&mut chunk) {
                Ok(0) => self.pipe = None,
                // How a terminal tells that nobody has its other end any more.
                Err(error) if error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error()) => {
                    self.pipe = None;
                }
                Ok(count) => self.keep(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn keep(&mut self, chunk: &[u8]) {
        self.bytes.extend_from_slice(chunk);
        if self.bytes.len() > 2 * OUTPUT_LIMIT {
            self.bytes.drain(..self.bytes.len() - OUTPUT_LIMIT);
        }
    }

    fn text(&self) -> String {
        let from = self.bytes.len().saturating_sub(OUTPUT_LIMIT);
        String::from_utf8_lossy(&self.bytes[from..]).into_owned()
    }
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
    fn at_the_deadline_a_program_is_killed_with_all_it_started() {
        let started = Instant::now();
        // Other test runs on the machine have theirs.
        let mark = format!("61.{}", std::process::id());
        let error = run(
            &["sh", "-c", &format!("sleep {mark} & wait")],
            "",
            started + Duration::from_millis(100),
        )
        .unwrap_err();
        assert_eq!(error.code, "timeout");
        let left = || {
            std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
                let line = std::fs::read(entry.path().join("cmdline"));
                line.is_ok_and(|line| line == format!("sleep\0{mark}\0").as_bytes())
            })
        };
        // A busy kernel takes its time with what is killed.
        while left() {
            assert!(
                started.elapsed() < Duration::from_secs(30),
                "the grandchild must be killed too"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn an_answer_comes_before_the_end_and_its_end_is_waited_for() {
        let mut talking = Running::start_talking(&["grep", "said"]).unwrap();
        for word in ["one", "two"] {
            let heard = talking.answer(&format!("said {word}\n"), soon(), |said| said.contains(word));
            assert!(matches!(heard.unwrap(), Heard::Answer(said) if said.ends_with(&format!("{word}\n"))));
        }
        let done = talking.finish("", soon()).unwrap();
        assert!(done.status.success());
        assert_eq!(done.stdout, "said one\nsaid two\n");
        let mut ending = Running::start_talking(&["sh", "-c", "read line; echo no; exit 3"]).unwrap();
        let heard = ending.answer("anything\n", soon(), |_| false).unwrap();
        let Heard::End(done) = heard else {
            panic!("{heard:?}");
        };
        assert_eq!((done.stdout.as_str(), done.status.code()), ("no\n", Some(3)));
    }

    #[test]
    fn a_program_that_does_not_answer_is_cut_at_the_deadline() {
        let mut talking = Running::start_talking(&["cat"]).unwrap();
        let until = Instant::now() + Duration::from_millis(100);
        let error = talking
            .answer("one\n", until, |said| said.contains("two"))
            .unwrap_err();
        assert_eq!(error.code, "timeout");
    }

    #[test]
    fn a_program_that_ignores_its_input_is_no_fault() {
        let done = run(&["true"], &"x".repeat(300_000), soon()).unwrap();
        assert!(done.status.success());
    }

    #[test]
    fn a_daemon_that_keeps_the_output_open_does_not_hold_us_up() {
        let started = Instant::now();
        let done = run(&["sh", "-c", "sleep 60 & echo started"], "", soon()).unwrap();
        assert_eq!(done.stdout, "started\n");
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn of_endless_output_the_end_is_kept() {
        let done = run(&["sh", "-c", "head -c 5000000 /dev/zero; echo end"], "", soon()).unwrap();
        assert_eq!(done.stdout.len(), OUTPUT_LIMIT);
        assert!(done.stdout.ends_with("end\n"));
    }

    #[test]
    fn a_program_that_never_stops_writing_is_killed_too() {
        let started = Instant::now();
        let error = run(&["yes"], "", started + Duration::from_millis(100)).unwrap_err();
        assert_eq!(error.code, "timeout");
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run(&["pairadm-no-such-program"], "", soon()).unwrap_err();
        assert_eq!(error.code, "no_program");
        assert!(error.message.contains("pairadm-no-such-program"));
    }
}
