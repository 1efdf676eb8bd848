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
}

/// Tries it.
pub fn run(session: &Session, args: &TestArgs) -> Result<Done> {
    let What::Reaction { mode, side } = args.what;
    let told = session.controller()?.try_reactions(side, mode)?;
    session.output.say([&Line::plain(&told)]);
    Done::with(json!({ "side": side, "mode": mode, "told": told }))
}
