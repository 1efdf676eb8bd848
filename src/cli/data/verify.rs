//! `pairadm data verify`.

use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::Result;
use crate::intent::{VerifyIntent, mirror};
use crate::model::Side;
use crate::render::{Line, Tone, how_far};
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
    let mut said = 0;
    let detail = controller.examine(&wanted, &session.cancel, &mut |moved| {
        // Every tenth of the way is news.
        let tenth = moved.percent().unwrap_or(0) / 10;
        if tenth > said {
            said = tenth;
            session
                .output
                .say([&Line::toned(Tone::Faint, format!("  {}", how_far(&moved)))]);
        }
    })?;
    session.output.say([&Line::plain(&detail)]);
    Done::with(json!({ "mirror": args.mirror, "verified": detail }))
}
