//! A step that takes longer than one request: it works on a thread of its own, and every time the
//! controller asks for the step it is told how far the work is, until it is told what came of it.

use super::meter::Meter;
use super::paths::NodePaths;
use super::protocol::StepReport;
use super::step::Context;
use crate::error::{Error, Result};
use crate::model::{Moved, OpId};
use crate::plan::StepId;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long a question waits for the end before it is answered with how far the work is. Short enough
/// that a stop is acted on within a second.
const PULSE: Duration = Duration::from_millis(250);

/// No step may take longer (L2); work that stands still is stopped by the controller long before.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

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

/// The work.
#[derive(Debug)]
pub struct Job {
    /// Whose it is.
    pub op: OpId,
    /// Which step.
    pub step: StepId,
    /// Which way.
    pub way: Way,
    meter: Arc<Meter>,
    outcome: Receiver<Result<StepReport>>,
}

/// What a question finds.
#[derive(Debug)]
pub enum Found {
    /// It works.
    Going(Moved),
    /// It ended.
    Ended(Result<StepReport>),
}

impl Job {
    /// Starts `work`.
    pub fn start(
        (op, step, way): (OpId, StepId, Way),
        paths: NodePaths,
        tag: String,
        work: impl FnOnce(&Context<'_>) -> Result<StepReport> + Send + 'static,
    ) -> Self {
        let meter = Arc::new(Meter::new());
        let (teller, outcome) = channel();
        let measured = Arc::clone(&meter);
        std::thread::spawn(move || {
            let context = Context {
                paths: &paths,
                op,
                tag: &tag,
                deadline: Instant::now() + LONGEST,
                meter: &measured,
            };
            // Nobody listens any more when the agent is ending.
            let _ = teller.send(work(&context));
        });
        Self {
            op,
            step,
            way,
            meter,
            outcome,
        }
    }

    /// Waits a little for the end.
    pub fn ask(&self) -> Found {
        match self.outcome.recv_timeout(PULSE) {
            Ok(outcome) => Found::Ended(outcome),
            Err(RecvTimeoutError::Timeout) => Found::Going(self.meter.moved()),
            Err(RecvTimeoutError::Disconnected) => {
                Found::Ended(Err(Error::bug("the thread of a step ended without a word")))
            }
        }
    }

    /// Asks the work to stop.
    pub fn stop(&self) {
        self.meter.stop();
    }

    /// Stops the work and waits for its end.
    pub fn end(self) -> Result<StepReport> {
        self.meter.stop();
        self.outcome.recv_timeout(STOPPING).unwrap_or_else(|_| {
            Err(Error::unknown(
                "not_stopped",
                "the step did not stop when it was told to",
            ))
        })
    }
}
