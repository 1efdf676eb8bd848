//! `pairadm data preview-failback`.

use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::Result;
use crate::render;

/// Shows what would be lost. Reads only.
pub fn run(session: &Session) -> Result<Done> {
    let found = session.controller()?.losses(&session.cancel)?;
    session.output.say(&render::losses(&found));
    Done::with(found)
}
