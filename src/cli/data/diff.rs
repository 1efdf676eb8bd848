//! `pairadm data diff`.

use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::Result;
use crate::render;

/// Compares the nodes. Drift is information and no failure: exit status 0.
pub fn run(session: &Session) -> Result<Done> {
    let verbose = session.common.verbose;
    let found = session.controller()?.differences(verbose, &session.cancel)?;
    session.output.say(&render::differences(&found, verbose));
    Done::with(found)
}
