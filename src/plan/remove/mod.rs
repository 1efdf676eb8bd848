//! Plans `remove`: takes off both nodes what `configure` put there. Calls are not touched: the side that
//! holds the VIPs keeps them and its traffic until its next start; nothing puts them back after that.
//!
//! A file that is as pairadm left it gets its original back from the journal. In a file that a person
//! changed since, only pairadm's lines go; a file that was pairadm's alone and was changed stays.

mod files;
mod trace;

use super::configure::{self, managed_paths};
use super::files::{chrony, guard_units, schedule_unit, sync_unit};
use super::{Action, Basis, Draft, Plan, UnitVerb, fingerprint, own_unit, wanted};
use crate::agent::protocol::Operation;
use crate::config::Profile;
use crate::error::Result;
use crate::facts::{Facts, FactsQuery};
use crate::model::{BySide, Pair, Side, Traffic, paths};
use crate::plan::checks::chrony_unit;
use trace::Trace;

/// The name of this operation in plans and journals.
const REMOVE: &str = "remove";

/// Units that hold nothing but what pairadm wrote.
const OWN_UNITS: [&str; 5] = [
    guard_units::EARLY,
    guard_units::LATE,
    sync_unit::UNIT,
    schedule_unit::TIMER,
    schedule_unit::SERVICE,
];

/// What has to be known of the node of `side`.
pub fn query(pair: &Pair, profile: &Profile, side: Side) -> FactsQuery {
    let mut query = configure::query(pair, None, profile, side);
    query.files.push(paths::STATE_FILE.to_owned());
    query
}

/// The plan; `journals` are each node's operations, newest first.
pub fn plan(basis: &Basis<'_>, journals: BySide<&[Operation]>) -> Result<Plan> {
    let mut draft = Draft::default();
    let mut notice = notice(basis)?;
    draft.stage("Let go of the next start");
    for side in Side::BOTH {
        for unit in [guard_units::EARLY, guard_units::LATE] {
            let enabled = basis
                .need(side)?
                .unit(unit)
                .is_some_and(|unit| unit.enabled == "enabled");
            if enabled {
                draft.step(side, format!("disable {unit}"), verb(unit, UnitVerb::Disable));
            }
        }
    }
    for side in Side::BOTH {
        for unit in [sync_unit::UNIT, schedule_unit::TIMER] {
            own_unit::stop(basis, side, unit, &mut draft)?;
        }
    }
    let traces = journals.map(|_, operations| Trace::of(operations));
    draft.stage("Give files back");
    for side in Side::BOTH {
        notice.extend(files::give_back(basis, side, &traces[side], &mut draft)?);
    }
    draft.stage("Put files into effect");
    for side in Side::BOTH {
        effects(basis.need(side)?, side, &traces[side], &mut draft);
    }
    draft.stage("Take off the rules");
    for side in Side::BOTH {
        let firewall = &basis.need(side)?.firewall;
        if let Some(traffic) = firewall.v4.or(firewall.v6) {
            let was = wanted::change(basis.pair, basis.profile, side, traffic);
            draft.armed(side, "remove pairadm's chain", Action::RemoveChain { was });
        }
    }
    draft.stage("Forget the pair");
    for side in Side::BOTH {
        files::forget(basis.need(side)?, side, &mut draft)?;
    }
    Ok(Plan {
        operation: REMOVE.to_owned(),
        title: format!("remove the pair {}", basis.pair.name),
        asked: Vec::new(),
        facts: fingerprint(basis.facts),
        notice,
        stages: draft.finish(),
        sides: Side::BOTH.to_vec(),
        service_affecting: false,
        how_to_undo: "`pairadm undo` with the number of this operation, on the machine that removed the pair, makes the two servers a pair again"
            .to_owned(),
    })
}

fn verb(unit: &str, verb: UnitVerb) -> Action {
    Action::Unit {
        unit: unit.to_owned(),
        verb,
    }
}

/// What unit files and parameters need to be taken up, after the files.
fn effects(facts: &Facts, side: Side, trace: &Trace, draft: &mut Draft) {
    let changed = |paths: &[String]| {
        draft
            .steps()
            .filter(|step| step.side == side)
            .any(|step| match &step.action {
                Action::File(file) => paths.contains(&file.path),
                Action::TakeBack { op, step, .. } => trace
                    .path_of(*op, *step)
                    .is_some_and(|path| paths.iter().any(|known| known == path)),
                _ => false,
            })
    };
    let units = OWN_UNITS.map(guard_units::path);
    let time = [
        chrony::SOURCES,
        chrony::CONF,
        chrony::MAIN_FILES[0],
        chrony::MAIN_FILES[1],
    ]
    .map(str::to_owned);
    let (reload, restart) = (changed(&units), changed(&time));
    if reload {
        draft.step(side, "read unit files again", verb("", UnitVerb::DaemonReload));
    }
    if let Some(unit) = chrony_unit(facts).filter(|_| restart) {
        draft.step(side, format!("restart {unit}"), verb(unit, UnitVerb::Restart));
    }
    for (op, step) in trace.parameters() {
        let action = Action::TakeBack {
            op,
            step,
            left_by: None,
            takes_up: false,
        };
        draft.step(side, "give kernel parameters back", action);
    }
}

/// What happens to traffic, first of all (A9).
fn notice(basis: &Basis<'_>) -> Result<Vec<String>> {
    let mut lines = vec!["This change is not service affecting: calls go on.".to_owned()];
    for side in Side::BOTH {
        basis.need(side)?;
        let traffic = basis.traffic(side).map_or("unknown", |traffic| match traffic {
            Traffic::Allowed => "allowed",
            Traffic::Blocked => "blocked",
        });
        let held: Vec<String> = basis.holds(side).iter().map(ToString::to_string).collect();
        lines.push(format!("{}: traffic {traffic} now.", basis.label(side)));
        if !held.is_empty() {
            lines.push(format!(
                "{} keeps {} until its next start: enter the address in its network configuration if it shall stay, or take it off with `ip address delete`.",
                basis.label(side),
                held.join(", ")
            ));
        }
        if basis.traffic(side) == Some(Traffic::Blocked) {
            lines.push(format!(
                "{} is reachable at its own addresses again: nothing keeps the two servers apart any more.",
                basis.label(side)
            ));
        }
    }
    lines.extend(stays());
    Ok(lines)
}

/// What is left for an undo, and how it goes. The nodes' keys are among it: they open nothing once the
/// lines in `authorized_keys` are gone, and an undo brings those lines back.
fn stays() -> [String; 8] {
    let (program, remembered) = (paths::PROGRAM, paths::VAR_DIR);
    [
        "`pairadm configure` on this machine offers the answers of this pair again: change the servers in between (members and gateways on both sides, a cluster on the primary only)."
            .to_owned(),
        "Stays on both nodes, because an undo needs it:".to_owned(),
        format!("- the program {program}"),
        format!("- {remembered}: journals, and the nodes' own keys, which nothing accepts any more"),
        "- originals beside their files, as FILE.pairadm_PID_EPOCH".to_owned(),
        "When it shall never be undone, on each node:".to_owned(),
        "- find / -xdev -name '*.pairadm_*_*' -delete".to_owned(),
        format!("- rm -rf {remembered} {program}"),
    ]
}

/// Paths that hold nothing but what pairadm wrote.
fn is_own(path: &str) -> bool {
    use super::files::sysctl;
    let units = OWN_UNITS.map(guard_units::path);
    [
        sysctl::PATH,
        chrony::SOURCES,
        chrony::CONF,
        sync_unit::CONFIGURATION,
    ]
    .contains(&path)
        || units.iter().any(|unit| unit == path)
}

/// Every path that may have to be given back.
fn paths_of(basis: &Basis<'_>) -> Vec<String> {
    let mut all = managed_paths();
    all.push(paths::own_profile(&basis.pair.profile));
    all.extend(basis.pair.files.iter().map(|file| file.target.clone()));
    all.retain(|path| path != paths::PAIR_FILE);
    all
}

#[cfg(test)]
mod tests;
