//! What the pair file and the profile want on one side: blocked ports, VIPs with their interface.

use super::{Change, VipPlace};
use crate::config::Profile;
use crate::model::{Pair, Port, Side, Traffic};
use std::net::IpAddr;

/// Ports to block and allow: the pair's own, else the profile's.
pub fn ports<'a>(pair: &'a Pair, profile: &'a Profile) -> &'a [Port] {
    if pair.ports.is_empty() {
        &profile.ports
    } else {
        &pair.ports
    }
}

/// The rule set of `side`. The peer's addresses pass, so that it can ask the blocked service how it is.
pub fn change(pair: &Pair, profile: &Profile, side: Side, traffic: Traffic) -> Change {
    Change {
        traffic,
        ports: ports(pair, profile).to_vec(),
        style: pair.block,
        exempt: addresses(pair, side.other()),
    }
}

/// The VIPs with the interface that carries them on `side`.
pub fn places(pair: &Pair, side: Side) -> Vec<VipPlace> {
    pair.vips
        .iter()
        .map(|vip| VipPlace {
            address: vip.address,
            interface: pair.interface(vip, side).to_owned(),
        })
        .collect()
}

/// Every address of the node of `side`, without repetition.
pub fn addresses(pair: &Pair, side: Side) -> Vec<IpAddr> {
    let node = &pair.nodes[side];
    let mut all: Vec<IpAddr> = node.address.iter().collect();
    for address in node.duplication.iter() {
        if !all.contains(&address) {
            all.push(address);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::{parse_profile, sample};

    fn profile() -> Profile {
        let text = "title = \"X\"\nservices = [\"x.service\"]\nports = [\"udp/5060\"]\n";
        parse_profile("x", text, "x").unwrap()
    }

    #[test]
    fn the_pairs_ports_come_before_the_profiles() {
        let mut pair = sample::office();
        assert_eq!(ports(&pair, &profile())[0].to_string(), "udp/5060");
        pair.ports = vec!["tcp/5061".parse().unwrap()];
        assert_eq!(ports(&pair, &profile())[0].to_string(), "tcp/5061");
    }

    #[test]
    fn a_block_lets_the_peer_pass_and_not_the_node_itself() {
        let mut pair = sample::office();
        pair.nodes.secondary.duplication = pair.nodes.secondary.address;
        let change = change(&pair, &profile(), Side::Primary, Traffic::Blocked);
        assert_eq!(change.exempt, ["192.0.2.12".parse::<IpAddr>().unwrap()]);
    }

    #[test]
    fn a_nodes_own_interface_carries_its_vips() {
        let mut pair = sample::office();
        pair.nodes.secondary.interface = Some("ens5".to_owned());
        assert_eq!(places(&pair, Side::Primary)[0].interface, "eth0");
        assert_eq!(places(&pair, Side::Secondary)[0].interface, "ens5");
    }
}
