//! What came of an operation.

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
