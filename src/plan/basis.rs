//! What planners of a configured pair stand on: the pair, its profile, and the facts of both nodes; with
//! the questions that several of them ask.

use super::{Change, VipPlace, fingerprint, wanted};
use crate::config::Profile;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::model::{BySide, Generation, NodeState, Pair, Side, Traffic};
use std::net::IpAddr;

/// The pair as it is known when a plan is made.
#[derive(Debug, Clone, Copy)]
pub struct Basis<'a> {
    /// The pair file.
    pub pair: &'a Pair,
    /// The profile it names.
    pub profile: &'a Profile,
    /// Facts of each node; `None` for one that could not be asked.
    pub facts: BySide<Option<&'a Facts>>,
}

impl<'a> Basis<'a> {
    /// `secondary (beta)`.
    pub fn label(&self, side: Side) -> String {
        format!("{side} ({})", self.name(side))
    }

    /// The node's host name.
    pub fn name(&self, side: Side) -> &'a str {
        self.pair.nodes[side].hostname.as_str()
    }

    /// The node's facts; code `unreachable` without.
    pub fn need(&self, side: Side) -> Result<&'a Facts> {
        self.facts[side].ok_or_else(|| {
            Error::refused("unreachable", format!("the {side} cannot be asked"))
                .on(self.name(side))
                .hint("see `pairadm doctor` for what bars the way to it")
        })
    }

    /// The node's recorded state; code `not_configured` without.
    pub fn state(&self, side: Side) -> Result<&'a NodeState> {
        self.need(side)?.state.as_ref().ok_or_else(|| {
            Error::refused(
                "not_configured",
                format!("the {side} has no recorded state of the pair"),
            )
            .on(self.name(side))
            .hint("run `pairadm configure`")
        })
    }

    /// The newest generation that any node knows.
    pub fn generation(&self) -> Generation {
        let known = self
            .facts
            .iter()
            .filter_map(|(_, facts)| facts.as_ref()?.state.as_ref());
        known.map(|state| state.generation).max().unwrap_or_default()
    }

    /// The rules that block or allow traffic on `side`.
    pub fn change(&self, side: Side, traffic: Traffic) -> Change {
        wanted::change(self.pair, self.profile, side, traffic)
    }

    /// Every VIP with the interface that carries it on `side`.
    pub fn vips(&self, side: Side) -> Vec<VipPlace> {
        wanted::places(self.pair, side)
    }

    /// Hardware addresses of the interfaces that carry the VIPs on `side`; code `no_interface` when one of
    /// them is not there.
    pub fn macs(&self, side: Side) -> Result<Vec<String>> {
        let facts = self.need(side)?;
        let mac = |vip: VipPlace| {
            let found = facts.mac(&vip.interface).map(str::to_owned);
            found.ok_or_else(|| {
                let message = format!(
                    "there is no interface `{}` to carry {}",
                    vip.interface, vip.address
                );
                Error::refused("no_interface", message)
                    .on(self.name(side))
                    .at("vips.interface")
                    .hint("name the interface of this node in the pair file, as `ip link` lists it")
            })
        };
        let mut macs = self.vips(side).into_iter().map(mac).collect::<Result<Vec<_>>>()?;
        macs.sort_unstable();
        macs.dedup();
        Ok(macs)
    }

    /// What the rules of `side` do now, when both families agree and nothing is wrong with them.
    pub fn traffic(&self, side: Side) -> Option<Traffic> {
        let firewall = &self.facts[side]?.firewall;
        // A kernel without IPv6 has no chain for it, and nothing to block.
        let agree = firewall.v6.is_none() || firewall.v4 == firewall.v6;
        firewall.v4.filter(|_| agree && firewall.faults.is_empty())
    }

    /// VIPs on any interface of `side`.
    pub fn holds(&self, side: Side) -> Vec<IpAddr> {
        let Some(facts) = self.facts[side] else {
            return Vec::new();
        };
        let vips = self.pair.vips.iter().map(|vip| vip.address);
        vips.filter(|&address| facts.carrier(address).is_some()).collect()
    }

    /// Stands for the facts in the plan that is made from them.
    pub fn fingerprint(&self) -> String {
        fingerprint(self.facts)
    }
}
