//! One deadline over a whole conversation. Time-outs of single reads and writes do not add up to one:
//! a peer that trickles a byte a second outlives them all.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// When everything has to be over. Time a person spends on a question does not count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deadline {
    until: Instant,
}

impl Deadline {
    /// Ends `span` from now.
    pub fn after(span: Duration) -> Self {
        Self {
            until: Instant::now() + span,
        }
    }

    /// The moment it ends.
    pub fn instant(&self) -> Instant {
        self.until
    }

    /// Runs something whose duration a person decides, and moves the deadline by that much.
    pub fn paused<T>(&mut self, ask: impl FnOnce() -> T) -> T {
        let asked = Instant::now();
        let answer = ask();
        self.until += asked.elapsed();
        answer
    }
}

/// The error of a deadline that passed.
pub(super) fn too_late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "no answer in time")
}

/// Fails once `until` has passed; called in every loop that a busy peer could keep going.
pub(super) fn check(until: Instant) -> io::Result<()> {
    if Instant::now() < until {
        Ok(())
    } else {
        Err(too_late())
    }
}

/// Waits until one of `fds` is ready, or fails with `TimedOut` at `until`.
pub(super) fn wait(fds: &mut [PollFd<'_>], until: Instant) -> io::Result<()> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let left = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(left.subsec_nanos()),
        };
        match poll(fds, Some(&left)) {
            Ok(0) => return Err(too_late()),
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Waits for one descriptor.
pub(super) fn wait_for(fd: &impl AsFd, flags: PollFlags, until: Instant) -> io::Result<()> {
    wait(&mut [PollFd::new(fd, flags)], until)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spent_on_a_question_is_given_back() {
        let mut deadline = Deadline::after(Duration::from_millis(20));
        deadline.paused(|| std::thread::sleep(Duration::from_millis(40)));
        assert!(check(deadline.instant()).is_ok());
    }

    #[test]
    fn waiting_ends_at_the_deadline() {
        let (reader, _writer) = std::io::pipe().unwrap();
        let started = Instant::now();
        let error = wait_for(&reader, PollFlags::IN, started + Duration::from_millis(30)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(started.elapsed() >= Duration::from_millis(30));
    }
}
