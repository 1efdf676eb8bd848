//! `pairadm translation`: look at the translation table and change it; a file a command.

mod change;
mod check;
mod explain;
mod fill;
mod list;
mod scan;
mod spreadsheet;

use super::output::Done;
use super::session::Session;
use crate::error::Result;
use clap::{Args, Subcommand};

/// Arguments of `translation`.
#[derive(Debug, Args)]
pub struct TranslationArgs {
    #[command(subcommand)]
    command: TranslationCommand,
}

#[derive(Debug, Subcommand)]
enum TranslationCommand {
    /// Show the table, whose each address is, how often it was found, and where
    List,
    /// Add or change a row: the secondary uses TO where the primary uses FROM
    Set(change::SetArgs),
    /// Remove the row about an address
    Unset(change::UnsetArgs),
    /// Decide every address of a network at once: the host part stays
    Fill(fill::FillArgs),
    /// Take rows from a CSV file with the columns from, to, note
    Import(spreadsheet::ImportArgs),
    /// Write the table as CSV
    Export(spreadsheet::ExportArgs),
    /// Find every address in a mirror on the secondary, or in the backup of the primary
    Scan(scan::ScanArgs),
    /// Name every problem; exit status 2 when one of them bars a load, 4 when the data could not all be searched
    Check,
    /// Show where an address was found and what leaves on either side
    Explain(explain::ExplainArgs),
}

/// Carries one of them out.
pub fn run(session: &Session, args: &TranslationArgs) -> Result<Done> {
    match &args.command {
        TranslationCommand::List => list::run(session),
        TranslationCommand::Set(args) => change::set(session, args),
        TranslationCommand::Unset(args) => change::unset(session, args),
        TranslationCommand::Fill(args) => fill::run(session, args),
        TranslationCommand::Import(args) => spreadsheet::import(session, args),
        TranslationCommand::Export(args) => spreadsheet::export(session, args),
        TranslationCommand::Scan(args) => scan::run(session, args),
        TranslationCommand::Check => check::run(session),
        TranslationCommand::Explain(args) => explain::run(session, args),
    }
}
