//! Commands that pairadm and systemd run on a node, not people.

use super::output::Done;
use crate::error::Result;
use crate::model::OpId;
use clap::Args;

/// Arguments of `agent-revert`.
#[derive(Debug, Args)]
pub struct RevertArgs {
    /// Number of the operation; without it, every operation that was never confirmed
    op: Option<OpId>,
}

/// Serves a controller until standard input ends.
pub fn agent() -> Result<Done> {
    let exit_code = crate::agent::run()?;
    Ok(Done {
        exit_code,
        ..Done::default()
    })
}

/// Takes back what was armed and never confirmed.
pub fn revert(args: &RevertArgs) -> Result<Done> {
    match args.op {
        Some(op) => crate::agent::revert_armed(op)?,
        None => crate::agent::revert_unconfirmed()?,
    }
    Ok(Done::default())
}
