//! Asks the peer over the node's own key, with the pinned host key only (S6).

use super::PeerView;
use crate::agent::protocol::{Request, Response};
use crate::error::Result;
use crate::facts::{Facts, FactsQuery};
use crate::model::{Addresses, Pair, Side, Traffic};
use crate::remote::{Dial, Dialer, Target, Unattended};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// One attempt: a connection takes 30 ms, and a peer that is starting too refuses at once.
const ATTEMPT: Duration = Duration::from_secs(4);

/// Between attempts.
const PAUSE: Duration = Duration::from_millis(500);

/// What the node of `side` says, asked again and again until `deadline`.
pub fn ask(pair: &Pair, side: Side, deadline: Instant) -> PeerView {
    let node = &pair.nodes[side];
    let ways: Vec<Addresses> = [node.address, node.duplication]
        .into_iter()
        .filter(|addresses| !addresses.is_empty())
        .collect();
    loop {
        for &addresses in &ways {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return PeerView::Unreachable;
            }
            if let Ok(facts) = facts(pair, side, addresses, left.min(ATTEMPT)) {
                return view(pair, facts);
            }
        }
        thread::sleep(PAUSE);
    }
}

fn facts(pair: &Pair, side: Side, addresses: Addresses, time: Duration) -> Result<Facts> {
    let target = Target::between_nodes(pair, side, addresses);
    let dialer = Dialer::new([target], Arc::new(Unattended::default())).with_node_key();
    let mut link = dialer.dial(side, time)?;
    let query = FactsQuery {
        vips: pair.vips.iter().map(|vip| vip.address).collect(),
        brief: true,
        ..FactsQuery::default()
    };
    match link.call(Request::Facts(query), time)? {
        Response::Facts(facts) => Ok(*facts),
        other => Err(crate::error::Error::bug(format!(
            "facts were asked for, {other:?} was answered"
        ))),
    }
}

fn view(pair: &Pair, facts: Facts) -> PeerView {
    let holds = pair.vips.iter().any(|vip| facts.carrier(vip.address).is_some());
    let open = [facts.firewall.v4, facts.firewall.v6].contains(&Some(Traffic::Allowed));
    PeerView::Answered {
        // Without a memory of the pair there is no chain either, and nothing is held back.
        serves: holds || (open && facts.state.is_some()),
        state: facts.state,
    }
}
