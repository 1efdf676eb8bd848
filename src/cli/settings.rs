//! `pairadm settings`.

use super::change::{self, AnswerArgs};
use super::output::Done;
use super::session::Session;
use crate::error::Result;
use crate::intent::{Operation, settings};
use crate::render::Line;
use clap::{Args, Subcommand};
use serde_json::{Map, Value};

/// Arguments of `settings`.
#[derive(Debug, Args)]
pub struct SettingsArgs {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print the settings (the default)
    Show,
    /// Change settings: ports, block, ntp, standby, priority, `encrypted_link`, `mirrors_keep`, `backup_max_age` (hours), `copy_limit` (KiB/s); restart says when services restart
    Set {
        /// The settings to change
        #[arg(required = true, value_name = "KEY=VALUE")]
        settings: Vec<String>,
    },
}

/// Shows or changes.
pub fn run(session: &Session, args: &SettingsArgs) -> Result<Done> {
    match &args.action {
        None | Some(Action::Show) => show(session),
        Some(Action::Set { settings }) => {
            let given = AnswerArgs {
                answers: None,
                set: settings.clone(),
            };
            change::run(session, Operation::Settings, &given.collect()?)
        }
    }
}

fn show(session: &Session) -> Result<Done> {
    let form = settings::form(&*session.controller()?.need_pair()?);
    let mut shown = Map::new();
    // `restart` is a question of the operation, not a setting.
    for field in form.fields.iter().filter(|field| field.key != "restart") {
        let value = field.default.clone().unwrap_or_default();
        session
            .output
            .say([&Line::plain(format!("{:16} {value}", field.key).trim_end())]);
        shown.insert(field.key.to_owned(), Value::String(value));
    }
    Done::with(shown)
}
