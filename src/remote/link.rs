//! The conversation with an agent over any wire: a greeting, then one JSON line a call and one a reply.

use super::Link;
use super::ingest;
use super::sanitize::excerpt;
use super::wire::Wire;
use crate::agent::protocol::{Call, Hello, Outcome, Request, Response};
use crate::error::{Error, Kind, Result};
use std::io;
use std::time::{Duration, Instant};

/// Longest line of a reply: a node's facts with whole files in them stay far below.
const LONGEST_LINE: usize = 64 << 20;

/// What login scripts may print before the agent speaks.
const MOST_NOISE: usize = 256 << 10;

/// Lines from a wire.
pub(super) struct Lines<W> {
    pub wire: W,
    buffer: Vec<u8>,
    /// Bytes of `buffer` that hold no newline.
    searched: usize,
}

impl<W: Wire> Lines<W> {
    pub fn over(wire: W) -> Self {
        Self {
            wire,
            buffer: Vec::new(),
            searched: 0,
        }
    }

    /// Skips until one of `marks` was read, wherever in a line, and tells which. `None`: the output
    /// ended or grew too long without it, and [`Self::seen`] shows what there was instead.
    pub fn skip_to(&mut self, marks: &[&str], until: Instant) -> io::Result<Option<usize>> {
        loop {
            let found = marks.iter().enumerate().filter_map(|(index, mark)| {
                let at = self
                    .buffer
                    .windows(mark.len())
                    .position(|window| window == mark.as_bytes())?;
                Some((at, index, mark.len()))
            });
            if let Some((at, index, length)) = found.min() {
                self.buffer.drain(..at + length);
                return Ok(Some(index));
            }
            if self.buffer.len() > MOST_NOISE || self.fill(until)? == 0 {
                return Ok(None);
            }
        }
    }

    /// The next whole line; `None` at the end of the output.
    pub fn line(&mut self, until: Instant) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = self.buffer[self.searched..]
                .iter()
                .position(|byte| *byte == b'\n')
            {
                let mut line: Vec<u8> = self.buffer.drain(..=self.searched + end).collect();
                line.pop();
                self.searched = 0;
                return Ok(Some(line));
            }
            self.searched = self.buffer.len();
            if self.searched > LONGEST_LINE {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a line without end"));
            }
            if self.fill(until)? == 0 {
                return Ok(None);
            }
        }
    }

    /// The beginning of what was read and not understood, for messages.
    pub fn seen(&self) -> String {
        excerpt(&self.buffer[..self.buffer.len().min(2048)], 200)
    }

    fn fill(&mut self, until: Instant) -> io::Result<usize> {
        let mut chunk = [0; 16 << 10];
        let count = self.wire.receive(&mut chunk, until)?;
        self.buffer.extend_from_slice(&chunk[..count]);
        Ok(count)
    }
}

/// An agent that has greeted.
pub(super) struct AgentLink<W> {
    lines: Lines<W>,
    hello: Hello,
    node: String,
    calls: u64,
    broken: Option<Error>,
}

impl<W: Wire> AgentLink<W> {
    pub fn new(lines: Lines<W>, hello: Hello, node: String) -> Self {
        Self {
            lines,
            hello,
            node,
            calls: 0,
            broken: None,
        }
    }

    fn converse(&mut self, call: &Call, until: Instant) -> Result<Outcome> {
        let mut line = serde_json::to_vec(call)
            .map_err(|error| Error::bug("a request could not be written as JSON").because(error))?;
        line.push(b'\n');
        let answer = self
            .lines
            .wire
            .send(&line, until)
            .and_then(|()| self.lines.line(until));
        let answer = match answer {
            Ok(Some(answer)) => answer,
            Ok(None) => return Err(self.lost("the agent ended")),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Err(self.garbled(&error)),
            Err(error) => return Err(self.lost(&error.to_string())),
        };
        match ingest::reply(&answer) {
            Ok(reply) if reply.id == call.id => Ok(reply.outcome),
            Ok(reply) => Err(self.garbled(&format!("reply {} to call {}", reply.id, call.id))),
            Err(_) => Err(self.garbled(&format!("`{}`", excerpt(&answer[..answer.len().min(2048)], 120)))),
        }
    }

    fn lost(&self, why: &str) -> Error {
        let complaint = self.lines.wire.complaint();
        let why = if complaint.is_empty() {
            why.to_owned()
        } else {
            format!("{why} ({complaint})")
        };
        Error::new(Kind::Unknown, "link_lost", "the connection to the agent was lost during a request")
            .on(&self.node)
            .because(why)
            .hint("whether the node carried the request out is not known; `pairadm status` looks, `pairadm resume` finishes or takes back")
    }

    fn garbled(&self, what: &impl std::fmt::Display) -> Error {
        Error::new(Kind::Unknown, "garbled", "the agent's answer makes no sense")
            .on(&self.node)
            .because(what)
            .hint("something else writes to the agent's output; `pairadm status` connects anew and looks")
    }
}

impl<W: Wire> Link for AgentLink<W> {
    fn hello(&self) -> &Hello {
        &self.hello
    }

    fn call(&mut self, request: Request, deadline: Duration) -> Result<Response> {
        if let Some(broken) = &self.broken {
            return Err(Error {
                code: "link_lost".to_owned(),
                ..broken.clone()
            });
        }
        let until = Instant::now() + deadline;
        self.calls += 1;
        let call = Call {
            id: self.calls,
            deadline_ms: u64::try_from(agents_share(deadline).as_millis()).unwrap_or(u64::MAX),
            request,
        };
        match self.converse(&call, until) {
            Ok(Outcome::Ok(response)) => Ok(response),
            Ok(Outcome::Err(error)) => Err(error.on(&self.node)),
            Err(error) => {
                self.broken = Some(error.clone());
                Err(error)
            }
        }
    }
}

/// The agent gives up a little earlier, so that its own, better explained error still arrives.
fn agents_share(deadline: Duration) -> Duration {
    deadline.saturating_sub((deadline / 10).min(Duration::from_millis(500)))
}
