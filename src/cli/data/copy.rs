//! `pairadm data copy`.

use crate::cli::change;
use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::Result;
use crate::intent::{Answers, Operation};

/// Copies the primary's current backup.
pub fn run(session: &Session) -> Result<Done> {
    change::run(session, Operation::Copy, &Answers::default())
}
