//! Comparing the nodes under the profile's rules, and the texts of what differs.

use super::facts::{all, gather};
use super::{Cancel, Controller, identity, names};
use crate::agent::protocol::{Request, Response};
use crate::data::diff::{Compared, Comparison, Differences, Finding, compare};
use crate::data::{Kind, Limit, Survey, Surveyed};
use crate::engine::Session;
use crate::error::{Error, Result};
use crate::facts::{Facts, FactsQuery};
use crate::model::diff::unified;
use crate::model::mask::masked;
use crate::model::{BySide, Pair, Side};
use crate::translate::{TRANSLATION_FILE, Table, Translator};
use std::time::Duration;

/// Files that are larger are told of, but not line by line.
const LARGEST_TEXT: u64 = 256 << 10;

/// Reading one file.
const READ: Duration = Duration::from_secs(10);

impl Controller {
    /// Compares the nodes; `line_by_line` also brings the difference of each text that drifted. Both nodes
    /// have to answer.
    pub fn differences(&self, line_by_line: bool, cancel: &Cancel) -> Result<Differences> {
        let pair = self.need_pair()?;
        let profile = self.profile(&pair)?;
        if profile.matches.is_empty() {
            return Err(Error::refused(
                "no_rules",
                format!("the profile {} does not say what is to be compared", profile.name),
            )
            .at("profile")
            .hint("add [[match]] sections to a profile in /etc/pairadm/profiles.d"));
        }
        let mut session = self.both(&pair, "diff", cancel)?;
        let facts = all(gather(&mut session, &Side::BOTH, |side| FactsQuery {
            survey: Some(Survey::of_rules(&profile, side, Limit::THOROUGH)),
            brief: true,
            ..FactsQuery::default()
        })?)?;
        let surveys = BySide {
            primary: survey(facts.primary.as_ref())?,
            secondary: survey(facts.secondary.as_ref())?,
        };
        let comparison = compare(&profile.matches, surveys);
        let diffs = if line_by_line {
            texts(&mut session, &comparison, surveys)?
        } else {
            Vec::new()
        };
        Ok(Differences {
            at: identity::now(),
            nodes: names(&pair),
            profile: profile.name,
            comparison,
            diffs,
        })
    }

    /// Links to both nodes without a lock, for looking; an error names the first that cannot be reached.
    pub(super) fn both(&self, pair: &Pair, what: &str, cancel: &Cancel) -> Result<Session> {
        let (session, faults) = self.connect(pair, what, &Side::BOTH, cancel)?;
        let fault = [faults.primary, faults.secondary].into_iter().flatten().next();
        fault.map_or(Ok(session), Err)
    }
}

/// What was surveyed; an error says why it could not be.
pub(super) fn survey(facts: Option<&Facts>) -> Result<&[Surveyed]> {
    let facts = facts.ok_or_else(|| Error::bug("a node was not asked"))?;
    facts.survey.as_deref().ok_or_else(|| {
        let why = facts.gaps.join("; ");
        Error::refused("not_surveyed", "the files of this node could not be compared")
            .on(&facts.hostname)
            .because(why)
    })
}

fn texts(
    session: &mut Session,
    comparison: &Comparison,
    surveys: BySide<&[Surveyed]>,
) -> Result<Vec<(String, String)>> {
    let table = read(session, Side::Primary, TRANSLATION_FILE)?.unwrap_or_default();
    let translator = Translator::new(&Table::parse(&table, TRANSLATION_FILE)?)?;
    let has_content = |file: &&Compared| {
        matches!(
            file.finding,
            Finding::Changed | Finding::NotTranslated | Finding::Missing { .. }
        )
    };
    let mut diffs = Vec::new();
    for file in comparison.drift().filter(has_content) {
        let small = surveys.iter().all(|(_, survey)| is_small(survey, &file.path));
        let texts = BySide {
            primary: small
                .then(|| read(session, Side::Primary, &file.path))
                .transpose()?
                .flatten(),
            secondary: small
                .then(|| read(session, Side::Secondary, &file.path))
                .transpose()?
                .flatten(),
        };
        let diff = line_by_line(session, file, &texts, &translator)?;
        if !diff.is_empty() {
            diffs.push((file.path.clone(), diff));
        }
    }
    Ok(diffs)
}

/// A file that is there is short, and no link.
fn is_small(survey: &[Surveyed], path: &str) -> bool {
    let found = survey.iter().find(|file| file.path == path);
    found.is_none_or(|file| matches!(file.kind, Kind::File { size, .. } if size <= LARGEST_TEXT))
}

fn line_by_line(
    session: &Session,
    file: &Compared,
    texts: &BySide<Option<String>>,
    translator: &Translator,
) -> Result<String> {
    let mut primary = texts.primary.clone().unwrap_or_default();
    let mut name = format!("{}:{}", session.name(Side::Primary), file.path);
    if file.rule == crate::model::Expect::Translated {
        let mut translated = Vec::new();
        let counts = translator.copy(&mut primary.as_bytes(), &mut translated)?;
        if counts.total() > 0 {
            name.push_str(" (translated)");
        }
        primary = String::from_utf8(translated)
            .map_err(|error| Error::bug("a translation is not text").because(error))?;
    }
    let secondary = texts.secondary.as_deref().unwrap_or_default();
    let other = format!("{}:{}", session.name(Side::Secondary), file.path);
    Ok(masked(&unified([&name, &other], &primary, secondary)))
}

/// The text of a file; `None` when there is none, or when it is no text.
fn read(session: &mut Session, side: Side, path: &str) -> Result<Option<String>> {
    let path = path.to_owned();
    match session.ask(side, Request::Read { path }, READ)? {
        Response::File(image) => Ok(image
            .content
            .and_then(|content| String::from_utf8(content.to_bytes().ok()?).ok())),
        other => Err(Error::bug(format!(
            "a file was asked for, {other:?} was answered"
        ))),
    }
}
