//! `pairadm data`: back up, copy and load the data of the SIP service; a file a command.

mod backup;

use super::output::Done;
use super::session::Session;
use crate::error::Result;
use clap::{Args, Subcommand};

/// Arguments of `data`.
#[derive(Debug, Args)]
pub struct DataArgs {
    #[command(subcommand)]
    command: DataCommand,
}

#[derive(Debug, Subcommand)]
enum DataCommand {
    /// Save the live data of a side, so that it can be copied
    Backup(backup::BackupArgs),
}

/// Carries one of them out.
pub fn run(session: &Session, args: &DataArgs) -> Result<Done> {
    match &args.command {
        DataCommand::Backup(args) => backup::run(session, args),
    }
}
