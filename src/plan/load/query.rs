//! What has to be known of a node before data is loaded on the secondary.

use super::SIDE;
use crate::config::Profile;
use crate::facts::FactsQuery;
use crate::model::{Pair, Side};
use crate::translate::TRANSLATION_FILE;

/// The question to the node of `side`: of the primary its addresses are enough.
pub fn query(pair: &Pair, profile: &Profile, side: Side) -> FactsQuery {
    if side != SIDE {
        return FactsQuery {
            brief: true,
            ..FactsQuery::default()
        };
    }
    FactsQuery {
        files: vec![TRANSLATION_FILE.to_owned()],
        units: profile.services.clone(),
        version_command: profile.version_command.clone(),
        sip_port: profile.sip_port,
        sip_targets: pair.nodes[side].address.preferred().into_iter().collect(),
        vips: pair.vips.iter().map(|vip| vip.address).collect(),
        ..FactsQuery::default()
    }
}
