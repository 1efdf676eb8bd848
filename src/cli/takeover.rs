//! `pairadm takeover`.

use super::change::{self, AnswerArgs};
use super::output::Done;
use super::session::Session;
use crate::error::Result;
use crate::intent::{Operation, takeover};
use crate::model::Side;
use clap::Args;

/// Arguments of `takeover`.
#[derive(Debug, Args)]
pub struct TakeoverArgs {
    /// The side that shall be active: primary or secondary
    #[arg(long, value_name = "SIDE")]
    to: Option<Side>,
    /// Go on without the other side, which cannot be reached and is known to be off
    #[arg(long)]
    peer_lost: bool,
    /// Confirm --peer-lost by the host name of the lost node
    #[arg(long, value_name = "HOSTNAME", requires = "peer_lost")]
    confirm_lost: Option<String>,
    #[command(flatten)]
    answers: AnswerArgs,
}

/// Moves traffic.
pub fn run(session: &Session, args: &TakeoverArgs) -> Result<Done> {
    let mut given = args.answers.collect()?;
    if let Some(to) = args.to {
        given.set("to", to.as_str());
    }
    if args.peer_lost {
        given.set("peer_lost", "yes");
    }
    if let Some(name) = &args.confirm_lost {
        let to = given.get("to").and_then(|to| to.parse::<Side>().ok());
        if let Some(to) = to {
            given.set(takeover::confirmation_key(to.other()), name);
        }
    }
    change::run(session, Operation::Takeover, &given)
}
