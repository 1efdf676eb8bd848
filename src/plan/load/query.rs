//! What has to be known of a node before data is loaded.

use crate::config::Profile;
use crate::facts::FactsQuery;
use crate::model::{Pair, Side};
use crate::translate::TRANSLATION_FILE;

/// The question to the node of `side` before a load on `target`: of the other one its addresses are
/// enough, and for a failback its translation table.
pub fn query(pair: &Pair, profile: &Profile, target: Side, side: Side) -> FactsQuery {
    if side != target {
        let table = (target == Side::Primary).then(|| TRANSLATION_FILE.to_owned());
        return FactsQuery {
            brief: true,
            files: table.into_iter().collect(),
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
