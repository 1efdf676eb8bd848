//! Whether files of the nodes differ where the profile wants them the same, or the other way round.

use super::{View, warning};
use crate::data::diff::compare;
use crate::model::BySide;
use crate::status::{Severity, Warning};

pub fn judge(view: &View<'_>) -> Option<Warning> {
    let survey = |facts: Option<&crate::facts::Facts>| facts?.survey.clone();
    let (primary, secondary) = (survey(view.facts.primary)?, survey(view.facts.secondary)?);
    let surveys = BySide {
        primary: primary.as_slice(),
        secondary: secondary.as_slice(),
    };
    let comparison = compare(&view.profile.matches, surveys);
    let first = comparison.drift().next()?;
    let text = match comparison.drift().count() {
        1 => format!("{} is not as the profile wants it on both nodes", first.path),
        count => format!(
            "{count} files are not as the profile wants them on both nodes, the first is {}",
            first.path
        ),
    };
    Some(warning(
        Severity::Info,
        "drift",
        text,
        "`pairadm data diff` tells how, with -v line by line",
    ))
}
