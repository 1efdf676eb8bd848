//! The agent's life: a greeting, then a reply for every call, until the end of input; and what has to
//! happen between the calls when nobody calls any more.

use super::paths::NodePaths;
use super::protocol::{Call, HELLO_MARK, Hello, Outcome, Reply, VERSION};
use super::session::Session;
use crate::error::Error;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::any::Any;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// A call may carry a package to install; more than this is no call.
const LONGEST_LINE: usize = 512 << 20;

/// How long stopping the timer may take after armed changes were taken back.
const AFTERMATH: Duration = Duration::from_secs(20);

/// Greets and answers until `input` ends, then takes back what is armed and not confirmed. Returns the
/// exit code.
pub fn serve(paths: NodePaths, input: impl Read + AsFd, mut output: impl Write) -> u8 {
    let mut session = Session::new(paths);
    let mut lines = Lines::of(input);
    let greeted = greet(&mut output);
    if greeted.is_ok() {
        while let Some(line) = next_line(&mut lines, &mut session) {
            let reply = answer(&mut session, &line);
            if say(&mut output, &reply).is_err() {
                break;
            }
        }
    }
    // The journal keeps what went wrong; there is nobody left to tell.
    match session.close(Instant::now() + AFTERMATH) {
        Ok(()) => 0,
        Err(error) => error.kind.exit_code(),
    }
}

/// Waits for the next call; takes armed changes back when their time comes first.
fn next_line<R: Read + AsFd>(lines: &mut Lines<R>, session: &mut Session) -> Option<Vec<u8>> {
    loop {
        let until = session.due().into_iter().chain(session.pulse()).min();
        match lines.next(until) {
            Ok(Next::Line(line)) => return Some(line),
            Ok(Next::Late) if session.due().is_some_and(|due| due <= Instant::now()) => {
                // The journal says so to whoever calls next.
                let _ = session.fire(Instant::now() + AFTERMATH);
            }
            Ok(Next::Late) => session.look_around(),
            Ok(Next::End) | Err(_) => return None,
        }
    }
}

fn answer(session: &mut Session, line: &[u8]) -> Reply {
    let began = Instant::now();
    let (id, result) = match serde_json::from_slice::<Call>(line) {
        Ok(call) => {
            let deadline = began + Duration::from_millis(call.deadline_ms);
            let answer = catch_unwind(AssertUnwindSafe(|| session.answer(call.request, deadline)));
            (
                call.id,
                answer.unwrap_or_else(|panic| Err(panicked(panic.as_ref()))),
            )
        }
        Err(error) => (
            0,
            Err(Error::bug("the agent was sent something that is no call").because(error)),
        ),
    };
    Reply {
        id,
        took_us: u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
        outcome: match result {
            Ok(response) => Outcome::Ok(response),
            Err(error) => Outcome::Err(error),
        },
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Error {
    let words = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no words");
    Error::bug("the agent ran into a defect")
        .because(words)
        .hint("report it with the output of `pairadm history`")
}

fn greet(output: &mut impl Write) -> io::Result<()> {
    let hello = Hello {
        version: VERSION.to_owned(),
        hostname: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        pid: std::process::id(),
        uid: rustix::process::geteuid().as_raw(),
    };
    let text = serde_json::to_string(&hello)?;
    output.write_all(format!("{HELLO_MARK}{text}\n").as_bytes())?;
    output.flush()
}

fn say(output: &mut impl Write, reply: &Reply) -> io::Result<()> {
    let mut text = serde_json::to_vec(reply)?;
    text.push(b'\n');
    output.write_all(&text)?;
    output.flush()
}

/// What came first.
enum Next {
    Line(Vec<u8>),
    Late,
    End,
}

/// Lines of a stream that can be waited for with a limit.
struct Lines<R> {
    input: R,
    buffer: Vec<u8>,
    /// Bytes of the buffer known to hold no line feed.
    searched: usize,
}

impl<R: Read + AsFd> Lines<R> {
    fn of(input: R) -> Self {
        Self {
            input,
            buffer: Vec::new(),
            searched: 0,
        }
    }

    fn next(&mut self, until: Option<Instant>) -> io::Result<Next> {
        loop {
            if let Some(line) = self.take() {
                return Ok(Next::Line(line));
            }
            if !self.wait(until)? {
                return Ok(Next::Late);
            }
            let mut chunk = [0; 16 * 1024];
            match self.input.read(&mut chunk) {
                Ok(0) => return Ok(Next::End),
                Ok(count) => self.buffer.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if self.buffer.len() > LONGEST_LINE {
                return Err(ErrorKind::InvalidData.into());
            }
        }
    }

    fn take(&mut self) -> Option<Vec<u8>> {
        let end = self.buffer[self.searched..]
            .iter()
            .position(|&byte| byte == b'\n');
        let Some(end) = end else {
            self.searched = self.buffer.len();
            return None;
        };
        let rest = self.buffer.split_off(self.searched + end + 1);
        let mut line = std::mem::replace(&mut self.buffer, rest);
        self.searched = 0;
        line.pop();
        Some(line)
    }

    /// False when `until` came first.
    fn wait(&self, until: Option<Instant>) -> io::Result<bool> {
        loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let timeout = left.map(|left| Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: left.subsec_nanos().into(),
            });
            match poll(&mut [PollFd::new(&self.input, PollFlags::IN)], timeout.as_ref()) {
                Ok(0) => return Ok(false),
                Ok(_) => return Ok(true),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
