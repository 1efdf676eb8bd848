//! Plans the load of a mirror, and the rollback of the newest load: on the secondary, and for a failback on
//! the passive primary, where the table is the other way round. Pure: what the folder holds and what it would
//! change on the node is in the [`Preview`] that the node made.
//!
//! ```text
//!   verify, translate, check ─> put present data aside ─> swap ─> take it up ─> is it alive? ─> record
//!                                                          └────── armed: taken back by the node ─────┘
//! ```

mod checks;
mod notice;
mod query;

pub use query::query;

use super::{Action, Basis, CountData, Draft, Plan, Purpose, StageData, SwapData, UnitVerb, backup};
use crate::config::is_within;
use crate::data::{LedgerEntry, Loaded, Origin, Preview};
use crate::error::{Error, Result};
use crate::model::{DataSet, DataSource, LoadCount, Side, digest};
use crate::translate::{NoWayBack, Table};

/// How long a service may take until it lives and answers, milliseconds.
const SERVICE_START_MS: u64 = 20_000;

/// Seconds a swap may take however little there is to do.
const LEAST_ALLOWANCE_S: u32 = 120;

/// Bytes a second that any disk and database manages.
const SLOWEST: u64 = 1 << 20;

/// What a load is planned from.
#[derive(Debug, Clone, Copy)]
pub struct LoadInput<'a> {
    /// The pair.
    pub basis: Basis<'a>,
    /// Where data is loaded: the primary for a failback.
    pub side: Side,
    /// What the node found in the mirror.
    pub preview: &'a Preview,
    /// The translation table that leads to that side.
    pub table: &'a Table,
    /// Rows of the pair's table that do not lead back from there.
    pub no_way_back: &'a [NoWayBack],
    /// Also when it is loaded already.
    pub again: bool,
}

/// Plans the load of a mirror, or refuses.
pub fn load(input: &LoadInput<'_>) -> Result<Plan> {
    let LoadInput {
        basis, preview, side, ..
    } = *input;
    let Origin::Mirror(name) = &preview.origin else {
        return Err(Error::bug("a load of what is no mirror"));
    };
    let table = decided(input.table);
    let table_digest = digest_of(&table)?;
    checks::node(&basis, side, preview)?;
    checks::mirror(&basis, side, preview)?;
    checks::way_back(&basis, side, preview, input.no_way_back)?;
    let problems = checks::translation(&basis, side, preview, input.table)?;
    let operation = verb(side);
    let title = format!("load mirror {name} on {}", basis.label(side));
    let asked = vec![("mirror".to_owned(), name.clone())];
    let known = preview.ledger.newest();
    let same = known.is_some_and(|known| known.digest == preview.digest && known.table == table_digest);
    let untouched = preview.changes.is_empty() && preview.databases.is_empty();
    if same && untouched && !input.again {
        let notice = vec![
            format!("Mirror {name} is loaded already, and files and databases are as they were loaded."),
            format!("To load it all the same: {} --again", command(side)),
        ];
        return Ok(Plan {
            notice,
            ..plan(&basis, side, operation, title, asked)
        });
    }
    let sets = chosen(&basis, preview);
    let entry = LedgerEntry::Load(Loaded {
        op: crate::model::OpId::default(),
        mirror: name.clone(),
        node: preview.manifest.node.clone(),
        made: preview.manifest.made,
        sets: sets.iter().map(|set| set.name.clone()).collect(),
        digest: preview.digest.clone(),
        table: table_digest,
        at: 0,
    });
    let work = Work {
        basis: &basis,
        side,
        preview,
        sets,
        table,
        entry,
    };
    let mut notice = notice::of(&work, known);
    if same && !preview.databases.is_empty() {
        notice.push(format!(
            "It was loaded already, and changed since: {}.",
            preview.databases.join(", ")
        ));
    }
    notice.extend(problems);
    Ok(Plan {
        notice,
        stages: work.stages()?,
        ..plan(&basis, side, operation, title, asked)
    })
}

/// Plans to make live again what was there before the newest load, or refuses.
pub fn rollback(basis: &Basis<'_>, side: Side, preview: &Preview) -> Result<Plan> {
    let newest = preview
        .ledger
        .newest()
        .ok_or_else(|| Error::bug("a rollback without a load"))?;
    checks::node(basis, side, preview)?;
    let back = match side {
        Side::Primary => "failback-rollback",
        Side::Secondary => "rollback",
    };
    let title = format!(
        "roll back the load of mirror {} on {}",
        newest.mirror,
        basis.label(side)
    );
    let work = Work {
        basis,
        side,
        preview,
        sets: chosen(basis, preview),
        table: Table::default(),
        entry: LedgerEntry::Rollback,
    };
    Ok(Plan {
        notice: notice::of(&work, Some(newest)),
        stages: work.stages()?,
        ..plan(basis, side, back, title, Vec::new())
    })
}

/// The operation's name.
const fn verb(side: Side) -> &'static str {
    match side {
        Side::Primary => "failback-load",
        Side::Secondary => "load",
    }
}

/// The command that loads on `side`.
const fn command(side: Side) -> &'static str {
    match side {
        Side::Primary => "pairadm data load --failback",
        Side::Secondary => "pairadm data load",
    }
}

/// A plan without notice and steps.
fn plan(basis: &Basis<'_>, side: Side, operation: &str, title: String, asked: Vec<(String, String)>) -> Plan {
    Plan {
        operation: operation.to_owned(),
        title,
        asked,
        facts: basis.fingerprint(),
        notice: Vec::new(),
        stages: Vec::new(),
        sides: vec![side],
        service_affecting: false,
        how_to_undo: if operation == "load" {
            "pairadm data rollback, or pairadm undo with the operation's number".to_owned()
        } else if operation == "failback-load" {
            "pairadm data rollback --failback, or pairadm undo with the operation's number".to_owned()
        } else {
            "pairadm undo with the operation's number loads the mirror's data again".to_owned()
        },
    }
}

/// The data sets that are loaded: those of the profile that the folder is for.
fn chosen(basis: &Basis<'_>, preview: &Preview) -> Vec<DataSet> {
    let names = preview.sets();
    let sets = basis.profile.data.iter();
    sets.filter(|set| names.contains(&set.name)).cloned().collect()
}

/// The rows that say something, without what they say to people.
fn decided(table: &Table) -> Table {
    let mut table = table.clone();
    table.entries.retain(|entry| entry.to.is_some());
    for entry in &mut table.entries {
        entry.note = None;
    }
    table
}

fn digest_of(table: &Table) -> Result<String> {
    let text = serde_json::to_vec(table).map_err(|error| Error::bug(error.to_string()))?;
    Ok(digest::sha256(&text))
}

/// How the running service takes the data up.
#[derive(Debug, Clone, PartialEq, Eq)]
enum TakeUp {
    /// By commands on its console.
    Reloads(Vec<crate::model::Reload>),
    /// By being restarted or reloaded as a whole.
    Services(Vec<String>),
    /// It does not run.
    Nothing,
}

/// One set of data made live in place of another.
struct Work<'w> {
    basis: &'w Basis<'w>,
    side: Side,
    preview: &'w Preview,
    sets: Vec<DataSet>,
    table: Table,
    entry: LedgerEntry,
}

impl Work<'_> {
    fn stages(&self) -> Result<Vec<super::Stage>> {
        let mut draft = Draft::default();
        let origin = &self.preview.origin;
        let names: Vec<&str> = self.sets.iter().map(|set| set.name.as_str()).collect();
        let names = names.join(", ");
        draft.stage("Make ready");
        let order = StageData {
            origin: origin.clone(),
            digest: self.preview.digest.clone(),
            sets: self.sets.clone(),
            table: self.table.clone(),
            check: self.basis.profile.load.check.clone(),
        };
        let verb = if self.table.entries.is_empty() {
            "verify and check"
        } else {
            "verify, translate and check"
        };
        draft.step(self.side, format!("{verb} {origin}"), Action::Stage(order));
        let mut aside = backup::save(self.basis, self.side, Purpose::Aside)?;
        aside.sets.clone_from(&self.sets);
        draft.step(
            self.side,
            format!("put present {names} aside"),
            Action::Save(aside),
        );
        draft.stage("Load");
        draft.armed(self.side, format!("make {names} live"), Action::Swap(self.swap()));
        draft.stage("Take it up");
        self.take_up_steps(&mut draft);
        draft.stage("See that it lives");
        self.proofs(&mut draft)?;
        self.counts(&mut draft);
        draft.stage("Record it");
        let title = match &self.entry {
            LedgerEntry::Load(loaded) => format!("record that mirror {} is loaded", loaded.mirror),
            LedgerEntry::Rollback => "record the rollback".to_owned(),
        };
        draft.armed(self.side, title, Action::Loaded(self.entry.clone()));
        Ok(draft.finish())
    }

    fn swap(&self) -> SwapData {
        let load = &self.basis.profile.load;
        let seconds = self.preview.size.1.max(self.preview.live) / SLOWEST;
        SwapData {
            sets: self.sets.clone(),
            settled: match self.take_up() {
                TakeUp::Reloads(_) => load.restart_when.clone(),
                TakeUp::Services(_) | TakeUp::Nothing => Vec::new(),
            },
            changes: self.preview.changes.clone(),
            allowance_s: LEAST_ALLOWANCE_S.saturating_add(u32::try_from(seconds).unwrap_or(u32::MAX)),
        }
    }

    /// Services of the profile that run on the node.
    fn running(&self) -> Vec<String> {
        let Ok(facts) = self.basis.need(self.side) else {
            return Vec::new();
        };
        let services = self.basis.profile.services.iter();
        services
            .filter(|name| facts.unit(name).is_some_and(|unit| unit.active == "active"))
            .cloned()
            .collect()
    }

    fn take_up(&self) -> TakeUp {
        let running = self.running();
        let load = &self.basis.profile.load;
        if running.is_empty() {
            return TakeUp::Nothing;
        }
        if load.reloads.is_empty() || self.needs_restart() {
            return TakeUp::Services(running);
        }
        let changed: Vec<&str> = self.changed_sets();
        let due = load.reloads.iter();
        let due = due.filter(|reload| reload.when.iter().any(|name| changed.contains(&name.as_str())));
        TakeUp::Reloads(due.cloned().collect())
    }

    /// True when something changes that the service reads only when it starts.
    fn needs_restart(&self) -> bool {
        let when = &self.basis.profile.load.restart_when;
        let changes = &self.preview.changes;
        let database = |set: &DataSet| match &set.source {
            DataSource::Sqlite { path, .. } => is_within(path, when),
            DataSource::Files { .. } | DataSource::Postgresql { .. } => false,
        };
        // Of changes that are not listed nothing is known.
        self.preview.more > 0
            || changes.iter().any(|change| is_within(&change.path, when))
            || self.sets.iter().any(database)
    }

    /// Names of the sets that another content is loaded into; of a database nothing else is known.
    fn changed_sets(&self) -> Vec<&str> {
        let differs = |set: &&DataSet| match &set.source {
            DataSource::Files { paths, .. } => {
                let changes = &self.preview.changes;
                changes.iter().any(|change| is_within(&change.path, paths))
            }
            DataSource::Sqlite { .. } | DataSource::Postgresql { .. } => true,
        };
        self.sets
            .iter()
            .filter(differs)
            .map(|set| set.name.as_str())
            .collect()
    }

    fn take_up_steps(&self, draft: &mut Draft) {
        match self.take_up() {
            TakeUp::Nothing => {}
            TakeUp::Reloads(reloads) => {
                for reload in reloads {
                    let title = format!("say `{}`", reload.argv.join(" "));
                    let action = Action::Reload {
                        argv: reload.argv,
                        optional: reload.optional,
                        patience: self.basis.profile.load.patience.clone(),
                    };
                    draft.armed(self.side, title, action);
                }
            }
            TakeUp::Services(services) => {
                for unit in services {
                    let verb = self.basis.profile.refresh;
                    let word = if verb == UnitVerb::Reload {
                        "reload"
                    } else {
                        "restart"
                    };
                    draft.armed(self.side, format!("{word} {unit}"), Action::Unit { unit, verb });
                }
            }
        }
    }

    /// A service that runs has to live, and one that answered before has to answer again.
    fn proofs(&self, draft: &mut Draft) -> Result<()> {
        let profile = self.basis.profile;
        if self.running().is_empty() {
            return Ok(());
        }
        if !profile.liveness_command.is_empty() {
            let action = Action::Alive {
                argv: profile.liveness_command.clone(),
                timeout_ms: SERVICE_START_MS,
            };
            draft.step(self.side, "see that the service lives", action);
        }
        let facts = self.basis.need(self.side)?;
        let answered = facts.sip.iter().find(|(_, time)| time.is_some());
        if let (Some(port), Some(&(target, _))) = (profile.sip_port, answered) {
            let action = Action::SipCheck {
                target,
                port,
                timeout_ms: SERVICE_START_MS,
            };
            draft.step(self.side, format!("see that SIP is answered at {target}"), action);
        }
        Ok(())
    }

    /// What the service has of the loaded data is compared with that by numbers, where it is known from
    /// where it has it. What was live before is taken as it was.
    fn counts(&self, draft: &mut Draft) {
        if self.running().is_empty() || matches!(self.entry, LedgerEntry::Rollback) {
            return;
        }
        let loaded = |count: &&LoadCount| {
            let mut names = self.sets.iter().map(|set| &set.name);
            names.any(|name| count.when.contains(name))
        };
        for count in self.basis.profile.load.counts.iter().filter(loaded) {
            let mut counted = self.preview.counted.iter();
            let Some(counted) = counted.find(|counted| counted.name == count.name) else {
                continue;
            };
            let origins = counted.origins();
            if origins.is_empty() {
                continue;
            }
            let action = Action::Count(CountData {
                count: count.clone(),
                sets: self.sets.clone(),
                origins,
            });
            draft.step(
                self.side,
                format!("see that the service has all {}", count.name),
                action,
            );
        }
    }
}

#[cfg(test)]
mod tests;
