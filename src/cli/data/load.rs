//! `pairadm data load` and `data rollback`.

use crate::cli::change;
use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::Result;
use crate::intent::{Answers, Operation, failback};
use clap::Args;

/// Arguments of `data load`.
#[derive(Debug, Args)]
pub struct LoadArgs {
    /// Name of the mirror, as `data list` shows it; the newest if nothing is said
    #[arg(value_name = "MIRROR")]
    mirror: Option<String>,
    /// Load it also when it is loaded already
    #[arg(long)]
    again: bool,
    /// After a takeover: load a failback mirror on the passive primary
    #[arg(long)]
    failback: bool,
    /// Confirm --failback by the host name of the primary
    #[arg(long, value_name = "HOSTNAME", requires = "failback")]
    confirm_primary: Option<String>,
}

/// Arguments of `data rollback`.
#[derive(Debug, Args)]
pub struct RollbackArgs {
    /// Give the passive primary back the data it had before the newest failback
    #[arg(long)]
    failback: bool,
}

/// Loads a mirror.
pub fn run(session: &Session, args: &LoadArgs) -> Result<Done> {
    let mut given = Answers::default();
    if let Some(mirror) = &args.mirror {
        given.set("mirror", mirror);
    }
    if args.again {
        given.set("again", "yes");
    }
    if let Some(name) = &args.confirm_primary {
        given.set(failback::CONFIRMATION, name);
    }
    let operation = if args.failback {
        Operation::FailbackLoad
    } else {
        Operation::Load
    };
    change::run(session, operation, &given)
}

/// Makes live again what was there before the newest load.
pub fn rollback(session: &Session, args: &RollbackArgs) -> Result<Done> {
    let operation = if args.failback {
        Operation::FailbackRollback
    } else {
        Operation::Rollback
    };
    change::run(session, operation, &Answers::default())
}
