//! `pairadm translation check`.

use super::list::document;
use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::{Error, Result};
use crate::render::translation::problems;
use crate::render::{Line, Tone};
use crate::translate::TranslationView;
use crate::translate::check::{Problem, Severity};

/// Names every problem; refuses when one bars a load, and says so when not everything was looked at.
pub fn run(session: &Session) -> Result<Done> {
    let view = session.controller()?.translation(&session.cancel)?;
    let found = view.problems(&view.table);
    session.output.say(&problems(&found));
    let error = verdict(&view, &found);
    if error.is_none() && found.is_empty() {
        session.output.say([&Line::toned(Tone::Good, all_well(&view))]);
    }
    Ok(Done {
        exit_code: error.as_ref().map_or(0, |error| error.kind.exit_code()),
        result: document(&view),
        error,
    })
}

/// Why it is not known that all is well.
fn verdict(view: &TranslationView, found: &[Problem]) -> Option<Error> {
    let bars = found
        .iter()
        .filter(|problem| problem.severity == Severity::Refuse)
        .count();
    if bars > 0 {
        let message = format!("problems that bar a load: {bars}");
        let error = Error::refused("translation_bars_load", message)
            .hint("decide them with `pairadm translation set FROM TO`");
        return Some(error);
    }
    let unseen = view.scanned.is_none() && !view.no_data;
    unseen.then(|| {
        let why = view.not_scanned.as_deref().unwrap_or("nothing was asked");
        Error::incomplete(
            "not_searched",
            "what the table lacks is not known, for the data was not searched",
        )
        .because(why)
        .hint("run `pairadm translation scan`, then check again; a load searches all of it in any case")
    })
}

/// What can be said when nothing was found.
fn all_well(view: &TranslationView) -> String {
    match &view.scanned {
        None => "No problem in the table; there is no data yet to compare it with.".to_owned(),
        Some(scanned) if scanned.findings.opaque.is_empty() => "No problem found.".to_owned(),
        Some(scanned) => format!(
            "No problem found; {} files cannot be looked into, `pairadm translation scan` names them.",
            scanned.findings.opaque.len()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_searched_is_never_called_well() {
        let view = TranslationView {
            not_scanned: Some("it takes longer".to_owned()),
            ..TranslationView::default()
        };
        let error = verdict(&view, &[]).unwrap();
        assert_eq!((error.kind.exit_code(), error.code.as_str()), (4, "not_searched"));
        assert!(error.to_string().ends_with("it takes longer"), "{error}");
    }

    #[test]
    fn a_table_without_any_data_can_only_be_checked_by_itself() {
        let view = TranslationView {
            not_scanned: Some("there is none".to_owned()),
            no_data: true,
            ..TranslationView::default()
        };
        assert_eq!(verdict(&view, &[]), None);
        assert!(all_well(&view).contains("no data yet"));
    }
}
