//! `pairadm restart`.

use super::change;
use super::output::Done;
use super::session::Session;
use crate::error::Result;
use crate::intent::{Answers, Operation};
use crate::model::Side;
use clap::Args;

/// Arguments of `restart`.
#[derive(Debug, Args)]
pub struct RestartArgs {
    /// Only this side: primary or secondary
    #[arg(long, value_name = "SIDE")]
    side: Option<Side>,
}

/// Makes up for restarts that were put off.
pub fn run(session: &Session, args: &RestartArgs) -> Result<Done> {
    let mut given = Answers::default();
    if let Some(side) = args.side {
        given.set("side", side.as_str());
    }
    change::run(session, Operation::Restart, &given)
}
