//! `pairadm traffic`.

use super::change;
use super::output::Done;
use super::session::Session;
use crate::error::{Error, Result};
use crate::intent::{Answers, Operation};
use crate::model::Side;
use crate::render::Line;
use clap::{Args, ValueEnum};
use serde_json::json;

/// What to do with traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Action {
    /// Stop SIP traffic on the side
    Block,
    /// Let SIP traffic in again
    Allow,
    /// Show whether traffic is allowed on each side
    Show,
}

/// Arguments of `traffic`.
#[derive(Debug, Args)]
pub struct TrafficArgs {
    /// What to do
    action: Action,
    /// The side: primary or secondary
    #[arg(long, value_name = "SIDE", conflicts_with = "node")]
    side: Option<Side>,
    /// The side, by the host name of its node
    #[arg(long, value_name = "HOSTNAME")]
    node: Option<String>,
    /// Change one side by hand although a takeover does it in a configured pair
    #[arg(long = "override")]
    overriding: bool,
}

/// Blocks, allows or shows.
pub fn run(session: &Session, args: &TrafficArgs) -> Result<Done> {
    let side = match &args.node {
        Some(name) => Some(named(session, name)?),
        None => args.side,
    };
    let action = match args.action {
        Action::Show => return show(session, side),
        Action::Block => "block",
        Action::Allow => "allow",
    };
    let mut given = Answers::default();
    given.set("action", action);
    if let Some(side) = side {
        given.set("side", side.as_str());
    }
    if args.overriding {
        given.set("override", "yes");
    }
    change::run(session, Operation::Traffic, &given)
}

fn show(session: &Session, only: Option<Side>) -> Result<Done> {
    let status = session.live()?.status()?;
    let mut shown = serde_json::Map::new();
    for (side, node) in status
        .nodes
        .iter()
        .filter(|(side, _)| only.is_none_or(|only| only == *side))
    {
        let traffic = node
            .traffic
            .map_or_else(|| "unknown".to_owned(), |traffic| traffic.to_string());
        session
            .output
            .say([&Line::plain(format!("{side:9}  {:15}  {traffic}", node.hostname))]);
        shown.insert(
            side.to_string(),
            json!({ "hostname": node.hostname, "traffic": node.traffic, "unreachable": node.unreachable }),
        );
    }
    Done::with(shown)
}

fn named(session: &Session, name: &str) -> Result<Side> {
    let pair = session.pair()?;
    pair.side_of(name).ok_or_else(|| {
        let nodes: Vec<&str> = pair
            .nodes
            .iter()
            .map(|(_, node)| node.hostname.as_str())
            .collect();
        Error::refused(
            "unknown_node",
            format!("`{name}` is no node of the pair; accepted: {}", nodes.join(", ")),
        )
        .at("--node")
    })
}
