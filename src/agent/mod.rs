//! What runs on a node: one process per SSH channel, JSON lines in, JSON lines out.
//!
//! ```text
//!   serve ──> session ──> step ──┬── file, unit, sysctl, hook, reaction, state, network, take_back
//!                │               └── found: what was there, journalled before anything changes
//!                ├── journal, lock, backups
//!                ├── job: a step that takes long, on a thread of its own, with its meter
//!                ├── alarm: what is raised on this node
//!                ├── lease: what a takeover brought up goes down when the controller is silent
//!                └── arm: the timer that takes unconfirmed changes back
//! ```

mod alarm;
mod arm;
mod backups;
mod boundary;
pub mod console;
pub mod data;
pub mod file;
mod found;
mod hook;
mod job;
mod journal;
mod lease;
mod link_rate;
pub mod lock;
mod meter;
mod network;
pub mod paths;
pub mod peer;
pub mod program;
pub mod protocol;
pub mod reaction;
mod serve;
mod session;
pub mod state;
mod step;
mod sysctl;
mod take_back;
#[cfg(test)]
mod tests;
pub mod traffic;
mod unit;
pub mod vip;
pub mod watch;
mod work;

pub use arm::Occasion;
pub use paths::NodePaths;
pub use serve::serve;

use crate::error::{Error, Result};
use crate::model::OpId;
use protocol::StepReport;
use std::fs::File;
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

/// `pairadm agent`: serves the node it runs on. Returns the exit code.
pub fn run() -> Result<u8> {
    // The login's may be anything; hooks and new directories get a known one.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o022));
    // Unbuffered, so that waiting for the descriptor is waiting for a call.
    let input = std::io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .map_err(|error| Error::bug("the agent has no input").because(error))?;
    Ok(serve(
        NodePaths::system(),
        File::from(input),
        std::io::stdout().lock(),
    ))
}

/// `pairadm alarms-due`: clears the alarms whose time is up, and tells their programs. What came of it, in
/// words; an error when one of them failed.
pub fn settle_alarms(deadline: Instant) -> Result<String> {
    let outcomes = alarm::settle(&NodePaths::system(), deadline)?;
    let told = reaction::Told::of(outcomes, "no alarm is due");
    if told.failed {
        return Err(Error::incomplete("reaction_failed", told.detail));
    }
    Ok(told.detail)
}

/// `pairadm agent-revert OP`: what the on-node timer runs when nobody confirmed (S9).
pub fn revert_armed(op: OpId) -> Result<()> {
    arm::revert_armed(&NodePaths::system(), op, Occasion::Running)
}

/// Runs a hook of the profile outside any operation, as `last` left the node.
pub fn run_hook(paths: &NodePaths, last: OpId, argv: &[String], timeout_ms: u64) -> Result<StepReport> {
    let context = step::Context {
        paths,
        op: last,
        tag: "",
        deadline: Instant::now() + Duration::from_millis(timeout_ms),
        meter: &meter::UNREAD,
    };
    hook::run(&context, argv, timeout_ms)
}

/// Has systemd start a unit by `systemd-run` and its arguments.
pub fn start_unit(argv: &[&str], deadline: Instant) -> Result<()> {
    unit::run_ok(program::PATH, argv, "systemd_run_failed", deadline).map(drop)
}

/// `pairadm agent-lease`: what watches over a lease beside the agent. Returns how it ended.
pub fn watch_lease() -> Result<String> {
    lease::watch(&NodePaths::system())
}

/// `pairadm agent-revert` without a number: after a start of the node, whose timers are gone, takes
/// back whatever was armed and never confirmed.
pub fn revert_unconfirmed(occasion: Occasion) -> Result<()> {
    arm::revert_unconfirmed(&NodePaths::system(), occasion)
}
