//! Finding out what a failback, or the next load, would lose: the secondary's live data against what was
//! loaded there, or against the primary's live data when nothing was.

use super::comparing::survey;
use super::facts::{all, gather};
use super::{Controller, identity, names};
use crate::agent::protocol::{Request, Response};
use crate::config::Profile;
use crate::data::failback::{self, Losses};
use crate::data::{Limit, Places, RowsQuery, Survey, TableRows};
use crate::engine::Session;
use crate::error::{Error, Result};
use crate::facts::{DataQuery, FactsQuery};
use crate::model::{DataSet, DataSource, Side, paths};
use crate::translate::TRANSLATION_FILE;
use std::path::Path;
use std::time::Duration;

/// Tables with more rows are compared by their number.
const MOST_ROWS: usize = 1000;

/// Reading databases.
const READ: Duration = Duration::from_secs(60);

/// What the secondary's live data is compared with.
struct Given {
    /// Where it is.
    side: Side,
    /// Folder of saved data; `None` for live data.
    below: Option<String>,
    /// In words.
    what: String,
}

impl Controller {
    /// What was created, changed and removed on the secondary. Both nodes have to answer; nothing is
    /// changed.
    pub fn losses(&self) -> Result<Losses> {
        let pair = self.need_pair()?;
        let profile = self.profile(&pair)?;
        if profile.data.is_empty() {
            return Err(Error::refused(
                "no_data_sets",
                format!("the profile {} names no data", profile.name),
            )
            .at("profile")
            .hint("add [[data]] sections to a profile in /etc/pairadm/profiles.d"));
        }
        let mut session = self.both(&pair, "preview-failback")?;
        let (given, sets) = given(&mut session, &profile)?;
        let now = Given {
            side: Side::Secondary,
            below: None,
            what: String::new(),
        };
        let mut files = Vec::new();
        for set in &sets {
            if let DataSource::Files { paths, own } = &set.source {
                let given = surveyed(&mut session, &given, set, paths, own)?;
                let now = surveyed(&mut session, &now, set, paths, own)?;
                files.extend(failback::files(&given, &now));
            }
        }
        files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        let before = rows(&mut session, &given, &sets)?;
        let after = rows(&mut session, &now, &sets)?;
        let state = match session.ask(Side::Secondary, Request::State, READ)? {
            Response::State { state } => state,
            other => return Err(Error::bug(format!("a state was asked for: {other:?}"))),
        };
        let active = state.and_then(|state| pair.side_of(&state.active?));
        Ok(Losses {
            at: identity::now(),
            nodes: names(&pair),
            active,
            against: given.what,
            files,
            tables: failback::tables(&before, &after),
        })
    }
}

/// What was loaded last, with the data sets that it was loaded for, if its mirror is still there; else the
/// primary's live data.
fn given(session: &mut Session, profile: &Profile) -> Result<(Given, Vec<DataSet>)> {
    let facts = all(gather(session, &[Side::Secondary], |_| FactsQuery {
        data: Some(DataQuery {
            backup: profile.backup.clone(),
        }),
        brief: true,
        ..FactsQuery::default()
    }))?;
    let facts = facts.secondary.as_ref();
    let mirrors = facts.and_then(|facts| facts.data.as_ref());
    let is_there =
        |name: &str| mirrors.is_some_and(|data| data.mirrors.iter().any(|mirror| mirror.name == name));
    let loaded = facts.and_then(|facts| facts.loaded.newest());
    let Some(loaded) = loaded.filter(|loaded| is_there(&loaded.mirror)) else {
        let given = Given {
            side: Side::Primary,
            below: None,
            what: format!("the live data of {}", session.name(Side::Primary)),
        };
        return Ok((given, profile.data.clone()));
    };
    let folder = Places::under(Path::new(paths::VAR_DIR))
        .mirrors()
        .join(&loaded.mirror);
    let given = Given {
        side: Side::Secondary,
        below: Some(folder.to_string_lossy().into_owned()),
        what: format!(
            "mirror {} of {}, loaded by operation {}",
            loaded.mirror, loaded.node, loaded.op
        ),
    };
    let sets = profile.data.iter();
    let sets = sets.filter(|set| loaded.sets.contains(&set.name));
    Ok((given, sets.cloned().collect()))
}

fn surveyed(
    session: &mut Session,
    of: &Given,
    set: &DataSet,
    paths: &[String],
    own: &[String],
) -> Result<Vec<crate::data::Surveyed>> {
    let survey_of_set = Survey {
        paths: paths.to_vec(),
        below: of.below.as_ref().map(|below| format!("{below}/{}", set.name)),
        without: own.to_vec(),
        table: translates(of).then(|| TRANSLATION_FILE.to_owned()),
        limit: Limit::THOROUGH,
    };
    let facts = all(gather(session, &[of.side], |_| FactsQuery {
        survey: Some(survey_of_set.clone()),
        brief: true,
        ..FactsQuery::default()
    }))?;
    survey(facts[of.side].as_ref()).map(<[_]>::to_vec)
}

fn rows(session: &mut Session, of: &Given, sets: &[DataSet]) -> Result<Vec<TableRows>> {
    let query = RowsQuery {
        sets: sets.to_vec(),
        below: of.below.clone(),
        table: translates(of).then(|| TRANSLATION_FILE.to_owned()),
        most: MOST_ROWS,
    };
    match session.ask(of.side, Request::Rows(query), READ)? {
        Response::Rows { tables } => Ok(tables),
        other => Err(Error::bug(format!("rows were asked for, {other:?} was answered"))),
    }
}

/// The primary's data, wherever it is, has the primary's addresses.
fn translates(of: &Given) -> bool {
    of.side == Side::Primary || of.below.is_some()
}
