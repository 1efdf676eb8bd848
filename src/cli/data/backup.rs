//! `pairadm data backup`.

use crate::cli::change;
use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::Result;
use crate::intent::{Answers, Operation};
use crate::model::Side;
use clap::Args;

/// Arguments of `data backup`.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The side whose data is saved: primary (if nothing is said) or secondary
    #[arg(long, value_name = "SIDE")]
    side: Option<Side>,
}

/// Saves live data.
pub fn run(session: &Session, args: &BackupArgs) -> Result<Done> {
    let mut given = Answers::default();
    if let Some(side) = args.side {
        given.set("side", side.as_str());
    }
    change::run(session, Operation::Backup, &given)
}
