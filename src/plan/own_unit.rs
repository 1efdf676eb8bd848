//! Steps that put a unit of pairadm's own on a node and take it off again: both nodes get the same units,
//! so that neither a takeover nor reversed roles have anything to switch.

use super::configure::plain;
use super::files::guard_units;
use super::{Action, Basis, Draft, Keep, UnitVerb, put};
use crate::error::Result;
use crate::model::Side;

/// Writes files, or removes those without a text, on one node. Tells whether anything changes.
pub fn write(
    basis: &Basis<'_>,
    side: Side,
    files: &[(String, Option<String>)],
    draft: &mut Draft,
) -> Result<bool> {
    let mut changes = false;
    for (path, text) in files {
        if let Some(file) = put(basis.need(side)?, plain(path, text.clone(), Keep::Aside))? {
            let verb = if file.content.is_some() { "write" } else { "remove" };
            draft.step(side, format!("{verb} {path}"), Action::File(file));
            changes = true;
        }
    }
    Ok(changes)
}

/// systemd reads unit files again on the nodes where the draft changes the file of one of these.
pub fn reload(units: &[&str], draft: &mut Draft) {
    let paths: Vec<String> = units.iter().map(|unit| guard_units::path(unit)).collect();
    for side in Side::BOTH {
        let changes = draft
            .steps()
            .filter(|step| step.side == side)
            .filter_map(|step| step.action.file())
            .any(|path| paths.iter().any(|unit| unit == path));
        if changes {
            draft.step(side, "read unit files again", verb("", UnitVerb::DaemonReload));
        }
    }
}

/// Has the unit start with the node and run now; `anew` where it has to take something up.
pub fn start(basis: &Basis<'_>, side: Side, unit: &str, anew: bool, draft: &mut Draft) -> Result<()> {
    let state = basis.need(side)?.unit(unit);
    if state.is_none_or(|state| state.enabled != "enabled") {
        draft.step(side, format!("enable {unit}"), verb(unit, UnitVerb::Enable));
    }
    if anew || state.is_none_or(|state| state.active != "active") {
        // A restart starts what does not run.
        draft.step(side, format!("start {unit}"), verb(unit, UnitVerb::Restart));
    }
    Ok(())
}

/// Stops the unit and lets go of the next start, where that is not so already.
pub fn stop(basis: &Basis<'_>, side: Side, unit: &str, draft: &mut Draft) -> Result<()> {
    let Some(state) = basis.need(side)?.unit(unit) else {
        return Ok(());
    };
    if matches!(state.active.as_str(), "active" | "activating" | "reloading") {
        draft.step(side, format!("stop {unit}"), verb(unit, UnitVerb::Stop));
    }
    if state.enabled == "enabled" {
        draft.step(side, format!("disable {unit}"), verb(unit, UnitVerb::Disable));
    }
    Ok(())
}

fn verb(unit: &str, verb: UnitVerb) -> Action {
    Action::Unit {
        unit: unit.to_owned(),
        verb,
    }
}
