//! What has to be known of a node before the pair can be configured.

use crate::config::Profile;
use crate::facts::FactsQuery;
use crate::model::{Pair, Side, paths};
use crate::plan::files::{
    authorized_keys, chrony, guard_units, hosts, known_hosts, schedule_unit, sync_unit, sysctl,
};

/// The question to the node of `side`. `previous` is the pair as it is configured now: its VIPs are looked
/// for as well, to take away what is wanted no longer.
pub fn query(pair: &Pair, previous: Option<&Pair>, profile: &Profile, side: Side) -> FactsQuery {
    let node = &pair.nodes[side];
    let peer = &pair.nodes[side.other()];
    let mut files = managed_paths();
    files.push(paths::own_profile(&pair.profile));
    files.extend(pair.files.iter().map(|file| file.target.clone()));
    let mut units = profile.services.clone();
    units.extend([guard_units::EARLY, guard_units::LATE, guard_units::PROMOTE].map(str::to_owned));
    units.extend(chrony::UNITS.map(str::to_owned));
    units.extend([sync_unit::UNIT, schedule_unit::TIMER].map(str::to_owned));
    let mut vips: Vec<_> = [Some(pair), previous]
        .into_iter()
        .flatten()
        .flat_map(|pair| pair.vips.iter().map(|vip| vip.address))
        .collect();
    vips.sort_unstable();
    vips.dedup();
    FactsQuery {
        files,
        units,
        version_command: profile.version_command.clone(),
        liveness_command: profile.liveness_command.clone(),
        counters: profile.counters.clone(),
        sip_port: profile.sip_port,
        sip_targets: node.address.preferred().into_iter().collect(),
        reach: node
            .health_check
            .iter()
            .chain(peer.address.iter())
            .chain(peer.duplication.iter())
            .collect(),
        vips,
        login_from: peer.address.preferred(),
        ensure_node_key: false,
        newest_mirror: None,
        survey: None,
        setup: true,
        data: None,
        brief: false,
    }
}

/// Every file that a configured node may have from pairadm, and those that tell how to write them.
pub fn managed_paths() -> Vec<String> {
    let fixed = [
        hosts::PATH,
        authorized_keys::PATH,
        known_hosts::PATH,
        sysctl::PATH,
        chrony::SOURCES,
        chrony::CONF,
        sync_unit::CONFIGURATION,
        paths::PAIR_FILE,
    ];
    let units = [
        guard_units::EARLY,
        guard_units::LATE,
        sync_unit::UNIT,
        schedule_unit::TIMER,
        schedule_unit::SERVICE,
    ]
    .map(guard_units::path);
    fixed
        .into_iter()
        .chain(known_hosts::HOST_KEYS)
        .chain(chrony::MAIN_FILES)
        .map(str::to_owned)
        .chain(units)
        .collect()
}
