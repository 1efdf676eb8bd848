//! `pairadm traffic`.

use super::change;
use super::output::Done;
use super::session::Session;
use crate::config::load_pair;
use crate::error::{Error, Result};
use crate::intent::{Answers, Operation};
use crate::model::{Pair, Port, Side, Traffic};
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
    /// The side, by the host name of its node; without a pair the server, as `[USER@]HOST[:PORT]`, and
    /// this machine when it is left out
    #[arg(long, value_name = "HOSTNAME")]
    node: Option<String>,
    /// Change one side by hand although a takeover does it in a configured pair
    #[arg(long = "override")]
    overriding: bool,
    /// Without a pair: the profile whose ports are blocked
    #[arg(long, value_name = "NAME", conflicts_with = "side")]
    profile: Option<String>,
    /// Without a pair: block this port, such as `udp/5060`, and not those of the profile; may be given again
    #[arg(long = "port", value_name = "PORT", conflicts_with = "side")]
    ports: Vec<Port>,
}

/// Blocks, allows or shows.
pub fn run(session: &Session, args: &TrafficArgs) -> Result<Done> {
    match load_pair(&session.common.pair)? {
        Some(pair) => in_pair(session, args, &pair),
        None if args.side.is_some() => Err(session.controller()?.no_pair()),
        None => alone(session, args),
    }
}

fn in_pair(session: &Session, args: &TrafficArgs, pair: &Pair) -> Result<Done> {
    if args.profile.is_some() || !args.ports.is_empty() {
        let message = format!("the pair {} has its own profile and ports", pair.name);
        return Err(Error::refused("in_a_pair", message)
            .at("--profile, --port")
            .hint("leave them out; `pairadm settings` changes the pair's"));
    }
    let side = match &args.node {
        Some(name) => Some(named(pair, name)?),
        None => args.side,
    };
    let Some(mut given) = given(args) else {
        return show(session, side);
    };
    if let Some(side) = side {
        given.set("side", side.as_str());
    }
    if args.overriding {
        given.set("override", "yes");
    }
    change::run(session, Operation::Traffic, &given)
}

/// Without a pair there is nothing to override, and no other side to look at.
fn alone(session: &Session, args: &TrafficArgs) -> Result<Done> {
    let showing = given(args).is_none();
    let mut given = given(args).unwrap_or_default();
    if let Some(server) = &args.node {
        given.set("server", server);
    }
    if let Some(profile) = &args.profile {
        given.set("profile", profile);
    }
    if !args.ports.is_empty() {
        let ports: Vec<String> = args.ports.iter().map(ToString::to_string).collect();
        given.set("ports", ports.join(","));
    }
    if showing {
        show_alone(session, &given)
    } else {
        change::run(session, Operation::Traffic, &given)
    }
}

/// The action as an answer; none when traffic is only shown.
fn given(args: &TrafficArgs) -> Option<Answers> {
    let action = match args.action {
        Action::Show => return None,
        Action::Block => "block",
        Action::Allow => "allow",
    };
    let mut given = Answers::default();
    given.set("action", action);
    Some(given)
}

fn show(session: &Session, only: Option<Side>) -> Result<Done> {
    let status = session.live()?.status(&session.cancel)?;
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

fn show_alone(session: &Session, given: &Answers) -> Result<Done> {
    let facts = session.controller()?.look(given, &session.cancel)?;
    let blocked: Vec<String> = facts.firewall.blocked.iter().map(ToString::to_string).collect();
    // Where there is no chain, pairadm blocks nothing.
    let traffic = facts
        .firewall
        .v4
        .or(facts.firewall.v6)
        .unwrap_or(Traffic::Allowed);
    let line = format!("{:15}  {traffic}  {}", facts.hostname, blocked.join(" "));
    session.output.say([&Line::plain(line.trim_end())]);
    Done::with(json!({ "server": { "hostname": facts.hostname, "traffic": traffic, "blocked": blocked } }))
}

fn named(pair: &Pair, name: &str) -> Result<Side> {
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
