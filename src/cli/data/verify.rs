//! `pairadm data verify`.

use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::Result;
use crate::intent::{VerifyIntent, mirror};
use crate::model::Side;
use crate::render::Line;
use clap::Args;
use serde_json::json;

/// Arguments of `data verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Name of a mirror on either node, as `data list` shows it; the newest on the secondary if nothing is said
    #[arg(value_name = "NAME", default_value = mirror::NEWEST)]
    mirror: String,
    /// A failback mirror on the primary, the newest if none is named
    #[arg(long)]
    failback: bool,
}

/// Reads every byte of a mirror again.
pub fn run(session: &Session, args: &VerifyArgs) -> Result<Done> {
    let controller = session.controller()?;
    let wanted = VerifyIntent {
        mirror: args.mirror.clone(),
        side: args.failback.then_some(Side::Primary),
    };
    let detail = session.look(|looking| controller.examine(&wanted, looking))?;
    session.output.say([&Line::plain(&detail)]);
    Done::with(json!({ "mirror": args.mirror, "verified": detail }))
}
