//! What came of an operation.

use super::apply::end_of;
use super::backend::Finished;
use crate::error::Error;
use crate::report::{Outcome, Report, Saved};

/// An operation that was begun and came to some end.
#[derive(Debug, Clone)]
pub struct Ended {
    /// How it ended; decides the exit code.
    pub outcome: Outcome,
    /// Why it is not as asked.
    pub error: Option<Error>,
    /// The whole story.
    pub report: Report,
    /// Where the report is; an error when it could not be written.
    pub saved: Result<Saved, Error>,
}

impl From<Ended> for Finished {
    fn from(ended: Ended) -> Self {
        Self {
            op: Some(ended.report.op),
            end: end_of(ended.outcome),
            error: ended.error,
            report: ended.saved.ok().map(|saved| saved.text.display().to_string()),
        }
    }
}
