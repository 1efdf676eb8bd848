//! `pairadm doctor`.

use super::output::Done;
use super::session::Session;
use crate::controller::Door;
use crate::controller::backend::Backend;
use crate::error::Result;
use serde_json::json;

/// Prints the findings; nothing is changed.
pub fn run(session: &Session) -> Result<Done> {
    let controller = session.controller()?;
    controller.need_pair()?;
    let findings = Door::new(controller).doctor(&session.cancel)?;
    session.output.raw(&findings);
    Done::with(json!({ "findings": findings }))
}
