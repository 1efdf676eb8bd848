//! What has to be known of a node before traffic moves.

use crate::config::Profile;
use crate::facts::FactsQuery;
use crate::model::{Pair, Side};

/// The question to the node of `side`.
pub fn query(pair: &Pair, profile: &Profile, side: Side) -> FactsQuery {
    let node = &pair.nodes[side];
    FactsQuery {
        units: profile.services.clone(),
        version_command: profile.version_command.clone(),
        liveness_command: profile.liveness_command.clone(),
        counters: profile.counters.clone(),
        sip_port: profile.sip_port,
        sip_targets: node.address.preferred().into_iter().collect(),
        reach: node.health_check.iter().collect(),
        vips: pair.vips.iter().map(|vip| vip.address).collect(),
        ..FactsQuery::default()
    }
}
