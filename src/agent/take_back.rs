//! Undo: a step whose effect is that a step of an earlier operation is taken back. For a file it is a
//! change like any other, with an original of its own; for everything else the two directions swap.

use super::file::{self, Want, Wear};
use super::found::Found;
use super::journal::{self, Log};
use super::protocol::StepReport;
use super::step::{self, Context};
use super::traffic::Gate;
use super::{state, sysctl, unit};
use crate::error::{Error, Result};
use crate::model::OpId;
use crate::plan::{Action, Keep, StepId, StepPlace, UnitVerb};

/// The earlier step, if it was done and has not been taken back.
struct Earlier {
    action: Action,
    found: Found,
}

fn earlier(context: &Context<'_>, op: OpId, id: StepId) -> Result<Option<Earlier>> {
    let missing = || {
        Error::refused(
            "no_such_step",
            format!("operation {op} has no step {id} in this node's journal"),
        )
        .hint("see `pairadm history` for what can be undone")
    };
    let mut log: Log = journal::read(context.paths, op)?.ok_or_else(missing)?;
    if matches!(log.place(id), StepPlace::Waiting | StepPlace::Reverted) {
        return Ok(None);
    }
    let action = log.step(id).ok_or_else(missing)?.action.clone();
    let found = log.found.remove(&id).ok_or_else(missing)?;
    Ok(Some(Earlier { action, found }))
}

/// What the earlier step did, if it was done and has not been taken back.
pub fn earlier_action(context: &Context<'_>, op: OpId, id: StepId) -> Result<Option<Action>> {
    Ok(earlier(context, op, id)?.map(|earlier| earlier.action))
}

/// For a file: its original as what is wanted, and the hash that it must have now, after `left_by` if later
/// steps changed it too. Refused with a diff when somebody else changed it since (S10).
pub fn want(
    context: &Context<'_>,
    (op, id): (OpId, StepId),
    left_by: Option<(OpId, StepId)>,
) -> Result<Option<(Want, Option<String>)>> {
    let Some(Earlier {
        action,
        found: Found::File(found),
    }) = earlier(context, op, id)?
    else {
        return Ok(None);
    };
    let newest = match left_by {
        Some((op, id)) => earlier(context, op, id)?,
        None => None,
    };
    let (left, by) = match &newest {
        Some(Earlier {
            action,
            found: Found::File(found),
        }) => (found, action),
        _ => (&found, &action),
    };
    let here = file::still_ours(left, made(context, by)?.as_deref())?;
    let (bytes, wear) = original(&found)?;
    let keep = match &action {
        Action::File(put) => put.keep,
        _ => Keep::Aside,
    };
    let path = found.path.clone();
    Ok(Some((
        Want {
            path,
            bytes,
            wear,
            keep,
        },
        here,
    )))
}

fn original(found: &file::Found) -> Result<(Option<Vec<u8>>, Wear)> {
    Ok(match found.original_bytes()? {
        Some((bytes, original)) => (Some(bytes), Wear::Exactly(original.meta.clone())),
        None => (
            None,
            Wear::Own {
                mode: 0o644,
                force: false,
                owner: (0, 0),
            },
        ),
    })
}

/// The bytes that the earlier step wrote, to show a conflict.
fn made(context: &Context<'_>, action: &Action) -> Result<Option<Vec<u8>>> {
    match action {
        Action::File(put) => Ok(put.content.as_ref().and_then(|content| content.to_bytes().ok())),
        Action::TakeBack { op, step, .. } => match earlier(context, *op, *step)? {
            Some(Earlier {
                found: Found::File(found),
                ..
            }) => Ok(found.original_bytes()?.map(|(bytes, _)| bytes)),
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}

/// What taking back will change, for everything but files.
pub fn find(context: &Context<'_>, op: OpId, id: StepId) -> Result<Found> {
    let Some(Earlier { action, .. }) = earlier(context, op, id)? else {
        return Ok(Found::Nothing);
    };
    Ok(match &action {
        Action::Unit {
            verb: UnitVerb::DaemonReload,
            ..
        } => Found::Nothing,
        Action::Unit { unit, .. } => Found::Unit(unit::look(context, unit)?),
        Action::Sysctl { values } => Found::Sysctl {
            values: sysctl::look(context.paths, values)?,
        },
        Action::State { .. } | Action::Note { .. } => Found::State {
            state: state::read(context.paths)?,
        },
        _ => Found::Nothing,
    })
}

/// Takes the earlier step back, as the earlier operation would have: what it made may bear its number.
pub fn apply(
    context: &Context<'_>,
    gate: &mut Gate,
    op: OpId,
    id: StepId,
    found: &Found,
) -> Result<StepReport> {
    if let Found::File(found) = found {
        let (bytes, wear) = match earlier(context, op, id)? {
            Some(Earlier {
                found: Found::File(first),
                ..
            }) => original(&first)?,
            _ => return Err(Error::bug("the earlier step was no file any more")),
        };
        let want = Want {
            path: found.path.clone(),
            bytes,
            wear,
            keep: Keep::Aside,
        };
        return file::apply(context, &want, found);
    }
    match earlier(context, op, id)? {
        Some(Earlier {
            action,
            found: before,
        }) => step::revert(&Context { op, ..*context }, gate, &action, &before, true),
        None => Ok(nothing()),
    }
}

/// Applies the earlier step again.
pub fn revert(
    context: &Context<'_>,
    gate: &mut Gate,
    op: OpId,
    id: StepId,
    found: &Found,
    ran: bool,
) -> Result<StepReport> {
    if let Found::File(found) = found {
        return file::revert(context, found, None);
    }
    match earlier(context, op, id)? {
        Some(Earlier {
            action,
            found: before,
        }) if ran => step::apply(&Context { op, ..*context }, gate, &action, &before),
        _ => Ok(nothing()),
    }
}

fn nothing() -> StepReport {
    StepReport {
        changed: false,
        detail: "that step changed nothing that is still there".to_owned(),
        backup: None,
    }
}
