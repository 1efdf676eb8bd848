//! `pairadm data auto`.

use crate::cli::change;
use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::Result;
use crate::intent::{Answers, Operation};
use crate::model::Side;
use crate::render::{Line, Tone};
use clap::{Args, Subcommand};
use serde_json::json;

/// Arguments of `data auto`.
#[derive(Debug, Args)]
pub struct AutoArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// From now on by this schedule, in place of another; once a day without flags
    Create(CreateArgs),
    /// Show the schedule, its last run and its next one
    Show,
    /// No longer
    Remove,
}

#[derive(Debug, Args)]
struct CreateArgs {
    /// copy (the backup of the primary, copied and loaded), sync (administration files) or both
    #[arg(long, value_name = "WHAT")]
    what: Option<String>,
    /// Time of day, such as 03:30
    #[arg(long, value_name = "HH:MM", conflicts_with = "every")]
    at: Option<String>,
    /// Hours from one run to the next: 1, 2, 3, 4, 6, 8, 12 or 24
    #[arg(long, value_name = "HOURS")]
    every: Option<String>,
    /// Minutes over which the start is spread by chance; 30 if nothing is said
    #[arg(long, value_name = "MINUTES")]
    spread: Option<String>,
    /// Have the backup of the primary made first, each time
    #[arg(long)]
    backup: bool,
}

/// Makes, shows or removes the schedule.
pub fn run(session: &Session, args: &AutoArgs) -> Result<Done> {
    let mut given = Answers::default();
    match &args.action {
        Action::Show => return show(session),
        Action::Remove => given.set("schedule", "no"),
        Action::Create(create) => {
            given.set("schedule", "yes");
            for (key, value) in [
                ("what", &create.what),
                ("every", &create.every),
                ("at", &create.at),
                ("spread", &create.spread),
            ] {
                if let Some(value) = value {
                    given.set(key, value);
                }
            }
            if create.backup {
                given.set("backup", "yes");
            }
        }
    }
    change::run(session, Operation::Auto, &given)
}

fn show(session: &Session) -> Result<Done> {
    let status = session.live()?.status(&session.cancel)?;
    let node = &status.nodes[Side::Secondary];
    let line = match (&node.unreachable, &node.next_run) {
        (Some(why), _) => Line::toned(Tone::Bad, format!("{}: {why}", node.hostname)),
        (None, Some(next)) => Line::plain(format!("{}: the next run begins at {next}", node.hostname)),
        (None, None) => Line::plain(format!(
            "{} does nothing on a schedule: `pairadm data auto create` makes one",
            node.hostname
        )),
    };
    session.output.say(&[line]);
    for run in &node.runs {
        let text = format!("last {} run, {}: {}", run.trigger, run.at, run.text);
        session.output.say(&[Line::plain(text)]);
    }
    Done::with(json!({ "node": node.hostname, "next_run": node.next_run, "runs": node.runs }))
}
