//! `pairadm data auto-run`: what a node's own units call, not people.

use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::controller::Duty;
use crate::data::Trigger;
use crate::error::Result;
use clap::{Args, ValueEnum};

/// Arguments of `data auto-run`.
#[derive(Debug, Args)]
pub struct AutoRunArgs {
    /// What to do
    #[arg(long, value_name = "WHAT")]
    what: What,
    /// Make the primary's backup first
    #[arg(long)]
    backup: bool,
    /// A file has changed; else the timer calls
    #[arg(long)]
    on_change: bool,
}

/// What is done automatically.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// Administration files
    Sync,
    /// The primary's backup, copied and loaded
    Copy,
    /// Both
    Both,
}

/// Does it if it is this node's turn; the line goes to the journal.
pub fn run(session: &Session, args: &AutoRunArgs) -> Result<Done> {
    let duty = Duty {
        sync: args.what != What::Copy,
        copy: args.what != What::Sync,
        backup: args.backup,
    };
    let trigger = if args.on_change {
        Trigger::Change
    } else {
        Trigger::Timer
    };
    let run = session
        .node_controller()?
        .run_unattended(duty, trigger, &session.cancel)?;
    session.output.raw(&format!("{}\n", run.text));
    Done::with(run)
}
