//! `pairadm translation explain`.

use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::Result;
use crate::render::translation::explained;
use crate::translate::Subject;
use clap::Args;
use serde_json::json;

/// Arguments of `translation explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The address, as it stands in the data
    #[arg(value_name = "ADDRESS")]
    address: Subject,
}

/// Shows where the address is and what it becomes.
pub fn run(session: &Session, args: &ExplainArgs) -> Result<Done> {
    let controller = session.controller()?;
    let found = session.look(|looking| controller.explain(args.address, looking))?;
    session.output.say(&explained(&found));
    Done::with(json!({ "address": found.row, "explanation": found.places }))
}
