//! `pairadm data list`.

use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::Result;
use crate::render;
use serde_json::json;

/// Shows the primary's backup and the secondary's mirrors.
pub fn run(session: &Session) -> Result<Done> {
    let held = session.controller()?.data_held(&session.cancel)?;
    session.output.say(&render::data_held(&held));
    Done::with(json!({ "primary": held.primary, "secondary": held.secondary }))
}
