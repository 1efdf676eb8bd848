//! One step on this node: what it finds, how it is applied, read back and taken back, by kind of action.

use super::data::Names;
use super::data::{self, mirror};
use super::file::{self, Want, Wear};
use super::found::Found;
use super::journal::{self, Log};
use super::meter::Meter;
use super::paths::NodePaths;
use super::protocol::{End, StepReport};
use super::traffic::Gate;
use super::{console, hook, lease, network, reaction, state, sysctl, take_back, unit};
use crate::error::{Error, Result};
use crate::model::digest::sha256;
use crate::model::{Debt, Mode, NodeState, OpId, Standby};
use crate::plan::{Action, Content, FilePut, Step, StepPlace, UnitVerb};
use std::path::PathBuf;
use std::time::Instant;

/// Where and for whom a step is carried out.
#[derive(Debug, Clone, Copy)]
pub struct Context<'c> {
    /// The node's directories.
    pub paths: &'c NodePaths,
    /// The operation.
    pub op: OpId,
    /// Its backup suffix.
    pub tag: &'c str,
    /// When the caller stops waiting.
    pub deadline: Instant,
    /// What a long step tells while it works, and how it is told to stop.
    pub meter: &'c Meter,
}

/// Looks at what the steps of a stage will change; keeps the originals of files. All files are looked
/// at before the first is kept.
pub fn find(context: &Context<'_>, steps: &[&Step]) -> Result<Vec<Found>> {
    let mut wants = Vec::new();
    for step in steps {
        match &step.action {
            Action::File(put) => wants.push((step.id, want(put)?, put.before.clone())),
            Action::TakeBack {
                op,
                step: earlier,
                left_by,
                ..
            } => {
                if let Some((want, before)) = take_back::want(context, (*op, *earlier), *left_by)? {
                    wants.push((step.id, want, before));
                }
            }
            _ => {}
        }
    }
    let earlier = unfinished(context)?;
    let requests: Vec<file::Request<'_>> = wants
        .iter()
        .map(|(step, want, before)| file::Request {
            step: *step,
            want,
            before: before.as_deref(),
            earlier: earlier.iter().find(|found| found.path == want.path),
        })
        .collect();
    let named = steps.iter().filter_map(|step| unit_of(&step.action));
    let mut units = unit::look_at(context, &named.collect::<Vec<_>>())?.into_iter();
    let others: Vec<Option<Found>> = steps
        .iter()
        .map(|step| match unit_of(&step.action) {
            Some(_) => Ok(units.next().map(Found::Unit)),
            None => find_other(context, step),
        })
        .collect::<Result<_>>()?;
    let mut files = file::find(context, &requests)?.into_iter().map(Found::File);
    let is_file = |step: &Step| wants.iter().any(|(id, ..)| *id == step.id);
    Ok(steps
        .iter()
        .zip(others)
        .map(|(step, other)| {
            let file = if is_file(step) { files.next() } else { None };
            file.or(other).unwrap_or(Found::Nothing)
        })
        .collect())
}

/// Files that operations which were never finished have changed, newest first (S3).
fn unfinished(context: &Context<'_>) -> Result<Vec<file::Found>> {
    let mut files = Vec::new();
    for log in journal::unfinished(context.paths)? {
        if log.op == context.op {
            continue;
        }
        let Log { found, places, .. } = log;
        files.extend(found.into_iter().filter_map(|(step, found)| match found {
            Found::File(found) if places.get(&step) != Some(&StepPlace::Reverted) => Some(found),
            _ => None,
        }));
    }
    Ok(files)
}

/// The unit whose state a step changes.
fn unit_of(action: &Action) -> Option<&str> {
    match action {
        Action::Unit { verb, .. } if *verb == UnitVerb::DaemonReload => None,
        Action::Unit { unit, .. } => Some(unit),
        _ => None,
    }
}

/// For all but files and units.
fn find_other(context: &Context<'_>, step: &Step) -> Result<Option<Found>> {
    let found = match &step.action {
        Action::File(_) => return Ok(None),
        Action::TakeBack { op, step, .. } => return take_back::find(context, *op, *step).map(Some),
        Action::Unit { .. }
        | Action::Hook { .. }
        | Action::React { .. }
        | Action::Lease(_)
        | Action::Stage(_)
        | Action::Swap(_)
        | Action::Reload { .. }
        | Action::Alive { .. }
        | Action::Count(_) => Found::Nothing,
        Action::Sysctl { values } => Found::Sysctl {
            values: sysctl::look(context.paths, values)?,
        },
        Action::State { .. } | Action::Note { .. } => Found::State {
            state: state::find(context.paths)?,
        },
        Action::Save(_) => Found::Kept(data::look(context)),
        Action::Loaded(_) => Found::Loaded {
            ledger: data::ledger::read(context.paths)?,
        },
        Action::Offer(_) | Action::Pull(_) | Action::Withdraw(_) | Action::KeepMirror { .. } => {
            Found::Nothing
        }
        action => network::find(action, context.deadline)?.unwrap_or(Found::Nothing),
    };
    Ok(Some(found))
}

/// Carries a step out and reads it back.
pub fn apply(context: &Context<'_>, gate: &mut Gate, action: &Action, found: &Found) -> Result<StepReport> {
    match (action, found) {
        (Action::File(put), Found::File(found)) => file::apply(context, &want(put)?, found),
        (Action::TakeBack { op, step, .. }, _) => take_back::apply(context, gate, *op, *step, found),
        (Action::Unit { unit, verb }, found) => {
            let found = match found {
                Found::Unit(found) => Some(found),
                _ => None,
            };
            let report = unit::apply(context, unit, *verb, found)?;
            if *verb == UnitVerb::Restart {
                state::restarted(context.paths, unit, chrono::Utc::now().timestamp())?;
            }
            Ok(report)
        }
        (Action::Sysctl { values }, _) => sysctl::apply(context.paths, values),
        (Action::Hook { argv, timeout_ms, .. }, _) => hook::run(context, argv, *timeout_ms),
        (Action::React { mode, standby }, _) => tell(context, *mode, *standby),
        (Action::Lease(terms), _) => lease::begin(context, terms),
        (Action::State { state }, _) => state::apply(context.paths, context.op, &numbered(state, context.op)),
        (
            Action::Note {
                pending_restart,
                debt,
            },
            _,
        ) => state::note(
            context.paths,
            pending_restart,
            owed(debt.as_ref(), context.op).as_ref(),
        ),
        (Action::Save(order), _) => data::apply(context, order),
        (Action::Offer(order), _) => mirror::offer(context, order),
        (Action::Pull(order), _) => mirror::pull(context, order),
        (Action::Withdraw(order), _) => mirror::withdraw_unchanged(context, order),
        (Action::KeepMirror { .. }, _) => mirror::keep(context),
        (Action::Stage(order), _) => data::stage::apply(context, order),
        (Action::Swap(order), _) => data::swap::apply(context, order),
        (
            Action::Reload {
                argv,
                optional,
                patience,
            },
            _,
        ) => console::reload(context, argv, *optional, patience),
        (Action::Count(order), _) => data::count(context, order),
        (Action::Alive { argv, timeout_ms }, _) => console::alive(context, argv, *timeout_ms),
        (Action::Loaded(entry), Found::Loaded { ledger }) => data::ledger::apply(context, entry, ledger),
        (Action::File(_) | Action::Loaded(_), _) => Err(unprepared()),
        (action, _) => network::apply(gate, action, context.deadline),
    }
}

/// Reads a step back without changing anything.
pub fn verify(context: &Context<'_>, action: &Action, found: &Found) -> Result<StepReport> {
    match (action, found) {
        (Action::File(put), Found::File(found)) => file::verify(found, made(put).as_deref()),
        (Action::TakeBack { .. }, Found::File(found)) => file::verify(found, None),
        (Action::Unit { unit, verb }, _) => unit::verify(context, unit, *verb),
        (Action::Sysctl { values }, _) => sysctl::verify(context.paths, values),
        (Action::Save(order), _) => data::verify(context, order),
        (Action::Offer(order), _) => mirror::verify_offer(context, order),
        (Action::Pull(_), _) => mirror::verify_pulled(context),
        (Action::KeepMirror { .. }, _) => mirror::verify_kept(context),
        (Action::Stage(_), _) => data::stage::verify(context),
        (Action::Swap(order), _) => data::swap::verify(context, order),
        (Action::Loaded(entry), Found::Loaded { ledger }) => data::ledger::verify(context, entry, ledger),
        (Action::State { state }, _) => state::verify(context.paths, state),
        (
            Action::Note {
                pending_restart,
                debt,
            },
            _,
        ) => state::verify_note(
            context.paths,
            pending_restart,
            owed(debt.as_ref(), context.op).as_ref(),
        ),
        (
            Action::Hook { .. }
            | Action::React { .. }
            | Action::Lease(_)
            | Action::TakeBack { .. }
            | Action::Withdraw(_)
            | Action::Reload { .. }
            | Action::Alive { .. }
            | Action::Count(_),
            _,
        ) => Ok(StepReport {
            changed: false,
            detail: "nothing to read back".to_owned(),
            backup: None,
        }),
        (Action::File(_) | Action::Loaded(_), _) => Err(unprepared()),
        (action, _) => network::verify(action, context.deadline),
    }
}

/// Whether what a step of a finished operation made is still there, `changed_since` when it is not, and can be
/// given back.
/// A unit that was stopped since, or a hook, bars no way back.
pub fn is_still_there(context: &Context<'_>, action: &Action, found: &Found) -> Result<StepReport> {
    if matches!(
        action,
        Action::Unit { .. } | Action::Hook { .. } | Action::React { .. } | Action::Reload { .. }
    ) {
        return Ok(StepReport {
            changed: false,
            detail: "takes part in undo whatever its state".to_owned(),
            backup: None,
        });
    }
    verify(context, action, found)
        .map_err(|error| {
            if error.code.ends_with("_not_verified") {
                Error::refused("changed_since", "what the operation made is not there any more")
                    .because(error)
            } else {
                error
            }
        })
        .and_then(|report| can_be_given_back(context, action, found).map(|()| report))
}

/// What the way back would only find when it is half done.
fn can_be_given_back(context: &Context<'_>, action: &Action, found: &Found) -> Result<()> {
    match (action, found) {
        (_, Found::File(found)) => file::check_replaceable(&found.path),
        (Action::State { .. } | Action::Note { .. }, _) => state::check_replaceable(context.paths),
        _ => Ok(()),
    }
}

/// Takes a step back to what it found. `ran` tells for steps whose effect cannot be seen whether they
/// were begun at all.
pub fn revert(
    context: &Context<'_>,
    gate: &mut Gate,
    action: &Action,
    found: &Found,
    ran: bool,
) -> Result<StepReport> {
    match (action, found) {
        (Action::File(put), Found::File(found)) => file::revert(context, found, made(put).as_deref()),
        (Action::TakeBack { op, step, .. }, _) => take_back::revert(context, gate, *op, *step, found, ran),
        (Action::Unit { unit, verb }, Found::Unit(found)) => unit::revert(context, unit, *verb, found, ran),
        (Action::Unit { unit, verb }, _) => unit::revert(context, unit, *verb, &unit::Found::default(), ran),
        (Action::Sysctl { values }, Found::Sysctl { values: before }) => {
            sysctl::revert(context.paths, values, before)
        }
        (
            Action::Hook {
                undo: Some(undo),
                timeout_ms,
                ..
            },
            _,
        ) if ran => hook::run(context, undo, *timeout_ms),
        (Action::Hook { .. }, _) => Ok(StepReport {
            changed: false,
            detail: if ran {
                "this hook has none that takes it back"
            } else {
                "never ran"
            }
            .to_owned(),
            backup: None,
        }),
        (Action::React { mode, standby }, _) if ran => tell(context, mode.other(), *standby),
        (Action::React { .. }, _) => Ok(StepReport {
            changed: false,
            detail: "never told".to_owned(),
            backup: None,
        }),
        (Action::Lease(_), _) => {
            lease::end(context.paths, context.op)?;
            Ok(StepReport {
                changed: true,
                detail: "the lease is over".to_owned(),
                backup: None,
            })
        }
        (Action::State { state }, Found::State { state: before }) => {
            state::revert(context.paths, context.op, state, before.as_ref())
        }
        (
            Action::Note {
                pending_restart,
                debt,
            },
            Found::State { state: before },
        ) => {
            let debt = owed(debt.as_ref(), context.op);
            state::revert_note(context.paths, pending_restart, debt.as_ref(), before.as_ref())
        }
        (Action::Save(order), Found::Kept(before)) => data::revert(context, order, before),
        (Action::Offer(_), _) => mirror::withdraw(context),
        (Action::Pull(_) | Action::Withdraw(_), _) => Ok(StepReport {
            changed: false,
            detail: "what was copied serves the next copy".to_owned(),
            backup: None,
        }),
        (Action::KeepMirror { .. }, _) => mirror::take_name_back(context),
        (Action::Stage(_), _) => data::stage::revert(context),
        (Action::Swap(order), _) => data::swap::revert(context, order, ran),
        (
            Action::Reload {
                argv,
                optional,
                patience,
            },
            _,
        ) if ran => console::reload(context, argv, *optional, patience),
        (Action::Reload { .. } | Action::Alive { .. } | Action::Count(_), _) => Ok(StepReport {
            changed: false,
            detail: "nothing to take back".to_owned(),
            backup: None,
        }),
        (Action::Loaded(entry), Found::Loaded { ledger }) => data::ledger::revert(context, entry, ledger),
        (
            Action::Save(_)
            | Action::Loaded(_)
            | Action::File(_)
            | Action::Sysctl { .. }
            | Action::State { .. }
            | Action::Note { .. },
            _,
        ) => Err(unprepared()),
        (action, found) => network::revert(gate, action, found, context.deadline),
    }
}

/// Removes what crashes in the middle of the operation may have left beside its files, also of steps
/// whose intent never reached the journal; and once it is committed, what it was to replace.
pub fn sweep(context: &Context<'_>, log: &Log, end: End) -> Result<()> {
    for step in log.plan.steps() {
        match &step.action {
            Action::KeepMirror { keep, source } if end == End::Committed => {
                mirror::rotate(context.paths, *source, *keep)?;
            }
            Action::Offer(_) => drop(mirror::withdraw(context)?),
            _ => {}
        }
    }
    let planned = log.plan.steps().filter_map(|step| match &step.action {
        Action::File(put) => Some(PathBuf::from(&put.path)),
        _ => None,
    });
    let found = log.found.values().filter_map(|found| match found {
        Found::File(found) => Some(found.path.clone()),
        _ => None,
    });
    planned
        .chain(found)
        .try_for_each(|path| file::sweep(context, &path))
}

/// Steps that may take longer than a request; for the way back of an earlier step that step counts.
pub fn takes_long(context: &Context<'_>, action: &Action) -> Result<bool> {
    Ok(match action {
        Action::Save(_)
        | Action::Offer(_)
        | Action::Pull(_)
        | Action::Withdraw(_)
        | Action::Stage(_)
        | Action::Swap(_)
        // A console that lists thousands; what it cannot list is told as a warning.
        | Action::Count(_) => true,
        Action::TakeBack { op, step, .. } => match take_back::earlier_action(context, *op, *step)? {
            Some(action) => takes_long(context, &action)?,
            None => false,
        },
        _ => false,
    })
}

/// Steps of which nothing can be seen afterwards: that they begin is journalled by itself.
pub fn leaves_no_trace(action: &Action) -> bool {
    matches!(
        action,
        Action::Hook { .. }
            | Action::React { .. }
            | Action::Reload { .. }
            | Action::TakeBack { .. }
            | Action::Unit {
                verb: UnitVerb::Restart | UnitVerb::Reload | UnitVerb::DaemonReload,
                ..
            }
    )
}

fn want(put: &FilePut) -> Result<Want> {
    let bytes = match &put.content {
        Some(Content::Program(sha256)) => Some(own_program(sha256)?),
        Some(content) => Some(content.to_bytes().map_err(|why| Error::bug(why).at(&put.path))?),
        None => None,
    };
    Ok(Want {
        path: PathBuf::from(&put.path),
        bytes,
        wear: Wear::Own {
            mode: put.mode,
            force: put.force_mode,
            owner: owner(put)?,
        },
        keep: put.keep,
    })
}

fn tell(context: &Context<'_>, mode: Mode, standby: Standby) -> Result<StepReport> {
    let code = mode.code(standby);
    reaction::react(context.paths, mode, code, context.deadline).map(reaction::Told::report)
}

/// Numbers of the owner that a new file shall have.
fn owner(put: &FilePut) -> Result<(u32, u32)> {
    let Some(owner) = &put.owner else {
        return Ok((0, 0));
    };
    Names::read().numbers(owner).ok_or_else(|| {
        Error::refused(
            "no_such_owner",
            format!("the node knows no user `{}` or no group `{}`", owner.0, owner.1),
        )
        .at(&put.path)
        .hint("install the service in the same way on both nodes")
    })
}

/// The state with the operation that records it: a plan is made before its operation has a number.
fn numbered(state: &NodeState, op: OpId) -> NodeState {
    NodeState {
        last_op: op,
        ..state.clone()
    }
}

/// The debt with the operation that leaves it.
fn owed(debt: Option<&Debt>, op: OpId) -> Option<Debt> {
    debt.map(|debt| Debt { op, ..debt.clone() })
}

/// The program this agent runs from.
fn own_program(wanted: &str) -> Result<Vec<u8>> {
    let bytes = std::fs::read("/proc/self/exe")
        .map_err(|error| Error::refused("program_unreadable", "pairadm cannot read itself").because(error))?;
    if sha256(&bytes) != wanted {
        return Err(Error::refused(
            "other_program",
            "the agent is not the program that was planned with",
        )
        .hint("plan again"));
    }
    Ok(bytes)
}

/// The bytes that a step writes, as far as they are in the plan.
fn made(put: &FilePut) -> Option<Vec<u8>> {
    put.content.as_ref().and_then(|content| content.to_bytes().ok())
}

fn unprepared() -> Error {
    Error::bug("the step was not prepared as what it is")
}
