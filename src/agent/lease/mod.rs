//! The dead man's switch of a takeover: what it brings up on a node is on a lease until the node's journal
//! calls the operation committed.
//!
//! ```text
//!  begun, before the window ──> every call of the controller renews it ──> committed: over, all stays
//!      │
//!      └── nobody holds the pair's lock here (end of input, agent killed), or no call for `seconds`
//!              ├── recorded active, and a witness answers: the controller is gone, not the network: all stays
//!              └── else: agent ended, VIPs off, traffic blocked
//! ```
//!
//! Without it a controller that loses its way to the new side could not give calls back to the old one
//! before somebody has seen that the new one's VIPs are gone (S1). With it, the controller waits until the
//! lease must have run out.
//!
//! The agent only writes: the terms, and when it last heard its controller. A process beside it, a systemd
//! unit that is started before the window, looks at both and acts, so that neither a killed nor a stuck
//! agent holds anything up. Both files are in `/run`: after a power cut they are gone like the VIPs, and the
//! boot guard decides. Times are the kernel's, since it started (`CLOCK_BOOTTIME`), so that no clock that
//! is set moves them, and a machine that slept has been silent. An agent that takes the pair's lock takes
//! the lease over with it. A call that runs hooks renews the lease for as long as the hooks may take; a
//! machine that stands still as a whole, as in a move between hosts, gives up only once it runs again.

mod watch;

pub use watch::watch;

use super::file::fault;
use super::paths::NodePaths;
use super::protocol::StepReport;
use super::step::Context;
use super::unit::run_ok;
use crate::error::{Error, Result};
use crate::model::OpId;
use crate::plan::Lease;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt as _;
use std::time::Duration;

/// A lease that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Held {
    /// Who watches over it; a newer one makes an older one end.
    unit: String,
    /// Whose steps it covers.
    op: OpId,
    terms: Lease,
}

/// Begins the lease, or renews that of an interrupted run, and starts what watches over it.
pub fn begin(context: &Context<'_>, terms: &Lease) -> Result<StepReport> {
    let held = Held {
        unit: format!("pairadm-lease-{}-{}", context.op, std::process::id()),
        op: context.op,
        terms: terms.clone(),
    };
    let path = context.paths.lease();
    let failed = |error: std::io::Error| fault(&path, "the lease cannot be written", &error);
    let text = serde_json::to_vec(&held).map_err(|error| Error::bug(error.to_string()))?;
    let heard = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(context.paths.lease_heard())
        .map_err(failed)?;
    write_heard(&heard, now()).map_err(failed)?;
    let draft = path.with_extension("new");
    std::fs::write(&draft, text)
        .and_then(|()| std::fs::rename(&draft, &path))
        .map_err(failed)?;
    start(context, &held.unit).inspect_err(|_| {
        // Nothing is up that it could have covered.
        let _ = std::fs::remove_file(&path);
    })?;
    Ok(StepReport {
        changed: true,
        detail: format!("down by itself after {} s without a word", terms.seconds),
        backup: None,
    })
}

/// The controller was heard. Nothing without a lease.
pub fn heard(paths: &NodePaths) {
    renew(paths, now());
}

/// The controller waits for what it asked for as long as `time`, and cannot be heard meanwhile.
pub fn hold(paths: &NodePaths, time: Duration) {
    renew(paths, now() + time);
}

/// True while the lease of `op` is in force.
pub fn holds(paths: &NodePaths, op: OpId) -> Result<bool> {
    Ok(read(paths)?.is_some_and(|held| held.op == op))
}

/// Ends the lease of `op`: what is up stays up, or was taken back.
pub fn end(paths: &NodePaths, op: OpId) -> Result<()> {
    match read(paths)? {
        Some(held) if held.op == op => remove(paths),
        _ => Ok(()),
    }
}

fn renew(paths: &NodePaths, at: Duration) {
    if let Ok(file) = File::options().write(true).open(paths.lease_heard()) {
        // What cannot be renewed runs out: the safe side.
        let _ = write_heard(&file, at);
    }
}

fn write_heard(file: &File, at: Duration) -> std::io::Result<()> {
    let nanoseconds = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
    file.write_all_at(&nanoseconds.to_le_bytes(), 0)
}

/// How long the controller has been silent; zero while a call may still run.
fn silence(paths: &NodePaths) -> Result<Duration> {
    let path = paths.lease_heard();
    let mut bytes = [0; 8];
    File::open(&path)
        .and_then(|file| file.read_exact_at(&mut bytes, 0))
        .map_err(|error| fault(&path, "the lease cannot be read", &error))?;
    Ok(now().saturating_sub(Duration::from_nanos(u64::from_le_bytes(bytes))))
}

fn read(paths: &NodePaths) -> Result<Option<Held>> {
    let path = paths.lease();
    match std::fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text)
            .map(Some)
            .map_err(|error| fault(&path, "the lease cannot be read", &error.into())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fault(&path, "the lease cannot be read", &error)),
    }
}

fn remove(paths: &NodePaths) -> Result<()> {
    for path in [paths.lease(), paths.lease_heard()] {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(fault(&path, "the lease cannot be ended", &error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// What the watch would see.
#[cfg(test)]
pub fn sight(paths: &NodePaths) -> Result<String> {
    match read(paths)? {
        Some(held) => watch::look(paths, &held).map(|sight| format!("{sight:?}")),
        None => Ok("no lease".to_owned()),
    }
}

/// When the controller was last heard.
#[cfg(test)]
pub fn last_heard(paths: &NodePaths) -> Vec<u8> {
    let mut heard = std::fs::read(paths.lease_heard()).unwrap_or_default();
    heard.reverse();
    heard
}

/// Since the kernel started, suspended or not.
fn now() -> Duration {
    let time = clock_gettime(ClockId::Boottime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

/// systemd keeps the watch alive, and nobody ends it with the agent.
fn start(context: &Context<'_>, unit: &str) -> Result<()> {
    let refused = |error: Error| {
        Error::refused(
            "not_leased",
            "nothing could be started that watches over the lease",
        )
        .at(unit)
        .because(error)
        .hint("a takeover needs systemd on the node")
    };
    let program = std::env::current_exe()
        .map_err(|error| refused(Error::bug("the agent does not know its program").because(error)))?;
    let program = program.to_string_lossy();
    let name = format!("--unit={unit}");
    let argv = [
        "systemd-run",
        "--quiet",
        "--collect",
        &name,
        // It answers once the program runs.
        "--property=Type=exec",
        "--property=Restart=on-failure",
        "--property=RestartSec=200ms",
        "--property=StartLimitIntervalSec=0",
        "--description=pairadm takes down what its controller left",
        &program,
        "agent-lease",
    ];
    run_ok(
        context.paths.search(),
        &argv,
        "systemd_run_failed",
        context.deadline,
    )
    .map(drop)
    .map_err(refused)
}
