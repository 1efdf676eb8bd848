//! `pairadm translation scan`.

use super::change::make;
use super::list::document;
use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::Result;
use crate::model::Moved;
use crate::render::translation::list;
use crate::render::{Line, Tone, how_far};
use crate::translate::Edits;
use clap::Args;
use std::time::{Duration, Instant};

/// How often the progress of a long search is told.
const TOLD: Duration = Duration::from_secs(5);

/// Arguments of `translation scan`.
#[derive(Debug, Args)]
pub struct ScanArgs {
    /// The mirror, as `data list` names it; the newest without it, the backup of the primary where there is none
    #[arg(value_name = "MIRROR")]
    mirror: Option<String>,
    /// Add every address that has to be changed and is not in the table, not decided
    #[arg(long)]
    add: bool,
}

/// Finds every address of the data.
pub fn run(session: &Session, args: &ScanArgs) -> Result<Done> {
    let mut told = Instant::now();
    let mut progress = |moved: &Moved| {
        if told.elapsed() >= TOLD {
            told = Instant::now();
            let line = Line::toned(Tone::Faint, format!("{} {}", moved.what, how_far(moved)));
            session.output.say([&line]);
        }
    };
    let view = session
        .controller()?
        .scan(args.mirror.as_deref(), &mut progress, &session.cancel)?;
    session.output.say(&list(&view));
    let opaque = view.scanned.iter().flat_map(|scanned| &scanned.findings.opaque);
    for file in opaque {
        let text = format!("Cannot be looked into, is loaded as it is: {file}");
        session.output.say([&Line::toned(Tone::Warning, text)]);
    }
    if !args.add {
        return Done::with(document(&view));
    }
    let mut noticed = view.table.clone();
    noticed.notice(view.found_must());
    make(session, &Edits::between(&view.table, &noticed))
}
