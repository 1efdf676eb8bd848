//! The translation table with what is known around it. Asks the nodes, changes nothing.

use super::facts::gather;
use super::looking::{Looking, look};
use super::{Cancel, Controller};
use crate::agent::protocol::{ExplainQuery, Request, Response, SearchQuery, SearchedFolder};
use crate::config::Profile;
use crate::engine::Session;
use crate::error::{Error, Result};
use crate::facts::{DataQuery, Facts, FactsQuery, MirrorFacts};
use crate::model::{BySide, Moved, Pair, Side};
use crate::plan::{self, Basis};
use crate::remote::sanitize::sanitize;
use crate::translate::{Explanation, Files, Row, Scanned, Subject, Table, TranslationView};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a list waits for a search that was not made before; a scan waits as long as it takes.
const PATIENCE: Duration = Duration::from_secs(5);

/// Code of what is said where nothing was ever saved or copied.
const NO_DATA: &str = "no_data_to_scan";

/// One address: what is known of it, and what stands where it was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// The table and its surroundings.
    pub view: TranslationView,
    /// The address in it.
    pub row: Row,
    /// Its places, where the data was searched.
    pub places: Option<Explanation>,
}

/// A folder of data, where it is, and what it is called.
struct Data {
    side: Side,
    folder: SearchedFolder,
    what: String,
    made: i64,
}

impl Controller {
    /// The table, who owns which address, and what the data holds. Works with one node. A search that
    /// takes longer is left to [`Controller::scan`].
    pub fn translation(&self, cancel: &Cancel) -> Result<TranslationView> {
        let mut survey = self.survey(cancel)?;
        let mut view = survey.view()?;
        let (began, enough) = (Instant::now(), Cancel::default());
        let told = |_: &Moved| {
            if began.elapsed() >= PATIENCE || cancel.asked() {
                enough.ask();
            }
        };
        let looking = Looking {
            told: &told,
            cancel: &enough,
        };
        survey.fill(&mut view, looking);
        cancel.heed()?;
        if enough.asked() && view.scanned.is_none() {
            view.not_scanned = Some(format!(
                "it takes longer than {} s; `pairadm translation scan` searches to the end",
                PATIENCE.as_secs()
            ));
        }
        Ok(view)
    }

    /// The table alone.
    pub fn table(&self, cancel: &Cancel) -> Result<Table> {
        Ok(self.survey(cancel)?.view()?.table)
    }

    /// Like [`Controller::translation`], searched however long it takes. One that is stopped leaves the table
    /// without the data.
    pub fn searched(&self, looking: Looking<'_>) -> Result<TranslationView> {
        let mut survey = self.survey(looking.cancel)?;
        let mut view = survey.view()?;
        survey.fill(&mut view, looking);
        Ok(view)
    }

    /// Like [`Controller::searched`], with the data of this mirror, else the newest, else the primary's
    /// backup.
    ///
    /// # Errors
    /// Refuses when there is no such data (`no_mirror`, `no_data_to_scan`, `backup_not_ours`), or when it was
    /// stopped (`cancelled`).
    pub fn scan(&self, mirror: Option<&str>, looking: Looking<'_>) -> Result<TranslationView> {
        let mut survey = self.survey(looking.cancel)?;
        let view = survey.view()?;
        let data = data(&survey.basis(), mirror)?;
        Ok(TranslationView {
            scanned: Some(survey.search(&data, looking)?),
            ..view
        })
    }

    /// Where `subject` was found, what stands there, and what becomes of it.
    ///
    /// # Errors
    /// Refuses an address that is neither in the table nor in the data (`unknown_address`).
    pub fn explain(&self, subject: Subject, looking: Looking<'_>) -> Result<Explained> {
        let mut survey = self.survey(looking.cancel)?;
        let mut view = survey.view()?;
        let mut places = None;
        match data(&survey.basis(), None) {
            Ok(data) => {
                view.scanned = Some(survey.search(&data, looking)?);
                places = Some(survey.explain(&data, subject, &view.table, looking)?);
            }
            Err(error) => view.not_scanned = Some(error.message),
        }
        let row = view.row_about(subject).ok_or_else(|| {
            Error::refused(
                "unknown_address",
                format!("`{subject}` is neither in the table nor found in the data"),
            )
            .hint("`pairadm translation list` shows the addresses that are")
        })?;
        Ok(Explained { view, row, places })
    }

    /// Asks both nodes what they have.
    fn survey(&self, cancel: &Cancel) -> Result<Survey> {
        let pair = self.need_pair()?;
        let profile = self.profile(&pair)?;
        let (mut session, faults) = self.connect(&pair, "translation", &Side::BOTH, cancel)?;
        let sides = session.up();
        let answers = gather(&mut session, &sides, |_| FactsQuery {
            data: Some(DataQuery {
                backup: profile.backup.clone(),
                live: Vec::new(),
            }),
            ..plan::translation::query()
        })?;
        let unreachable = BySide::new(|side| {
            let failed = answers[side].as_ref().and_then(|answer| answer.as_ref().err());
            faults[side].as_ref().or(failed).map(ToString::to_string)
        });
        Ok(Survey {
            pair,
            profile,
            session,
            facts: answers.map(|_, answer| answer.and_then(Result::ok).map(|(facts, _)| facts)),
            unreachable,
        })
    }
}

/// What the nodes said, and the way to ask them more.
struct Survey {
    pair: Arc<Pair>,
    profile: Profile,
    session: Session,
    facts: BySide<Option<Facts>>,
    unreachable: BySide<Option<String>>,
}

impl Survey {
    fn basis(&self) -> Basis<'_> {
        Basis {
            pair: &self.pair,
            profile: &self.profile,
            facts: self.facts.as_ref().map(|_, facts| facts.as_ref()),
        }
    }

    /// The view without the data.
    fn view(&self) -> Result<TranslationView> {
        let present = plan::translation::present(&self.basis())?;
        Ok(TranslationView {
            files: Files {
                differ: present.differ,
                shown: Some(present.side),
                unreachable: self.unreachable.clone(),
            },
            table: shown(present.table),
            scanned: None,
            not_scanned: None,
            no_data: false,
            owners: plan::translation::owners(&self.basis()),
        })
    }

    /// What the data holds, or why that is not known.
    fn fill(&mut self, view: &mut TranslationView, looking: Looking<'_>) {
        match data(&self.basis(), None).and_then(|data| self.search(&data, looking)) {
            Ok(scanned) => view.scanned = Some(scanned),
            Err(error) => {
                view.no_data = error.code == NO_DATA;
                view.not_scanned = Some(error.message);
            }
        }
    }

    /// The addresses in the data.
    fn search(&mut self, data: &Data, looking: Looking<'_>) -> Result<Scanned> {
        let request = Request::Search(Box::new(self.query(data)));
        match look(&mut self.session, data.side, &request, looking)? {
            Response::Searched(findings) => Ok(Scanned {
                side: data.side,
                what: data.what.clone(),
                made: data.made,
                findings,
            }),
            other => Err(Error::bug(format!("unexpected answer to a search: {other:?}"))),
        }
    }

    /// Every place of one address in the data.
    fn explain(
        &mut self,
        data: &Data,
        subject: Subject,
        table: &Table,
        looking: Looking<'_>,
    ) -> Result<Explanation> {
        let request = Request::Explain(Box::new(ExplainQuery {
            search: self.query(data),
            subject,
            table: table.clone(),
        }));
        match look(&mut self.session, data.side, &request, looking)? {
            Response::Explained(explanation) => Ok(*explanation),
            other => Err(Error::bug(format!(
                "unexpected answer to a search for an address: {other:?}"
            ))),
        }
    }

    fn query(&self, data: &Data) -> SearchQuery {
        SearchQuery {
            folder: data.folder.clone(),
            sets: self.profile.data.clone(),
        }
    }
}

/// The data to search: of the primary, as the secondary has it or would get it.
fn data(basis: &Basis<'_>, mirror: Option<&str>) -> Result<Data> {
    let held = |side: Side| basis.facts[side].and_then(|facts: &Facts| facts.data.as_ref());
    let mirrors: Vec<&MirrorFacts> = held(Side::Secondary)
        .into_iter()
        .flat_map(|data| data.mirrors_of(Side::Primary))
        .collect();
    let ours = |node: &str| node == basis.name(Side::Primary);
    let found = match mirror {
        Some(name) => mirrors.iter().find(|mirror| mirror.name == name),
        None => mirrors.iter().find(|mirror| ours(&mirror.node)),
    };
    if let Some(found) = found {
        return Ok(Data {
            side: Side::Secondary,
            folder: SearchedFolder::Mirror(found.name.clone()),
            what: format!("mirror {}", found.name),
            made: found.made,
        });
    }
    if let Some(name) = mirror {
        basis.need(Side::Secondary)?;
        let names: Vec<&str> = mirrors.iter().map(|mirror| mirror.name.as_str()).collect();
        let names = if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        };
        return Err(Error::refused(
            "no_mirror",
            format!(
                "`{}` is no mirror; mirrors there: {names}",
                crate::model::syntax::shown(name)
            ),
        )
        .on(basis.name(Side::Secondary))
        .at("MIRROR"));
    }
    basis.need(Side::Primary)?;
    let backup = held(Side::Primary).and_then(|data| data.backup.as_ref());
    match backup {
        Some(backup) if backup.manifest.is_some() => Ok(Data {
            side: Side::Primary,
            folder: SearchedFolder::Backup(backup.path.clone()),
            what: "current backup".to_owned(),
            made: backup.made,
        }),
        Some(_) => Err(Error::refused(
            "backup_not_ours",
            "there is no mirror yet, and something else made the backup; run `pairadm data copy` first",
        )),
        // The one that cannot be asked may have a mirror.
        None => Err(basis.need(Side::Secondary).err().unwrap_or_else(|| {
            Error::refused(
                NO_DATA,
                "there is neither a mirror nor a backup yet; run `pairadm data backup` first",
            )
        })),
    }
}

/// The table with notes as they may be shown: a person may have written anything into the file.
fn shown(mut table: Table) -> Table {
    for note in table.entries.iter_mut().filter_map(|entry| entry.note.as_mut()) {
        *note = sanitize(note).into_owned();
    }
    table
}
