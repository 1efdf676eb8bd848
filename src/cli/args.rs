//! What the command line may say: one definition for parsing, help, completions and the manual page.

use super::backups::BackupsArgs;
use super::change::AnswerArgs;
use super::completions::CompletionsArgs;
use super::data::DataArgs;
use super::history::HistoryArgs;
use super::lab::LabArgs;
use super::node::{GuardArgs, RevertArgs};
use super::operations::{OperationArgs, ReportArgs, ResumeArgs, ShowArgs};
use super::restart::RestartArgs;
use super::settings::SettingsArgs;
use super::status::StatusArgs;
use super::takeover::TakeoverArgs;
use super::test::TestArgs;
use super::traffic::TrafficArgs;
use super::translation::TranslationArgs;
use crate::config::PAIR_FILE;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

const EXIT_CODES: &str = "\
Exit status: 0 done; 2 refused, nothing changed; 3 rolled back; 4 incomplete, resumable;
5 unknown, a person is needed; 64 wrong usage; 1 a defect in pairadm.";

/// Administer a redundant pair of SIP servers
///
/// Without a command the menu opens; on a terminal that cannot draw it, or with --plain, the same
/// operations are offered line by line.
#[derive(Debug, Parser)]
#[command(name = "pairadm", version, after_help = EXIT_CODES, disable_help_subcommand = true)]
pub struct Arguments {
    /// What holds for every command.
    #[command(flatten)]
    pub common: Common,
    /// The command; the menu without one.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags of every command.
#[derive(Debug, Clone, Args)]
#[allow(clippy::struct_excessive_bools)] // each is a flag of its own
#[command(next_help_heading = "Common options")]
pub struct Common {
    /// The pair file
    #[arg(long, global = true, value_name = "FILE", default_value = PAIR_FILE)]
    pub pair: PathBuf,
    /// Show what would be done, change nothing
    #[arg(long, global = true)]
    pub dry_run: bool,
    /// Agree to the plan without being asked
    #[arg(long, short, global = true)]
    pub yes: bool,
    /// Print one JSON document, errors included, with `exit_code`
    #[arg(long, global = true)]
    pub json: bool,
    /// No colours; also by the environment variable `NO_COLOR`
    #[arg(long, global = true)]
    pub no_color: bool,
    /// Say more
    #[arg(long, short, global = true)]
    pub verbose: bool,
    /// Lines instead of a drawn menu
    #[arg(long, global = true)]
    pub plain: bool,
    /// Accept this host key at the first contact: `SHA256:…`, may be repeated
    #[arg(long, global = true, value_name = "FINGERPRINT")]
    pub accept_host_key: Vec<String>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show roles, active side, traffic, VIPs, services and warnings
    Status(StatusArgs),
    /// Check both nodes before a change; nothing is changed
    Doctor,
    /// Set up the pair on both nodes, or change it
    Configure(AnswerArgs),
    /// Swap the roles; traffic stays where it is
    Reverse,
    /// Move traffic to a side; roles stay
    Takeover(TakeoverArgs),
    /// Block or allow SIP traffic on one side, or show it
    Traffic(TrafficArgs),
    /// Show or change settings of the pair
    Settings(SettingsArgs),
    /// Restart services whose restart was put off
    Restart(RestartArgs),
    /// Look at the translation table and change it: which address of the primary becomes which
    Translation(TranslationArgs),
    /// Back up, copy and load the data of the SIP service
    Data(DataArgs),
    /// Take the pair off both nodes
    Remove(AnswerArgs),
    /// List operations, newest first
    History(HistoryArgs),
    /// Show what both nodes' journals say of an operation
    Show(ShowArgs),
    /// Take back an operation; a recorded operation itself
    Undo(OperationArgs),
    /// Go on with an interrupted operation, or take it back
    Resume(ResumeArgs),
    /// Print the report of an operation
    Report(ReportArgs),
    /// Try by hand what otherwise runs by itself
    Test(TestArgs),
    /// List or remove the in-place backups on both nodes
    Backups(BackupsArgs),
    Lab(LabArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Serve requests of a controller on standard input
    #[command(hide = true)]
    Agent,
    /// What the other node's key may do on this one
    #[command(hide = true)]
    Peer,
    /// Take back what an operation armed on this node
    #[command(hide = true)]
    AgentRevert(RevertArgs),
    /// Clear the alarms of this node whose time is up
    #[command(hide = true)]
    AlarmsDue,
    /// Watch over the lease on what a takeover brings up on this node
    #[command(hide = true)]
    AgentLease,
    /// Keep this node blocked after a start until it may serve calls
    #[command(hide = true)]
    Guard(GuardArgs),
}

impl Command {
    /// Its name in the JSON document.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Status(_) => "status",
            Self::Doctor => "doctor",
            Self::Configure(_) => "configure",
            Self::Reverse => "reverse",
            Self::Takeover(_) => "takeover",
            Self::Traffic(_) => "traffic",
            Self::Settings(_) => "settings",
            Self::Restart(_) => "restart",
            Self::Translation(_) => "translation",
            Self::Data(_) => "data",
            Self::Remove(_) => "remove",
            Self::History(_) => "history",
            Self::Show(_) => "show",
            Self::Undo(_) => "undo",
            Self::Resume(_) => "resume",
            Self::Report(_) => "report",
            Self::Test(_) => "test",
            Self::Backups(_) => "backups",
            Self::Lab(_) => "lab",
            Self::Completions(_) => "completions",
            Self::Agent => "agent",
            Self::Peer => "peer",
            Self::AgentRevert(_) => "agent-revert",
            Self::AlarmsDue => "alarms-due",
            Self::AgentLease => "agent-lease",
            Self::Guard(_) => "guard",
        }
    }
}
