//! `pairadm test`: tries by hand what otherwise runs by itself.

use super::output::Done;
use super::session::Session;
use crate::error::Result;
use crate::model::{Mode, Side};
use crate::render::Line;
use clap::{Args, Subcommand};
use serde_json::json;

/// Arguments of `test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Run a node's reactions as if it had become active or passive; nothing else happens
    Reaction {
        /// What the reactions are told: active or passive
        mode: Mode,
        /// The side whose reactions run: primary or secondary
        #[arg(long, value_name = "SIDE")]
        side: Side,
    },
    /// Raise an alarm of a node as a test, or clear one that is raised
    Alarm {
        /// Its name: that of its file in `/etc/pairadm/reactions.d`, without .toml
        name: String,
        /// The side that raises it: primary or secondary
        #[arg(long, value_name = "SIDE")]
        side: Side,
        /// Clear it instead, whatever raised it
        #[arg(long)]
        clear: bool,
    },
}

/// Tries it.
pub fn run(session: &Session, args: &TestArgs) -> Result<Done> {
    let controller = session.controller()?;
    let (told, done) = match &args.what {
        What::Reaction { mode, side } => {
            let told = controller.try_reactions(*side, *mode, &session.cancel)?;
            let done = json!({ "side": side, "mode": mode, "told": told });
            (told, done)
        }
        What::Alarm { name, side, clear } => {
            let told = controller.try_alarm(*side, name, !clear, &session.cancel)?;
            let done = json!({ "side": side, "alarm": name, "clear": clear, "told": told });
            (told, done)
        }
    };
    session.output.say([&Line::plain(&told)]);
    Done::with(done)
}
