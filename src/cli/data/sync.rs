//! `pairadm data sync`.

use crate::cli::change;
use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::Result;
use crate::intent::{Answers, Operation};
use clap::{Args, ValueEnum};

/// Arguments of `data sync`.
#[derive(Debug, Args)]
pub struct SyncArgs {
    /// Within seconds of every change, from now on, or no longer so
    #[arg(long, value_name = "ON|OFF")]
    continuous: Option<Switch>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

/// Synchronizes once, or switches the continuous synchronisation.
pub fn run(session: &Session, args: &SyncArgs) -> Result<Done> {
    let mut given = Answers::default();
    let when = match args.continuous {
        None => "once",
        Some(Switch::On) => "on",
        Some(Switch::Off) => "off",
    };
    given.set("when", when);
    change::run(session, Operation::Sync, &given)
}
