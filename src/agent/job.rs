//! Work that takes longer than one request: it is done on a thread of its own, and every time the
//! controller asks for it it is told how far the work is, until it is told what came of it.

use super::meter::Meter;
use crate::error::{Error, Result};
use crate::model::{Moved, OpId};
use crate::plan::StepId;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

/// How long a question waits for the end before it is answered with how far the work is. Short enough
/// that a stop is acted on within a second.
const PULSE: Duration = Duration::from_millis(250);

/// How long work that was told to stop is waited for when the agent ends.
const STOPPING: Duration = Duration::from_secs(30);

/// Which way the step goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Applied.
    Forth,
    /// Taken back.
    Back,
}

/// Which work a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepWork {
    /// Whose it is.
    pub op: OpId,
    /// Which step.
    pub step: StepId,
    /// Which way.
    pub way: Way,
}

/// Work in progress: what it is, and what it will give.
#[derive(Debug)]
pub struct Job<W, T> {
    /// Which work it is.
    pub what: W,
    meter: Arc<Meter>,
    outcome: Receiver<Result<T>>,
}

/// What a question finds.
#[derive(Debug)]
pub enum Found<T> {
    /// It works.
    Going(Moved),
    /// It ended.
    Ended(Result<T>),
}

impl<W, T: Send + 'static> Job<W, T> {
    /// Starts `work`.
    pub fn start(what: W, work: impl FnOnce(&Meter) -> Result<T> + Send + 'static) -> Self {
        let meter = Arc::new(Meter::new());
        let (teller, outcome) = channel();
        let measured = Arc::clone(&meter);
        std::thread::spawn(move || {
            // Nobody listens any more when the agent is ending.
            let _ = teller.send(work(&measured));
        });
        Self { what, meter, outcome }
    }

    /// Waits a little for the end.
    pub fn ask(&self) -> Found<T> {
        match self.outcome.recv_timeout(PULSE) {
            Ok(outcome) => Found::Ended(outcome),
            Err(RecvTimeoutError::Timeout) => Found::Going(self.meter.moved()),
            Err(RecvTimeoutError::Disconnected) => {
                Found::Ended(Err(Error::bug("a thread of the agent ended without a word")))
            }
        }
    }

    /// How far it is.
    pub fn moved(&self) -> Moved {
        self.meter.moved()
    }

    /// What the operator is told although the work went on.
    pub fn warnings(&self) -> Vec<String> {
        self.meter.warnings()
    }

    /// Asks the work to stop.
    pub fn stop(&self) {
        self.meter.stop();
    }

    /// Stops the work and waits for its end.
    pub fn end(self) -> Result<T> {
        self.meter.stop();
        self.outcome.recv_timeout(STOPPING).unwrap_or_else(|_| {
            Err(Error::unknown(
                "not_stopped",
                "the work did not stop when it was told to",
            ))
        })
    }
}
