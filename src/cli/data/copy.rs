//! `pairadm data copy`.

use crate::cli::change;
use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::Result;
use crate::intent::{Answers, Operation, failback};
use clap::Args;

/// Arguments of `data copy`.
#[derive(Debug, Args)]
pub struct CopyArgs {
    /// After a takeover: copy the backup of the active secondary to the passive primary, after a look at what is lost there when it is loaded
    #[arg(long)]
    failback: bool,
    /// With --failback: make the backup of the secondary first
    #[arg(long, requires = "failback")]
    backup: bool,
    /// Confirm --failback by the host name of the primary
    #[arg(long, value_name = "HOSTNAME", requires = "failback")]
    confirm_primary: Option<String>,
}

/// Copies a current backup.
pub fn run(session: &Session, args: &CopyArgs) -> Result<Done> {
    let mut given = Answers::default();
    if !args.failback {
        return change::run(session, Operation::Copy, &given);
    }
    given.set("backup", if args.backup { "yes" } else { "no" });
    if let Some(name) = &args.confirm_primary {
        given.set(failback::CONFIRMATION, name);
    }
    change::run(session, Operation::FailbackCopy, &given)
}
