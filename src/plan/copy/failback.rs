//! The failback copy: after a takeover the active secondary's data to the passive primary (A7). It is the
//! only way that data goes from the secondary to the primary.

use super::{HOW_TO_UNDO, checks, data, notice, steps};
use crate::data::failback::Losses;
use crate::error::{Error, Result};
use crate::facts::BackupFacts;
use crate::model::Side;
use crate::plan::{Action, Basis, Draft, Plan, Purpose, backup, lost, sync, translation};

/// Where the data comes from.
const SOURCE: Side = Side::Secondary;

/// What a failback copy is planned from.
#[derive(Debug, Clone, Copy)]
pub struct Failback<'a> {
    /// The pair.
    pub basis: Basis<'a>,
    /// Make the secondary's backup first.
    pub backup: bool,
    /// What the primary has and would lose when it is loaded; the error says why that is not known.
    pub losses: &'a Result<Losses>,
}

/// Plans it, or refuses.
pub fn failback(input: &Failback<'_>) -> Result<Plan> {
    let basis = &input.basis;
    let target = SOURCE.other();
    if sync::active(basis)? != SOURCE {
        let message = "the primary is active: a failback copy is for data that the active secondary made";
        return Err(Error::refused("secondary_not_active", message)
            .on(basis.name(target))
            .hint("`pairadm data copy` brings the primary's data to the secondary"));
    }
    if !basis.holds(target).is_empty() {
        let message = "the primary holds a virtual address, so it may serve calls";
        return Err(Error::refused("primary_active", message)
            .on(basis.name(target))
            .hint("see `pairadm status`"));
    }
    let present = translation::present(basis)?;
    checks::versions(basis)?;
    let held = data(basis, target)?;
    let mut draft = Draft::default();
    let made = if input.backup {
        backup::ours(basis)?;
        let live = checks::live(basis, SOURCE)?;
        checks::room(basis, live, held, SOURCE)?;
        draft.stage("Save the data");
        let order = backup::save(basis, SOURCE, Purpose::Backup)?;
        draft.step(SOURCE, "save the data that is live now", Action::Save(order));
        None
    } else {
        let backup = checks::backup(basis, SOURCE)?;
        since_takeover(basis, backup)?;
        checks::room(basis, backup.bytes, held, SOURCE)?;
        Some(backup)
    };
    steps(&mut draft, basis, SOURCE, made)?;
    let mut lines = notice(basis, made, held, SOURCE);
    lines.push(format!(
        "Nothing of {} is changed yet: `pairadm data load --failback` does that.",
        basis.name(target)
    ));
    lines.extend(lost::lines(input.losses, basis.name(target)));
    for lost in present.table.way_back().1 {
        lines.push(format!(
            "Warning: {lost}; if that address stands in the data, the load will be refused."
        ));
    }
    Ok(Plan {
        operation: "failback-copy".to_owned(),
        title: format!("copy the data of {} back", basis.label(SOURCE)),
        asked: Vec::new(),
        facts: String::new(),
        notice: lines,
        stages: draft.finish(),
        sides: Side::BOTH.to_vec(),
        service_affecting: false,
        how_to_undo: HOW_TO_UNDO.to_owned(),
    })
}

/// A backup from before the takeover lacks everything that was done since.
fn since_takeover(basis: &Basis<'_>, backup: &BackupFacts) -> Result<()> {
    let now = basis.state(SOURCE)?.generation;
    match backup.generation {
        Some(then) if then != now => {
            let message = "the secondary's backup was made before traffic moved there";
            Err(Error::refused("backup_before_takeover", message)
                .on(basis.name(SOURCE))
                .at(&backup.path)
                .because(format!(
                    "it is of generation {then}, the pair is in generation {now}"
                ))
                .hint("make one now: add --backup"))
        }
        _ => Ok(()),
    }
}
