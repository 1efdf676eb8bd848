//! The timer that takes armed steps back unless a *new* connection confirms them in time (S9).
//!
//! ```text
//!            Confirm, over a new connection
//!   Armed ────────────────────────────────────> Confirmed     the timer is stopped
//!     │
//!     └── time is up, or the controller is gone ──> Fired     armed steps are taken back
//! ```
//! Whoever moves out of `Armed` holds the gate below and journals the move first, so that a
//! confirmation and the timer cannot both win. The time is kept twice: by the agent that armed, and by
//! a systemd timer that outlives it.

use super::file::fault;
use super::journal::{self, Entry, Journal, Log, Timer};
use super::lock;
use super::meter::UNREAD;
use super::paths::NodePaths;
use super::protocol::VERSION;
use super::step::{self, Context};
use super::traffic::Gate;
use super::unit::{run_ok, systemctl};
use crate::error::{Error, Kind, Result};
use crate::model::OpId;
use crate::plan::{Action, Step, StepPlace, UnitVerb, reverting_order};
use rustix::fs::{FlockOperation, flock};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long the timer waits for a dead controller's agent to end before it ends it.
const AGENT_WAIT: Duration = Duration::from_secs(30);

/// How long taking armed steps back may take.
const REVERT_TIME: Duration = Duration::from_secs(120);

/// The standby copy's name, before the build.
const STANDBY: &str = "standby-";

/// How often a wait looks again.
const LOOK: Duration = Duration::from_millis(50);

/// Starts the timer: first in the journal, then in systemd, then read back. One that an interrupted
/// run of the operation left is replaced.
pub fn start(context: &Context<'_>, journal: &mut Journal, seconds: u32) -> Result<()> {
    if journal.log().timer != Timer::Off {
        stop(context)?;
    }
    journal.record(vec![Entry::Armed { seconds }])?;
    let program = standby(context.paths)?;
    let program = program.to_string_lossy();
    let unit = unit_of(context.op);
    let active = format!("--on-active={seconds}s");
    let name = format!("--unit={unit}");
    let op = context.op.to_string();
    let argv = [
        "systemd-run",
        "--quiet",
        "--collect",
        &name,
        &active,
        "--timer-property=AccuracySec=100ms",
        "--property=Type=oneshot",
        "--description=pairadm takes unconfirmed changes back",
        &program,
        "agent-revert",
        &op,
    ];
    let refused = |error: Error| {
        Error::refused(
            "not_armed",
            "no timer could be started that takes the changes back",
        )
        .at(&unit)
        .because(error)
        .hint("armed changes need systemd on the node")
    };
    run_ok(
        context.paths.search(),
        &argv,
        "systemd_run_failed",
        context.deadline,
    )
    .map_err(refused)?;
    if timer_state(context)? != "active" {
        return Err(refused(Error::refused(
            "timer_not_active",
            "systemd does not have the timer",
        )));
    }
    Ok(())
}

/// A copy of this program that the timer runs: the agent's own file may be replaced or taken away by the
/// very operation that the timer guards. One a build, made once; those of other builds go.
fn standby(paths: &NodePaths) -> Result<PathBuf> {
    let directory = paths.var().join("agent");
    let name = format!("{STANDBY}{VERSION}");
    let path = directory.join(&name);
    let failed = |error: std::io::Error| {
        Error::refused(
            "not_armed",
            "there is no room for the program that takes the changes back",
        )
        .at(path.display())
        .because(error)
    };
    if path.exists() {
        return Ok(path);
    }
    std::fs::create_dir_all(&directory).map_err(failed)?;
    for entry in std::fs::read_dir(&directory).map_err(failed)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(STANDBY) {
            // Only room is lost if it stays.
            let _ = std::fs::remove_file(entry.path());
        }
    }
    let mut draft = tempfile::NamedTempFile::new_in(&directory).map_err(failed)?;
    let mut own = File::open("/proc/self/exe").map_err(failed)?;
    std::io::copy(&mut own, draft.as_file_mut()).map_err(failed)?;
    let executable = std::fs::Permissions::from_mode(0o700);
    draft.as_file().set_permissions(executable).map_err(failed)?;
    draft.as_file().sync_all().map_err(failed)?;
    draft.persist(&path).map_err(|error| failed(error.error))?;
    Ok(path)
}

/// Confirms: journalled, then the timer is stopped and read back to be gone. Too late is
/// code `arm_fired`.
pub fn confirm(context: &Context<'_>) -> Result<()> {
    let _gate = hold(context.paths, context.op, context.deadline)?;
    let mut journal =
        Journal::open(context.paths, context.op)?.ok_or_else(|| unknown_operation(context.op))?;
    match journal.log().timer {
        Timer::Armed => journal.record(vec![Entry::Confirmed])?,
        Timer::Confirmed => {}
        Timer::Fired => return Err(fired(context.op)),
        Timer::Off => {
            return Err(Error::refused(
                "not_armed",
                format!("operation {} has no timer to stop", context.op),
            ));
        }
    }
    stop(context)
}

/// Stops the timer and reads back that it is gone.
pub fn stop(context: &Context<'_>) -> Result<()> {
    let timer = format!("{}.timer", unit_of(context.op));
    if timer_state(context)? == "active" {
        systemctl(context, &["stop", &timer])?;
    }
    match timer_state(context)?.as_str() {
        "active" => Err(
            Error::incomplete("timer_not_stopped", "the timer still runs after it was stopped")
                .at(timer)
                .hint("it will find the changes confirmed and do nothing"),
        ),
        _ => Ok(()),
    }
}

/// When armed steps are taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// Services run.
    Running,
    /// Services start later, with what was given back by then.
    Starting,
}

/// Takes the armed steps back if nobody confirmed them. False when there was nothing to take back.
pub fn fire(paths: &NodePaths, journal: &mut Journal, gate: &mut Gate, occasion: Occasion) -> Result<bool> {
    let op = journal.log().op;
    let _hold = hold(paths, op, Instant::now() + REVERT_TIME)?;
    journal.refresh()?;
    if !is_due(journal.log()) {
        return Ok(false);
    }
    if journal.log().timer == Timer::Armed {
        journal.record(vec![Entry::Fired])?;
    }
    let log = journal.log().clone();
    let mut first_fault = None;
    for step in reverting_order(outstanding(&log).into_iter()) {
        let context = Context {
            paths,
            op,
            tag: &log.tag,
            deadline: Instant::now() + REVERT_TIME,
            meter: &UNREAD,
        };
        let found = &log.found[&step.id];
        let ran = log.started.contains(&step.id) || log.place(step.id) == StepPlace::Done;
        let reverted = if occasion == Occasion::Starting && waits_for_start(&step.action) {
            match first_fault {
                None => Ok(()),
                // What it takes up is not there yet.
                Some(_) => continue,
            }
        } else {
            step::revert(&context, gate, &step.action, found, ran).map(drop)
        };
        match reverted {
            Ok(()) => journal.append(vec![Entry::Reverted { step: step.id }])?,
            // The other steps are taken back all the same: each of them may be the one that locks out.
            Err(error) => first_fault = first_fault.or(Some(error)),
        }
    }
    journal.sync()?;
    first_fault.map_or(Ok(true), |error| Err(error.with_kind(Kind::Unknown)))
}

/// A service that is only being started needs not be told to take anything up; to wait for it here would
/// be to wait for ourselves.
fn waits_for_start(action: &Action) -> bool {
    let daemon = matches!(
        action,
        Action::Unit {
            verb: UnitVerb::DaemonReload,
            ..
        }
    );
    action.takes_up() && !daemon
}

/// Unconfirmed, or fired and interrupted.
fn is_due(log: &Log) -> bool {
    log.end.is_none()
        && (log.timer == Timer::Armed || (log.timer == Timer::Fired && !outstanding(log).is_empty()))
}

/// Armed steps that may have had an effect and were not taken back.
fn outstanding(log: &Log) -> Vec<&Step> {
    let open =
        |step: &&Step| step.armed && !matches!(log.place(step.id), StepPlace::Waiting | StepPlace::Reverted);
    log.plan.steps().filter(open).collect()
}

/// What the systemd timer runs: waits for the agent that armed to do it or to end, then does it.
/// A stuck agent is ended, because a login path may hang on it. Returns the exit code.
pub fn revert_armed(paths: &NodePaths, op: OpId, occasion: Occasion) -> Result<()> {
    let owner = super::protocol::LockOwner {
        who: "the timer on this node".to_owned(),
        pid: std::process::id(),
        operation: format!("taking back the unconfirmed changes of operation {op}"),
        since: chrono::Local::now().to_rfc3339(),
    };
    let until = Instant::now() + AGENT_WAIT;
    let mut ended = false;
    loop {
        let Some(mut journal) = Journal::open(paths, op)? else {
            return Err(unknown_operation(op));
        };
        if !is_due(journal.log()) {
            return Ok(());
        }
        match lock::Lock::take(paths, &owner) {
            Ok(_lock) => return fire(paths, &mut journal, &mut Gate::default(), occasion).map(drop),
            Err(error) if error.code != "locked" || ended => return Err(error),
            Err(_) if Instant::now() >= until => {
                end_agent(paths)?;
                ended = true;
            }
            Err(_) => {}
        }
        std::thread::sleep(LOOK);
    }
}

/// After a start of the node, whose timers are gone: takes back what no operation confirmed.
pub fn revert_unconfirmed(paths: &NodePaths, occasion: Occasion) -> Result<()> {
    let due = journal::unfinished(paths)?.into_iter().filter(is_due);
    let mut first_fault = None;
    for log in due {
        if let Err(error) = revert_armed(paths, log.op, occasion) {
            first_fault = first_fault.or(Some(error));
        }
    }
    first_fault.map_or(Ok(()), Err)
}

/// Ends the agent that holds the lock and has not moved for too long.
pub fn end_agent(paths: &NodePaths) -> Result<()> {
    let agent = lock::holder(paths)?.and_then(|holder| Pid::from_raw(i32::try_from(holder.agent).ok()?));
    if let Some(agent) = agent {
        // Gone by itself is as good.
        let _ = kill_process(agent, Signal::KILL);
    }
    let until = Instant::now() + Duration::from_secs(2);
    while lock::holder(paths)?.is_some() && Instant::now() < until {
        std::thread::sleep(LOOK);
    }
    Ok(())
}

/// The error of everything that comes after the timer.
pub fn fired(op: OpId) -> Error {
    Error::new(
        Kind::RolledBack,
        "arm_fired",
        format!("the changes of operation {op} were not confirmed in time and were taken back on the node"),
    )
    .hint("see whether the node can still be reached by a new connection, then try again")
}

fn unknown_operation(op: OpId) -> Error {
    Error::refused("no_such_operation", format!("this node has no operation {op}"))
}

/// One mover out of `Armed` at a time.
fn hold(paths: &NodePaths, op: OpId, deadline: Instant) -> Result<File> {
    let path = paths.op(op).join("arm.lock");
    let failed = |error: std::io::Error| fault(&path, "the timer cannot be looked at", &error);
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(failed)?;
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file),
            Err(rustix::io::Errno::WOULDBLOCK) if Instant::now() < deadline => std::thread::sleep(LOOK),
            Err(error) => return Err(failed(error.into())),
        }
    }
}

fn timer_state(context: &Context<'_>) -> Result<String> {
    let timer = format!("{}.timer", unit_of(context.op));
    let shown = systemctl(
        context,
        &["show", "--property=ActiveState", "--value", "--", &timer],
    )?;
    Ok(shown.stdout.trim().to_owned())
}

fn unit_of(op: OpId) -> String {
    format!("pairadm-revert-{op}")
}
