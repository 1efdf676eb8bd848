//! Facts for planners' tests: a pair with an IPv4 and an IPv6 VIP, the primary active.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use super::Basis;
use crate::config::{Profile, profile, sample};
use crate::facts::{Facts, Firewall, Interface, InterfaceAddress, UnitFacts};
use crate::model::{BySide, Generation, NodeState, OpId, Pair, Side, Traffic, Vip};
use std::net::IpAddr;

/// A pair with its profile and facts that a test may bend before it plans.
pub struct Sample {
    /// Alpha and beta.
    pub pair: Pair,
    /// Kamailio.
    pub profile: Profile,
    /// Of both nodes.
    pub facts: BySide<Option<Facts>>,
}

impl Default for Sample {
    /// The pair with the primary serving calls.
    fn default() -> Self {
        let mut pair = sample::office();
        pair.vips.push(Vip {
            address: "2001:db8::10".parse().unwrap(),
            interface: "eth0".to_owned(),
        });
        let vips: Vec<IpAddr> = pair.vips.iter().map(|vip| vip.address).collect();
        let facts = BySide::new(|side| Some(facts(&pair, side, &vips)));
        let profile = profile("kamailio", std::path::Path::new("/nonexistent")).unwrap();
        Self { pair, profile, facts }
    }
}

impl Sample {
    /// What planners take.
    pub fn basis(&self) -> Basis<'_> {
        Basis {
            pair: &self.pair,
            profile: &self.profile,
            facts: self.facts.as_ref().map(|_, facts| facts.as_ref()),
        }
    }

    /// Facts of one side, to bend.
    pub fn side(&mut self, side: Side) -> &mut Facts {
        self.facts[side].as_mut().unwrap()
    }

    /// Swaps what the nodes do, as after a takeover.
    #[must_use]
    pub fn taken_over(mut self) -> Self {
        let BySide { primary, secondary } = &mut self.facts;
        let (primary, secondary) = (primary.as_mut().unwrap(), secondary.as_mut().unwrap());
        std::mem::swap(&mut primary.firewall, &mut secondary.firewall);
        let vips: Vec<IpAddr> = self.pair.vips.iter().map(|vip| vip.address).collect();
        let (moved, stay) = std::mem::take(&mut primary.addresses)
            .into_iter()
            .partition(|entry| vips.contains(&entry.address));
        primary.addresses = stay;
        secondary.addresses.extend::<Vec<InterfaceAddress>>(moved);
        for (facts, traffic) in [(primary, Traffic::Blocked), (secondary, Traffic::Allowed)] {
            let state = facts.state.as_mut().unwrap();
            state.active = Some("beta".to_owned());
            state.traffic = traffic;
        }
        self
    }
}

fn facts(pair: &Pair, side: Side, vips: &[IpAddr]) -> Facts {
    let active = side == Side::Primary;
    let traffic = if active {
        Traffic::Allowed
    } else {
        Traffic::Blocked
    };
    let node = &pair.nodes[side];
    let own = node.address.preferred().unwrap();
    let mut addresses = vec![entry(own, 24)];
    if active {
        let bits = |vip: &IpAddr| if vip.is_ipv4() { 32 } else { 128 };
        addresses.extend(vips.iter().map(|vip| entry(*vip, bits(vip))));
    }
    Facts {
        hostname: node.hostname.to_string(),
        addresses,
        interfaces: vec![Interface {
            name: "eth0".to_owned(),
            mac: mac(side).to_owned(),
            up: true,
        }],
        firewall: Firewall {
            backend: Some("nf_tables".to_owned()),
            v4: Some(traffic),
            v6: Some(traffic),
            ..Firewall::default()
        },
        units: vec![UnitFacts {
            name: "kamailio.service".to_owned(),
            load: "loaded".to_owned(),
            active: "active".to_owned(),
            enabled: "enabled".to_owned(),
            next: None,
        }],
        version: Some("kamailio 5.6.3".to_owned()),
        alive: Some((true, "up".to_owned())),
        sip: vec![(own, Some(400))],
        state: Some(NodeState {
            pair: pair.name.clone(),
            side,
            active: Some("alpha".to_owned()),
            generation: Generation(4),
            traffic,
            last_op: OpId(1),
            pending_restart: Vec::new(),
            debts: Vec::new(),
            restarts: Vec::new(),
        }),
        ..Facts::default()
    }
}

/// Hardware address of a side's interface.
pub fn mac(side: Side) -> &'static str {
    match side {
        Side::Primary => "02:00:00:00:00:0a",
        Side::Secondary => "02:00:00:00:00:0b",
    }
}

fn entry(address: IpAddr, prefix: u8) -> InterfaceAddress {
    InterfaceAddress {
        interface: "eth0".to_owned(),
        address,
        prefix,
    }
}
