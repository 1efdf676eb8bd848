//! What a node does when it starts, before it may serve calls again.
//!
//! ```text
//!  early, before the network: SIP blocked
//!      │
//!  late, with the network: what does the peer remember? ── it is newer ──> passive, and that is recorded
//!      │ not newer                  │ no answer
//!      │                   has this node a network? ── no ──> blocked; a person decides
//!      │                            │ yes
//!      └──────────> is the VIP silent? ── no ──> blocked; a person decides
//!                            │ yes
//!                     VIP up, SIP allowed ──> services start ──> promote hooks
//! ```
//!
//! Only a node that is recorded active with traffic allowed goes beyond "blocked".

mod decide;
mod early;
mod late;
mod peer;
mod promote;

pub use decide::{Decision, PeerView, decide};
pub use early::early;
pub use late::late;
pub use promote::promote;

use crate::agent::Occasion;
use crate::config::{PAIR_FILE, PROFILES_DIRECTORY, load_pair, profile};
use crate::model::{Pair, Port, Side, Traffic};
use crate::plan::{Change, wanted};
use std::path::Path;

/// Exists from the decision until the next boot: `/run` is empty after a start.
const DECIDED: &str = "/run/pairadm/guard-decided";

/// Services start after the guard, except when somebody starts the guard by hand later.
fn occasion() -> Occasion {
    if Path::new(DECIDED).exists() {
        Occasion::Running
    } else {
        Occasion::Starting
    }
}

/// Blocked where pair file or profile cannot be read: SIP's registered ports (RFC 3261).
const USUAL_PORTS: [&str; 3] = ["udp/5060", "tcp/5060", "tcp/5061"];

/// The rules wanted on this node. A pair file or profile that cannot be read must not keep the node from
/// being blocked.
fn rules(pair: Option<&Pair>, side: Side, traffic: Traffic) -> Change {
    let known = pair.and_then(|pair| {
        let profile = profile(&pair.profile, Path::new(PROFILES_DIRECTORY)).ok();
        match profile {
            Some(profile) => Some(wanted::change(pair, &profile, side, traffic)),
            None if pair.ports.is_empty() => None,
            None => Some(Change {
                traffic,
                ports: pair.ports.clone(),
                style: pair.block,
                exempt: wanted::addresses(pair, side.other()),
            }),
        }
    });
    known.unwrap_or_else(|| Change {
        traffic,
        ports: USUAL_PORTS
            .iter()
            .filter_map(|port| port.parse::<Port>().ok())
            .collect(),
        style: pair.map(|pair| pair.block).unwrap_or_default(),
        exempt: pair
            .map(|pair| wanted::addresses(pair, side.other()))
            .unwrap_or_default(),
    })
}

/// The pair file of this node, if it can be read.
fn recorded_pair() -> Option<Pair> {
    load_pair(Path::new(PAIR_FILE)).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sample;

    #[test]
    fn without_a_readable_pair_file_the_usual_ports_are_blocked() {
        let change = rules(None, Side::Primary, Traffic::Blocked);
        let ports: Vec<String> = change.ports.iter().map(ToString::to_string).collect();
        assert_eq!(ports, USUAL_PORTS);
    }

    #[test]
    fn a_profile_that_this_node_lacks_leaves_the_pairs_own_ports() {
        let mut pair = sample::office();
        pair.profile = "no-such-profile".to_owned();
        assert_eq!(
            rules(Some(&pair), Side::Primary, Traffic::Blocked).ports.len(),
            USUAL_PORTS.len()
        );
        pair.ports = ["udp/5080".parse()].into_iter().flatten().collect();
        let change = rules(Some(&pair), Side::Primary, Traffic::Blocked);
        assert_eq!(change.ports, pair.ports);
        assert_eq!(change.exempt, wanted::addresses(&pair, Side::Secondary));
    }
}
