//! Who owns which address, from the pair file and the nodes' interfaces.

use crate::model::Side;
use crate::plan::Basis;
use crate::translate::Owners;
use std::net::IpAddr;

/// Who owns which address: what the interfaces carry and what the pair file says. Loopback addresses are
/// everybody's own and nobody's here.
pub fn owners(basis: &Basis<'_>) -> Owners {
    let virtual_addresses: Vec<IpAddr> = basis.pair.vips.iter().map(|vip| vip.address).collect();
    let owned = |side: Side| {
        let node = &basis.pair.nodes[side];
        let carried = basis.facts[side].iter().flat_map(|facts| &facts.addresses);
        let mut all: Vec<IpAddr> = carried
            .map(|entry| entry.address)
            .filter(|address| !address.is_loopback() && !address.is_unspecified())
            .chain(node.address.iter())
            .chain(node.duplication.iter())
            .chain(virtual_addresses.iter().copied())
            .map(|address| address.to_canonical())
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    };
    let (primary, secondary) = (owned(Side::Primary), owned(Side::Secondary));
    let mut others: Vec<(IpAddr, String)> = Vec::new();
    for side in Side::BOTH {
        let control = basis.pair.nodes[side].health_check.iter();
        let gateways = basis.facts[side].iter().flat_map(|facts| &facts.gateways);
        let known = control
            .map(|address| (address, format!("the control address of the {side}")))
            .chain(gateways.map(|&address| (address, format!("the gateway of the {side}"))));
        for (address, what) in known {
            if !others.iter().any(|(other, _)| *other == address) {
                others.push((address, what));
            }
        }
    }
    Owners {
        primary,
        secondary,
        virtual_addresses,
        others,
    }
}
