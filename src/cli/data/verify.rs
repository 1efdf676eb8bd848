//! `pairadm data verify`.

use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::Result;
use crate::model::Side;
use crate::render::{Line, Tone, how_far};
use clap::Args;
use serde_json::json;

/// Arguments of `data verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Name of a mirror, as `data list` shows it
    #[arg(value_name = "NAME", default_value = "newest")]
    mirror: String,
    /// A failback mirror on the primary
    #[arg(long)]
    failback: bool,
}

/// Reads every byte of a mirror again.
pub fn run(session: &Session, args: &VerifyArgs) -> Result<Done> {
    let controller = session.controller()?;
    let side = if args.failback {
        Side::Primary
    } else {
        Side::Secondary
    };
    let mut said = 0;
    let detail = controller.examine(side, &args.mirror, &session.cancel, &mut |moved| {
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
