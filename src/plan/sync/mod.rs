//! Plans bringing administration files from the active side to the passive one.
//!
//! ```text
//!   survey of both nodes ─> which files differ ─> their contents ─> steps on the passive side
//! ```
//!
//! What belongs to each node is in no survey: it can neither be copied nor removed. A file whose rule is
//! `translated` is translated on its way, because the passive side would have the active side's addresses.

mod files;
#[cfg(test)]
mod tests;

pub use files::wanted_files;

use super::{Action, Basis, Draft, Plan, Restart, put, translation};
use crate::config::is_within;
use crate::data::{Limit, Survey, Surveyed};
use crate::error::{Error, Result};
use crate::facts::{Facts, FactsQuery};
use crate::model::mask::masked;
use crate::model::{DataSet, DataSource, Side, Traffic};
use crate::translate::{TRANSLATION_FILE, Table, Translator};
use files::Wish;

/// What a synchronisation may move in all; what is larger is data.
const LIMIT: Limit = Limit {
    files: 2_000,
    bytes: 64 << 20,
};

/// What has to be known of either node first.
pub fn query(profile: &crate::config::Profile) -> FactsQuery {
    FactsQuery {
        files: vec![TRANSLATION_FILE.to_owned()],
        units: profile.services.clone(),
        survey: Some(Survey {
            paths: profile.admin_sync.paths.clone(),
            below: None,
            without: profile.admin_sync.own.clone(),
            table: None,
            back: false,
            limit: LIMIT,
        }),
        brief: true,
        ..FactsQuery::default()
    }
}

/// Refuses a profile without administration files.
pub fn needs_paths(profile: &crate::config::Profile) -> Result<()> {
    if profile.admin_sync.paths.is_empty() {
        return Err(Error::refused(
            "no_admin_sync",
            format!("the profile {} names no administration files", profile.name),
        )
        .at("profile")
        .hint("add [admin_sync] to a profile in /etc/pairadm/profiles.d"));
    }
    Ok(())
}

/// The side that serves calls: recorded on both nodes alike, and true of the other's traffic.
pub fn active(basis: &Basis<'_>) -> Result<Side> {
    let known = |side: Side| -> Result<Option<Side>> {
        let active = basis.state(side)?.active.as_deref();
        Ok(active.and_then(|name| Side::BOTH.into_iter().find(|&side| basis.name(side) == name)))
    };
    let (one, other) = (known(Side::Primary)?, known(Side::Secondary)?);
    let active = one.filter(|_| one == other).ok_or_else(|| {
        Error::refused("views_differ", "the nodes do not agree on which side is active")
            .hint("see `pairadm status`")
    })?;
    if basis.traffic(active.other()) == Some(Traffic::Allowed) {
        return Err(Error::refused(
            "passive_serves",
            "the passive side serves calls: its files are in use",
        )
        .on(basis.name(active.other()))
        .hint("see `pairadm status`"));
    }
    Ok(active)
}

/// The table that translates from the active side to the other.
pub fn table(basis: &Basis<'_>, active: Side) -> Result<Table> {
    let table = translation::present(basis)?.table;
    match active {
        Side::Primary => Ok(table),
        Side::Secondary => table.inverse(),
    }
}

/// What was surveyed on one node.
pub fn surveyed<'f>(basis: &Basis<'f>, side: Side) -> Result<&'f [Surveyed]> {
    let facts: &Facts = basis.need(side)?;
    facts.survey.as_deref().ok_or_else(|| {
        Error::refused("not_surveyed", "the administration files cannot be looked at")
            .on(&facts.hostname)
            .because(facts.gaps.join("; "))
            .hint("large trees are data: `pairadm data copy` moves those")
    })
}

/// Plans it; the facts hold the contents of [`wanted_files`].
pub fn plan(basis: &Basis<'_>) -> Result<Plan> {
    needs_paths(basis.profile)?;
    let active = active(basis)?;
    let passive = active.other();
    let translator = Translator::new(&table(basis, active)?)?;
    let wishes = files::wishes(basis, active, &translator)?;
    let mut draft = Draft::default();
    let mut notice = vec![format!(
        "Not service affecting: {} is passive.",
        basis.label(passive)
    )];
    draft.stage("Write files");
    let mut changed = Vec::new();
    for wish in wishes {
        match wish {
            Wish::Put(title, wanted, owner, force_mode) => {
                if let Some(mut file) = put::put_or_mode(basis.need(passive)?, wanted, force_mode)? {
                    file.owner = owner;
                    file.diff = masked(&file.diff);
                    changed.push(file.path.clone());
                    draft.step(passive, format!("{title} {}", file.path), Action::File(file));
                }
            }
            Wish::Leave(path, why) => notice.push(format!("{path} is left alone: {why}.")),
        }
    }
    if changed.is_empty() {
        notice.truncate(0);
        notice.push("Nothing to do: the files are the same.".to_owned());
    }
    let restarts = restarts(basis, passive, &changed);
    if restarts.is_empty() {
        reloads(basis, passive, &changed, &mut draft);
    } else {
        let units: Vec<&str> = restarts.iter().map(|restart| restart.unit.as_str()).collect();
        notice.push(format!(
            "{} on {} takes the change up when it is restarted: `pairadm restart` does that.",
            units.join(", "),
            basis.name(passive)
        ));
        draft.stage("Note what has to be restarted");
        let action = Action::Note {
            pending_restart: restarts,
            debt: None,
        };
        draft.step(passive, "note the restart that is due", action);
    }
    Ok(Plan {
        operation: "sync".to_owned(),
        title: format!(
            "bring administration files from {} to {}",
            basis.label(active),
            basis.label(passive)
        ),
        asked: vec![("when".to_owned(), "once".to_owned())],
        facts: basis.fingerprint(),
        notice,
        stages: draft.finish(),
        sides: Side::BOTH.to_vec(),
        service_affecting: false,
        how_to_undo: "`pairadm undo` with the number of this operation gives the files back".to_owned(),
    })
}

/// Commands by which the running service takes up what changed.
fn reloads(basis: &Basis<'_>, side: Side, changed: &[String], draft: &mut Draft) {
    let profile = basis.profile;
    let runs = |unit: &String| {
        let facts = basis.facts[side];
        facts.is_some_and(|facts| facts.unit(unit).is_some_and(|unit| unit.active == "active"))
    };
    if !profile.services.iter().any(runs) {
        return;
    }
    let holds = |set: &DataSet| match &set.source {
        DataSource::Files { paths, .. } => changed.iter().any(|path| is_within(path, paths)),
        DataSource::Sqlite { .. } | DataSource::Postgresql { .. } => false,
    };
    let sets: Vec<&str> = profile
        .data
        .iter()
        .filter(|set| holds(set))
        .map(|set| set.name.as_str())
        .collect();
    draft.stage("Take it up");
    let due = profile.load.reloads.iter();
    for reload in due.filter(|reload| reload.when.iter().any(|name| sets.contains(&name.as_str()))) {
        let action = Action::Reload {
            argv: reload.argv.clone(),
            optional: reload.optional,
            patience: profile.load.patience.clone(),
        };
        draft.step(side, format!("say `{}`", reload.argv.join(" ")), action);
    }
}

/// Services that read what changed only when they start.
fn restarts(basis: &Basis<'_>, side: Side, changed: &[String]) -> Vec<Restart> {
    let profile = basis.profile;
    let due = changed
        .iter()
        .find(|path| is_within(path, &profile.load.restart_when));
    let (Some(path), Ok(facts)) = (due, basis.need(side)) else {
        return Vec::new();
    };
    let runs = |unit: &&String| facts.unit(unit).is_some_and(|unit| unit.active == "active");
    let pending = |unit: &&String| {
        let state = facts.state.as_ref();
        state.is_some_and(|state| state.pending_restart.contains(unit))
    };
    let due = profile.services.iter().filter(runs).filter(|unit| !pending(unit));
    due.map(|unit| Restart {
        unit: unit.clone(),
        why: format!("{path} was brought from the other side"),
    })
    .collect()
}
