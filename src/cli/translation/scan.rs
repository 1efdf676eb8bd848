//! `pairadm translation scan`.

use super::change::make;
use super::list::document;
use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::Result;
use crate::render::translation::list;
use crate::render::{Line, Tone};
use crate::translate::Edits;
use clap::Args;

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
    let controller = session.controller()?;
    let view = session.look(|looking| controller.scan(args.mirror.as_deref(), looking))?;
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
