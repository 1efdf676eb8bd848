//! `pairadm translation check`.

use super::list::document;
use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::{Error, Kind, Result};
use crate::render::translation::problems;
use crate::render::{Line, Tone};
use crate::translate::check::Severity;

/// Names every problem; refuses when one bars a load.
pub fn run(session: &Session) -> Result<Done> {
    let view = session.controller()?.translation(&session.cancel)?;
    let found = view.problems(&view.table);
    session.output.say(&problems(&found));
    if let (None, Some(why)) = (&view.scanned, &view.not_scanned) {
        let text = format!("What is missing is not known, for the data was not searched: {why}");
        session.output.say([&Line::toned(Tone::Warning, text)]);
    }
    let bars = found
        .iter()
        .filter(|problem| problem.severity == Severity::Refuse)
        .count();
    if bars == 0 {
        if found.is_empty() {
            session
                .output
                .say([&Line::toned(Tone::Good, "No problem found.")]);
        }
        return Done::with(document(&view));
    }
    Ok(Done {
        exit_code: Kind::Refused.exit_code(),
        result: document(&view),
        error: Some(
            Error::refused(
                "translation_bars_load",
                format!("problems that bar a load: {bars}"),
            )
            .hint("decide them with `pairadm translation set FROM TO`"),
        ),
    })
}
