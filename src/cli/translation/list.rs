//! `pairadm translation list`.

use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::Result;
use crate::render::translation::list;
use crate::translate::TranslationView;
use serde_json::{Value, json};

/// Shows the table.
pub fn run(session: &Session) -> Result<Done> {
    let view = session.controller()?.translation(&session.cancel)?;
    session.output.say(&list(&view));
    Done::with(document(&view))
}

/// The table, what was found, and what is wrong, for programs.
pub fn document(view: &TranslationView) -> Value {
    json!({
        "addresses": view.rows(&view.table),
        "problems": view.problems(&view.table),
        "files": view.files,
        "not_scanned": view.not_scanned,
        "scanned": view.scanned.as_ref().map(|scanned| json!({
            "side": scanned.side,
            "what": scanned.what,
            "made": scanned.made,
            "opaque": scanned.findings.opaque,
        })),
    })
}
