//! `pairadm data load` and `data rollback`.

use crate::cli::change;
use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::Result;
use crate::intent::{Answers, Operation};
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
    change::run(session, Operation::Load, &given)
}

/// Makes live again what was there before the newest load.
pub fn rollback(session: &Session) -> Result<Done> {
    change::run(session, Operation::Rollback, &Answers::default())
}
