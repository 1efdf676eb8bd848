//! `pairadm data`: back up, copy and load the data of the SIP service; a file a command.

mod auto;
mod auto_run;
mod backup;
mod copy;
mod diff;
mod list;
mod load;
mod preview_failback;
mod sync;
mod verify;

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
    /// Copy the primary's current backup to the secondary, as its newest mirror
    ///
    /// What is the same in the newest mirror is linked, the rest is copied and every byte is verified. A
    /// copy that broke off goes on with the next one. Any other operation stops a copy; nothing is lost.
    Copy(copy::CopyArgs),
    /// List backups and mirrors of both sides
    List,
    /// Compare the nodes' files by the profile's rules, -v line by line with secrets hidden; drift is no failure
    Diff,
    /// Show what a failback, or the next load, would lose of what was changed on the secondary
    PreviewFailback,
    /// Make a mirror of the primary's data live on the secondary, translated
    Load(load::LoadArgs),
    /// Give the secondary back the data it had before the newest load
    Rollback(load::RollbackArgs),
    /// Read every byte of a mirror again and compare it with what was copied
    Verify(verify::VerifyArgs),
    /// Bring administration files from the active side to the passive one, once or continuously
    Sync(sync::SyncArgs),
    /// Have the secondary bring data over by itself
    Auto(auto::AutoArgs),
    /// Do what this node does by itself, if it is its turn
    #[command(hide = true)]
    AutoRun(auto_run::AutoRunArgs),
}

/// Carries one of them out.
pub fn run(session: &Session, args: &DataArgs) -> Result<Done> {
    match &args.command {
        DataCommand::Backup(args) => backup::run(session, args),
        DataCommand::Copy(args) => copy::run(session, args),
        DataCommand::List => list::run(session),
        DataCommand::Diff => diff::run(session),
        DataCommand::PreviewFailback => preview_failback::run(session),
        DataCommand::Load(args) => load::run(session, args),
        DataCommand::Rollback(args) => load::rollback(session, args),
        DataCommand::Verify(args) => verify::run(session, args),
        DataCommand::Sync(args) => sync::run(session, args),
        DataCommand::Auto(args) => auto::run(session, args),
        DataCommand::AutoRun(args) => auto_run::run(session, args),
    }
}
