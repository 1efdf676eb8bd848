//! Bytes to and from a program that speaks on its standard input and output, wherever it runs.

use super::sanitize::excerpt;
use std::io;
use std::time::Instant;

/// A running program's three streams. Every wait ends at `until` with `TimedOut`.
pub(super) trait Wire: Send {
    /// Sends all of it.
    fn send(&mut self, bytes: &[u8], until: Instant) -> io::Result<()>;

    /// Receives some of standard output; 0 at its end. Standard error is drained meanwhile.
    fn receive(&mut self, buffer: &mut [u8], until: Instant) -> io::Result<usize>;

    /// The end of standard error, for messages.
    fn complaint(&self) -> String;
}

/// The last bytes of standard error.
#[derive(Debug, Default)]
pub(super) struct Tail(Vec<u8>);

impl Tail {
    /// Bytes kept: enough for the message a shell or sudo leaves.
    const LIMIT: usize = 4096;

    pub fn push(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
        if self.0.len() > 2 * Self::LIMIT {
            self.0.drain(..self.0.len() - Self::LIMIT);
        }
    }

    /// Its last line that says something, sanitized.
    pub fn last_line(&self) -> String {
        let mut lines = self
            .0
            .rsplit(|byte| *byte == b'\n')
            .map(|line| excerpt(line, 300));
        lines.find(|line| !line.is_empty()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_bounded_and_ends_with_the_last_message() {
        let mut tail = Tail::default();
        for _ in 0..10_000 {
            tail.push(b"noise\n");
        }
        tail.push(b"sudo: a password\x1b[0m is required\n\n");
        assert!(tail.0.len() <= 3 * Tail::LIMIT);
        assert_eq!(tail.last_line(), "sudo: a password is required");
    }
}
