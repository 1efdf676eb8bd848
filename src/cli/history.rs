//! `pairadm history`.

use super::output::Done;
use super::session::Session;
use crate::error::Result;
use crate::render;
use clap::Args;
use serde_json::{Value, json};

/// Arguments of `history`.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Without a pair: of this server alone, as `traffic` names it
    #[arg(long, value_name = "HOSTNAME")]
    node: Option<String>,
}

/// Lists operations.
pub fn run(session: &Session, args: &HistoryArgs) -> Result<Done> {
    let controller = session.controller()?;
    let mut past = match args.node.as_deref() {
        None => controller.history(&session.cancel)?,
        server => controller.history_alone(server, &session.cancel)?,
    };
    past.truncate(args.limit);
    let operations: Vec<Value> = past
        .iter()
        .map(|past| json!({ "op": past.op, "title": past.title, "began": past.when, "who": past.who, "end": past.end }))
        .collect();
    session.output.say(&render::history(&past));
    Done::with(json!({ "operations": operations }))
}
