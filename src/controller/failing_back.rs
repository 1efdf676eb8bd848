//! Finding out what would be lost: by a failback of traffic or the next load, the secondary's live data
//! against what it parted from, which is what was loaded last, there or as a failback on the primary, or the
//! primary's live data when nothing was; by a failback of data, the primary's live data against what comes
//! back.

use super::comparing::survey;
use super::facts::{all, gather};
use super::{Cancel, Controller, identity, names};
use crate::agent::protocol::{Request, Response};
use crate::config::Profile;
use crate::data::failback::{self, Losses};
use crate::data::{Limit, Loaded, Places, Preview, RowsQuery, Survey, TableRows};
use crate::engine::Session;
use crate::error::{Error, Result};
use crate::facts::{DataQuery, Facts, FactsQuery};
use crate::intent::{self, Answers};
use crate::model::{BySide, DataSet, DataSource, Side, paths};
use crate::plan::copy::Failback;
use crate::plan::{self, Basis, Plan};
use crate::translate::TRANSLATION_FILE;
use std::path::Path;
use std::time::Duration;

/// Tables with more rows are compared by their number.
const MOST_ROWS: usize = 1000;

/// Reading databases.
const READ: Duration = Duration::from_secs(60);

/// Data to compare, with the addresses of the side that it is compared on.
struct Given {
    /// Where it is.
    side: Side,
    /// Folder of saved data; `None` for live data.
    below: Option<String>,
    /// How its addresses are translated.
    translated: Translated,
    /// In words.
    what: String,
}

/// How the addresses in data are translated before it is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Translated {
    No,
    /// From the primary's to the secondary's.
    There,
    /// From the secondary's to the primary's.
    Back,
}

impl Given {
    /// The live data of a node, in its own addresses.
    fn live(side: Side) -> Self {
        Self {
            side,
            below: None,
            translated: Translated::No,
            what: String::new(),
        }
    }

    fn table(&self) -> Option<String> {
        (self.translated != Translated::No).then(|| TRANSLATION_FILE.to_owned())
    }
}

impl Controller {
    /// What was created, changed and removed on the secondary. Both nodes have to answer; nothing is
    /// changed.
    pub fn losses(&self, cancel: &Cancel) -> Result<Losses> {
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
        let mut session = self.both(&pair, "preview-failback", cancel)?;
        let (given, sets) = given(&mut session, &profile)?;
        let compared = compared(&mut session, given, &Given::live(Side::Secondary), &sets)?;
        let state = match session.ask(Side::Secondary, Request::State, READ)? {
            Response::State { state } => state,
            other => return Err(Error::bug(format!("a state was asked for: {other:?}"))),
        };
        let active = state.and_then(|state| pair.side_of(&state.active?));
        Ok(Losses {
            at: identity::now(),
            nodes: names(&pair),
            active,
            ..compared
        })
    }
}

/// Plans a failback copy, with what the primary would lose by it.
pub(super) fn plan_failback_copy(
    session: &mut Session,
    answers: &Answers,
    basis: &Basis<'_>,
) -> Result<Plan> {
    let name = basis.name(Side::Secondary);
    let given = Given {
        translated: Translated::Back,
        what: format!("the live data of {name}"),
        ..Given::live(Side::Secondary)
    };
    let sets = &basis.profile.data;
    let losses = compared(session, given, &Given::live(Side::Primary), sets);
    plan::copy::failback(&Failback {
        basis: *basis,
        backup: intent::failback::makes_backup(answers),
        losses: &losses,
    })
}

/// What the primary would lose when the failback mirror of `preview` is loaded there.
pub(super) fn of_failback(session: &mut Session, basis: &Basis<'_>, preview: &Preview) -> Result<Losses> {
    let folder = Places::under(Path::new(paths::VAR_DIR)).of(&preview.origin);
    let given = Given {
        side: Side::Primary,
        below: Some(folder.to_string_lossy().into_owned()),
        translated: Translated::Back,
        what: format!("{} of {}", preview.origin, preview.manifest.node),
    };
    let sets = basis.profile.data.iter();
    let sets: Vec<DataSet> = sets
        .filter(|set| preview.sets().contains(&set.name))
        .cloned()
        .collect();
    compared(session, given, &Given::live(Side::Primary), &sets)
}

/// How `now` differs from what was `given`.
fn compared(session: &mut Session, given: Given, now: &Given, sets: &[DataSet]) -> Result<Losses> {
    let mut files = Vec::new();
    for set in sets {
        if let DataSource::Files { paths, own } = &set.source {
            let given = surveyed(session, &given, set, paths, own)?;
            let now = surveyed(session, now, set, paths, own)?;
            files.extend(failback::files(&given, &now));
        }
    }
    files.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    files.dedup_by(|a, b| a.path == b.path);
    let before = rows(session, &given, sets)?;
    let after = rows(session, now, sets)?;
    Ok(Losses {
        at: identity::now(),
        nodes: BySide::new(|side| session.name(side).to_owned()),
        active: None,
        against: given.what,
        files,
        tables: failback::tables(&before, &after),
    })
}

/// What the secondary's data parted from, with the data sets that this holds: what was loaded last, there or
/// by a failback on the primary, after which both had the same. Where nothing was, or where its mirror is
/// gone, the primary's live data.
fn given(session: &mut Session, profile: &Profile) -> Result<(Given, Vec<DataSet>)> {
    let facts = all(gather(session, &Side::BOTH, |_| FactsQuery {
        data: Some(DataQuery {
            backup: profile.backup.clone(),
            live: Vec::new(),
        }),
        brief: true,
        ..FactsQuery::default()
    })?)?;
    let names = BySide::new(|side| session.name(side).to_owned());
    let live = |because: String| {
        let given = Given {
            side: Side::Primary,
            below: None,
            translated: Translated::There,
            what: format!("the live data of {}{because}", names.primary),
        };
        (given, profile.data.clone())
    };
    let Some((side, loaded)) = parting(&facts, &names) else {
        return Ok(live(String::new()));
    };
    let held = facts[side].as_ref().and_then(|facts| facts.data.as_ref());
    if !held.is_some_and(|data| data.mirrors.iter().any(|mirror| mirror.name == loaded.mirror)) {
        return Ok(live(format!(
            ", whose own changes count as well: mirror {}, loaded on {} by operation {}, is not kept any more",
            loaded.mirror, names[side], loaded.op
        )));
    }
    let folder = Places::under(Path::new(paths::VAR_DIR))
        .mirrors()
        .join(&loaded.mirror);
    let (kind, translated) = match side {
        Side::Secondary => ("mirror", Translated::There),
        Side::Primary => ("failback mirror", Translated::No),
    };
    let given = Given {
        side,
        below: Some(folder.to_string_lossy().into_owned()),
        translated,
        what: format!(
            "{kind} {} of {}, loaded on {} by operation {}",
            loaded.mirror, loaded.node, names[side], loaded.op
        ),
    };
    let sets = profile.data.iter();
    let sets = sets.filter(|set| loaded.sets.contains(&set.name));
    Ok((given, sets.cloned().collect()))
}

/// The newest load of the other node's data on either node. Operations are numbered in order on both.
fn parting<'f>(facts: &'f BySide<Option<Facts>>, names: &BySide<String>) -> Option<(Side, &'f Loaded)> {
    let loads = Side::BOTH.into_iter().filter_map(|side| {
        let loaded = facts[side].as_ref()?.loaded.newest()?;
        (loaded.node == names[side.other()]).then_some((side, loaded))
    });
    loads.max_by_key(|(_, loaded)| loaded.op)
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
        table: of.table(),
        back: of.translated == Translated::Back,
        limit: Limit::THOROUGH,
    };
    let facts = all(gather(session, &[of.side], |_| FactsQuery {
        survey: Some(survey_of_set.clone()),
        brief: true,
        ..FactsQuery::default()
    })?)?;
    survey(facts[of.side].as_ref()).map(<[_]>::to_vec)
}

fn rows(session: &mut Session, of: &Given, sets: &[DataSet]) -> Result<Vec<TableRows>> {
    let query = RowsQuery {
        sets: sets.to_vec(),
        below: of.below.clone(),
        table: of.table(),
        back: of.translated == Translated::Back,
        most: MOST_ROWS,
    };
    match session.ask(of.side, Request::Rows(query), READ)? {
        Response::Rows { tables } => Ok(tables),
        other => Err(Error::bug(format!("rows were asked for, {other:?} was answered"))),
    }
}
