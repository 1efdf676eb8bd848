//! The node's recorded state: read, replaced atomically, and given back; and what would stand in the way.
//!
//! Restarts are the one part that is not planned but happens: they are added as they happen, and take
//! a unit off the pending list; both is kept when the rest is compared.

mod damage;

use super::file::{check_own, check_room, existing_directory, fault};
use super::journal;
use super::paths::NodePaths;
use super::protocol::StepReport;
use crate::agent::boundary;
use crate::error::{Error, Result};
use crate::model::{Debt, Generation, NodeState, OpId};
use crate::plan::Restart;
use serde::Serialize;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

/// Restarts remembered: enough to warn of repeated ones.
const RESTARTS: usize = 20;

/// Bytes for the state's draft, beside what the operation's journal sets aside.
const ROOM: u64 = journal::RESERVE + 64 * 1024;

/// The recorded state; `None` on a node that was never configured.
pub fn read(paths: &NodePaths) -> Result<Option<NodeState>> {
    let path = paths.state();
    let unreadable = |code: &str, why: &dyn std::fmt::Display| {
        Error::unknown(code, "the recorded state cannot be read")
            .at(path.display())
            .because(why)
            .hint("compare with the peer's; `pairadm configure` writes it anew")
    };
    match std::fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| unreadable(damage::CODE, &error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable("state_unreadable", &error)),
    }
}

/// What writing it anew finds: of a damaged state nothing is known.
pub fn find(paths: &NodePaths) -> Result<Option<NodeState>> {
    damage::as_none(read(paths))
}

/// Refuses with what would keep the state from being replaced: it is the last thing that a takeover writes, when
/// calls have moved already.
pub fn check_replaceable(paths: &NodePaths) -> Result<()> {
    let path = paths.state();
    check_own(&path)?;
    check_room(&existing_directory(&path)?, ROOM)
}

/// Writes `wanted` for `op`, restarts that happened meanwhile kept, and reads it back.
pub fn apply(paths: &NodePaths, op: OpId, wanted: &NodeState) -> Result<StepReport> {
    let here = match read(paths) {
        Err(error) if damage::is(&error) => {
            damage::keep(paths, op)?;
            None
        }
        read => read?,
    };
    let wanted = with_restarts(wanted.clone(), here.as_ref());
    let changed = here.as_ref() != Some(&wanted);
    if changed {
        write(paths, &wanted)?;
    }
    if read(paths)?.as_ref() != Some(&wanted) {
        return Err(unverified(paths));
    }
    Ok(report(changed, &wanted))
}

/// Compares, except for what restarts change.
pub fn verify(paths: &NodePaths, wanted: &NodeState) -> Result<StepReport> {
    let here = read(paths)?;
    if here.as_ref().is_some_and(|here| same(here, wanted)) {
        return Ok(report(false, wanted));
    }
    Err(unverified(paths))
}

/// Gives `before` back, if the state is still as written.
pub fn revert(
    paths: &NodePaths,
    op: OpId,
    written: &NodeState,
    before: Option<&NodeState>,
) -> Result<StepReport> {
    let here = find(paths)?;
    match (&here, before) {
        (None, None) => Ok(report(false, written)),
        (Some(here), Some(before)) if same(here, before) => Ok(report(false, before)),
        (Some(here), _) if !same(here, written) => Err(Error::refused(
            "changed_since",
            "the recorded state changed since",
        )
        .at(paths.state().display())
        .because(format!(
            "generation {} was written, {} is there",
            written.generation, here.generation
        ))
        .hint("a later operation went on from here: undo that one first")),
        (None, Some(before)) => put(paths, before.clone(), None),
        (Some(here), Some(before)) => put(paths, before.clone(), Some(here)),
        (Some(_), None) if damage::give_back(paths, op)? => Ok(report(true, written)),
        (Some(_), None) => {
            let path = paths.state();
            std::fs::remove_file(&path)
                .map_err(|error| fault(&path, "the recorded state cannot be removed", &error))?;
            sync(&path)?;
            Ok(report(true, written))
        }
    }
}

/// Adds pending restarts and a debt.
pub fn note(paths: &NodePaths, pending: &[Restart], debt: Option<&Debt>) -> Result<StepReport> {
    let here = configured(paths)?;
    let state = noted(here.clone(), pending, debt);
    let changed = here != state;
    if changed {
        write(paths, &state)?;
    }
    let units: Vec<&str> = pending.iter().map(|restart| restart.unit.as_str()).collect();
    let detail = match debt {
        Some(debt) => format!("owed to {}: {}", debt.node, debt.what),
        None => format!("restart pending: {}", units.join(", ")),
    };
    verify(paths, &state).map(|_| StepReport {
        changed,
        detail,
        backup: None,
    })
}

/// Compares.
pub fn verify_note(paths: &NodePaths, pending: &[Restart], debt: Option<&Debt>) -> Result<StepReport> {
    let here = configured(paths)?;
    let wanted = noted(here.clone(), pending, debt);
    if here == wanted {
        return Ok(report(false, &here));
    }
    Err(unverified(paths))
}

/// Takes away what `note` added to `before`.
pub fn revert_note(
    paths: &NodePaths,
    pending: &[Restart],
    debt: Option<&Debt>,
    before: Option<&NodeState>,
) -> Result<StepReport> {
    let Some(mut state) = read(paths)? else {
        return Ok(StepReport {
            changed: false,
            detail: "no recorded state".to_owned(),
            backup: None,
        });
    };
    let here = state.clone();
    state.pending_restart.retain(|unit| {
        before.is_some_and(|before| before.pending_restart.contains(unit))
            || !pending.iter().any(|restart| restart.unit == *unit)
    });
    state
        .debts
        .retain(|known| before.is_some_and(|before| before.debts.contains(known)) || Some(known) != debt);
    if here != state {
        write(paths, &state)?;
    }
    Ok(report(here != state, &state))
}

/// Remembers that a unit was restarted now: its pending restart is done.
pub fn restarted(paths: &NodePaths, unit: &str, now: i64) -> Result<()> {
    let Some(mut state) = read(paths)? else {
        return Ok(());
    };
    state.pending_restart.retain(|pending| pending != unit);
    state.restarts.push(now);
    let excess = state.restarts.len().saturating_sub(RESTARTS);
    state.restarts.drain(..excess);
    write(paths, &state)
}

fn configured(paths: &NodePaths) -> Result<NodeState> {
    read(paths)?.ok_or_else(|| {
        Error::refused(
            "not_configured",
            "this node has no recorded state to note anything in",
        )
        .at(paths.state().display())
        .hint("run `pairadm configure` first")
    })
}

fn noted(mut state: NodeState, pending: &[Restart], debt: Option<&Debt>) -> NodeState {
    for restart in pending {
        if !state.pending_restart.contains(&restart.unit) {
            state.pending_restart.push(restart.unit.clone());
        }
    }
    if let Some(debt) = debt.filter(|debt| !state.debts.contains(debt)) {
        state.debts.push(debt.clone());
    }
    state
}

fn unverified(paths: &NodePaths) -> Error {
    Error::incomplete("state_not_verified", "the recorded state is not what was written")
        .at(paths.state().display())
        .hint("something else writes it; see who does")
}

fn put(paths: &NodePaths, state: NodeState, here: Option<&NodeState>) -> Result<StepReport> {
    let mut state = with_restarts(state, here);
    // The way back is a step forward in time: the peer must not take this view for an older one.
    state.generation = state
        .generation
        .max(here.map_or(state.generation, |here| here.generation));
    write(paths, &state)?;
    verify(paths, &state).map(|report| StepReport {
        changed: true,
        ..report
    })
}

fn with_restarts(mut state: NodeState, here: Option<&NodeState>) -> NodeState {
    if let Some(here) = here {
        state.restarts.extend(&here.restarts);
        state.restarts.sort_unstable();
        state.restarts.dedup();
        let excess = state.restarts.len().saturating_sub(RESTARTS);
        state.restarts.drain(..excess);
    }
    state
}

/// Alike but for what restarts change and for the generation, which only ever rises: after a takeover
/// and its undo a node is as it was.
fn same(one: &NodeState, other: &NodeState) -> bool {
    let without = |state: &NodeState| NodeState {
        restarts: Vec::new(),
        pending_restart: Vec::new(),
        generation: Generation::default(),
        last_op: OpId::default(),
        ..state.clone()
    };
    without(one) == without(other)
}

fn write(paths: &NodePaths, state: &NodeState) -> Result<()> {
    replace(&paths.state(), state)
}

/// Writes what a node remembers as JSON: the old or the new, never a part (S4).
pub(super) fn replace(path: &Path, value: &impl Serialize) -> Result<()> {
    let failed = |error: std::io::Error| fault(path, "the recorded state cannot be written", &error);
    let directory = path.parent().unwrap_or(Path::new("/"));
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(directory)
        .map_err(failed)?;
    let mut text = serde_json::to_vec_pretty(value).map_err(|error| Error::bug(error.to_string()))?;
    text.push(b'\n');
    let mut draft = tempfile::Builder::new()
        .prefix(".state")
        .tempfile_in(directory)
        .map_err(failed)?;
    draft.write_all(&text).map_err(failed)?;
    // The boot guard and people read it.
    draft
        .as_file()
        .set_permissions(std::fs::Permissions::from_mode(0o644))
        .map_err(failed)?;
    draft.as_file().sync_all().map_err(failed)?;
    boundary::reached("state draft synced");
    draft.persist(path).map_err(|error| failed(error.error))?;
    boundary::reached("state renamed");
    sync(path)
}

fn sync(path: &Path) -> Result<()> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    std::fs::File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| fault(directory, "the directory cannot be synced", &error))
}

fn report(changed: bool, state: &NodeState) -> StepReport {
    StepReport {
        changed,
        detail: format!(
            "{} node, generation {}, traffic {}, active {}",
            state.side,
            state.generation,
            state.traffic,
            state.active.as_deref().unwrap_or("nobody")
        ),
        backup: None,
    }
}
