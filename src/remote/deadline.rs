//! One deadline over a whole conversation. Time-outs of single reads and writes do not add up to one:
//! a peer that trickles a byte a second outlives them all.

use super::give_up::{GiveUp, LOOK};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// When everything has to be over. Time a person spends on a question does not count.
#[derive(Debug, Clone)]
pub(super) struct Deadline {
    until: Instant,
    give_up: GiveUp,
}

impl Deadline {
    /// Ends `span` from now, or when it is given up.
    pub fn after(span: Duration, give_up: &GiveUp) -> Self {
        Self {
            until: Instant::now() + span,
            give_up: give_up.clone(),
        }
    }

    /// The moment it ends.
    pub fn instant(&self) -> Instant {
        self.until
    }

    /// What ends it earlier.
    pub fn give_up(&self) -> &GiveUp {
        &self.give_up
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

/// Waits until one of `fds` is ready, or fails: with `TimedOut` at `until`, or because it is given up.
pub(super) fn wait(fds: &mut [PollFd<'_>], until: Instant, give_up: &GiveUp) -> io::Result<()> {
    loop {
        give_up.check_wait()?;
        let left = until.saturating_duration_since(Instant::now());
        let piece = Timespec {
            tv_sec: 0,
            tv_nsec: i64::from(left.min(LOOK).subsec_nanos()),
        };
        match poll(fds, Some(&piece)) {
            Ok(0) if left > LOOK => {}
            Ok(0) => return Err(too_late()),
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Waits for one descriptor.
pub(super) fn wait_for(fd: &impl AsFd, flags: PollFlags, until: Instant, give_up: &GiveUp) -> io::Result<()> {
    wait(&mut [PollFd::new(fd, flags)], until, give_up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spent_on_a_question_is_given_back() {
        let mut deadline = Deadline::after(Duration::from_millis(20), &GiveUp::never());
        deadline.paused(|| std::thread::sleep(Duration::from_millis(40)));
        assert!(check(deadline.instant()).is_ok());
    }

    #[test]
    fn waiting_ends_at_the_deadline() {
        let (reader, _writer) = std::io::pipe().unwrap();
        let started = Instant::now();
        let error = wait_for(
            &reader,
            PollFlags::IN,
            started + Duration::from_millis(30),
            &GiveUp::never(),
        )
        .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(started.elapsed() >= Duration::from_millis(30));
    }

    #[test]
    fn waiting_ends_when_it_is_given_up() {
        let (reader, _writer) = std::io::pipe().unwrap();
        let cancel = crate::model::Cancel::default();
        let give_up = GiveUp::when(&cancel);
        let for_ever = Instant::now() + Duration::from_secs(3600);
        let waiting = std::thread::spawn(move || wait_for(&reader, PollFlags::IN, for_ever, &give_up));
        cancel.ask();
        let error = waiting.join().unwrap().unwrap_err();
        assert_eq!(error.to_string(), "stopped on request");
    }
}
