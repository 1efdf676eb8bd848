//! Commands that pairadm and systemd run on a node, not people.

use super::output::Done;
use super::session::Session;
use crate::agent::Occasion;
use crate::error::Result;
use crate::model::OpId;
use clap::{Args, Subcommand};
use serde_json::json;
use std::time::{Duration, Instant};

/// Time for the programs of all alarms that are due.
const ALARMS: Duration = Duration::from_secs(60);

/// Arguments of `agent-revert`.
#[derive(Debug, Args)]
pub struct RevertArgs {
    /// Number of the operation; without it, every operation that was never confirmed
    op: Option<OpId>,
}

/// Arguments of `guard`.
#[derive(Debug, Args)]
pub struct GuardArgs {
    #[command(subcommand)]
    moment: Moment,
}

/// When systemd calls the boot guard.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Moment {
    /// Before the network: block SIP
    Early,
    /// With the network: decide whether to serve
    Late,
    /// With the services, where this node serves: run the promote hooks
    Promote,
}

/// Serves a controller until standard input ends.
pub fn agent() -> Result<Done> {
    let exit_code = crate::agent::run()?;
    Ok(Done {
        exit_code,
        ..Done::default()
    })
}

/// Serves the other node of the pair, as far as its key may.
pub fn peer() -> Result<Done> {
    let exit_code = crate::agent::peer::run(std::env::var_os("SSH_ORIGINAL_COMMAND"))?;
    Ok(Done {
        exit_code,
        ..Done::default()
    })
}

/// Takes back what was armed and never confirmed.
pub fn revert(args: &RevertArgs) -> Result<Done> {
    match args.op {
        Some(op) => crate::agent::revert_armed(op)?,
        None => crate::agent::revert_unconfirmed(Occasion::Running)?,
    }
    Ok(Done::default())
}

/// Clears the alarms whose time is up; its line goes to the journal.
pub fn alarms_due(session: &Session) -> Result<Done> {
    let done = crate::agent::settle_alarms(Instant::now() + ALARMS)?;
    session.output.raw(&format!("{done}\n"));
    Done::with(json!({ "done": done }))
}

/// Watches over a lease until it ends; its line goes to the journal.
pub fn lease(session: &Session) -> Result<Done> {
    let done = crate::agent::watch_lease()?;
    session.output.raw(&format!("{done}\n"));
    Done::with(json!({ "done": done }))
}

/// Runs the boot guard; its line goes to the journal.
pub fn guard(session: &Session, args: &GuardArgs) -> Result<Done> {
    let done = match args.moment {
        Moment::Early => crate::guard::early()?,
        Moment::Late => crate::guard::late()?,
        Moment::Promote => crate::guard::promote()?,
    };
    session.output.raw(&format!("{done}\n"));
    Done::with(json!({ "done": done }))
}
