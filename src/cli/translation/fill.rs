//! `pairadm translation fill`: the subnet rule.

use super::change::make;
use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::Result;
use crate::model::syntax::shown;
use crate::render::{Line, Tone};
use crate::translate::Edits;
use clap::Args;
use ipnet::IpNet;
use serde_json::json;

/// Arguments of `translation fill`.
#[derive(Debug, Args)]
pub struct FillArgs {
    /// Network of the primary, such as 10.1.0.0/16
    #[arg(value_name = "FROM_NET", value_parser = network)]
    from: IpNet,
    /// Network of the secondary, of the same size
    #[arg(value_name = "TO_NET", value_parser = network)]
    to: IpNet,
}

fn network(text: &str) -> std::result::Result<IpNet, String> {
    text.parse().map_err(|_| {
        format!(
            "`{}` is not a network; accepted: an address with a prefix length, such as 10.1.0.0/16 or 2001:db8:1::/48",
            shown(text)
        )
    })
}

/// Decides what the table or the last scan knows in the network and nobody decided yet.
pub fn run(session: &Session, args: &FillArgs) -> Result<Done> {
    let controller = session.controller()?;
    // To the end: an address that was not found would stay undecided and nobody would know.
    let view = session.look(|looking| controller.searched(looking))?;
    session.cancel.heed()?;
    if let (None, Some(why)) = (&view.scanned, &view.not_scanned) {
        let text = format!("Only what is in the table is decided, for the data was not searched: {why}");
        session.output.say([&Line::toned(Tone::Warning, text)]);
    }
    let (filled, decided) = view.filled(&view.table, args.from, args.to)?;
    if decided == 0 {
        let text = format!(
            "Nothing to decide: no undecided address is known in {}.",
            args.from.trunc()
        );
        session.output.say([&Line::plain(text)]);
        return Done::with(json!({ "changes": false }));
    }
    make(session, &Edits::between(&view.table, &filled))
}
