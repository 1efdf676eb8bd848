//! Nodes have the addresses they are said to have; VIPs lie in the network of an interface that is up, and
//! nobody else holds or configures them.

use super::{Findings, Subject};
use crate::facts::{Facts, InterfaceAddress};
use crate::model::{Pair, Side};
use ipnet::IpNet;
use std::net::IpAddr;

pub fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for side in Side::BOTH {
        own_addresses(subject.pair, side, subject.facts[side], findings);
        control_address(subject.pair, side, subject.facts[side], findings);
        for index in 0..subject.pair.vips.len() {
            vip(subject.pair, index, side, subject.facts[side], findings);
        }
        elsewhere_configured(side, subject.facts[side], findings);
    }
    foreign_holders(subject, findings);
}

/// The field of the form that asks for this VIP.
fn vip_field(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "vips.v4" } else { "vips.v6" }
}

fn family(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "v4" } else { "v6" }
}

fn own_addresses(pair: &Pair, side: Side, facts: &Facts, findings: &mut Findings) {
    let node = &pair.nodes[side];
    for (what, addresses) in [("address", node.address), ("duplication", node.duplication)] {
        for address in addresses
            .iter()
            .filter(|&address| facts.carrier(address).is_none())
        {
            let own: Vec<String> = global(facts).map(|entry| entry.address.to_string()).collect();
            let text = format!(
                "`{address}` is not an address of `{}`; accepted: {}",
                facts.hostname,
                own.join(", ")
            );
            findings.refuse(
                "not_its_address",
                format!("{side}.{what}.{}", family(address)),
                text,
            );
        }
    }
}

/// Addresses that others can reach.
fn global(facts: &Facts) -> impl Iterator<Item = &InterfaceAddress> {
    facts.addresses.iter().filter(|entry| match entry.address {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local(),
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local(),
    })
}

/// An address that was named must answer. A gateway that stands in for it may keep silent, as many do.
fn control_address(pair: &Pair, side: Side, facts: &Facts, findings: &mut Findings) {
    let named = &pair.nodes[side].health_check;
    let silent = |address: IpAddr| facts.reach.contains(&(address, None));
    for address in named.iter().filter(|&address| silent(address)) {
        let text = format!(
            "`{address}` does not answer `{}`; accepted: an address that does, such as the gateway",
            facts.hostname
        );
        findings.refuse(
            "control_address_silent",
            format!("{side}.health_check.{}", family(address)),
            text,
        );
    }
    if !named.is_empty() {
        return;
    }
    if facts.gateways.is_empty() {
        findings.warn(format!(
            "{} has no control address and no default gateway: after a start without its peer it stays passive",
            facts.hostname
        ));
    } else if facts.gateways.iter().all(|&gateway| silent(gateway)) {
        findings.warn(format!(
            "the default gateway does not answer {}: name another control address, or after a start without its peer it stays passive",
            facts.hostname
        ));
    }
}

fn vip(pair: &Pair, index: usize, side: Side, facts: &Facts, findings: &mut Findings) {
    let vip = &pair.vips[index];
    let address = vip.address;
    let field = vip_field(address);
    let interface = pair.interface(vip, side);
    let Some(link) = facts.interfaces.iter().find(|link| link.name == interface) else {
        let names: Vec<&str> = facts.interfaces.iter().map(|link| link.name.as_str()).collect();
        let text = format!(
            "`{}` has no interface `{interface}`; accepted: {}",
            facts.hostname,
            names.join(", ")
        );
        findings.refuse("no_interface", format!("{side}.interface"), text);
        return;
    };
    if !link.up {
        let text = format!(
            "`{interface}` of `{}` is down; accepted: an interface that is up",
            facts.hostname
        );
        findings.refuse("interface_down", format!("{side}.interface"), text);
    }
    if let Some(entry) = facts.addresses.iter().find(|entry| entry.address == address) {
        let host = if address.is_ipv4() { 32 } else { 128 };
        if entry.prefix != host || entry.interface != interface {
            let text = format!(
                "`{address}` is on `{}` as /{} of {}, not put there by pairadm; accepted: an address that no node configures itself",
                facts.hostname, entry.prefix, entry.interface
            );
            findings.refuse("vip_is_node_address", field, text);
            return;
        }
    }
    in_network(address, interface, facts, findings);
}

fn in_network(address: IpAddr, interface: &str, facts: &Facts, findings: &mut Findings) {
    let nets: Vec<IpNet> = facts
        .addresses
        .iter()
        .filter(|entry| entry.interface == interface)
        .filter(|entry| entry.address.is_ipv4() == address.is_ipv4() && entry.address != address)
        .filter_map(|entry| IpNet::new(entry.address, entry.prefix).ok())
        .filter(|net| net.prefix_len() < net.max_prefix_len())
        .map(|net| net.trunc())
        .collect();
    let Some(net) = nets.iter().find(|net| net.contains(&address)) else {
        let accepted: Vec<String> = nets.iter().map(ToString::to_string).collect();
        let text = format!(
            "`{address}` is not in a network of {interface} on `{}`; accepted: an address in {}",
            facts.hostname,
            if accepted.is_empty() {
                "a network of the interface, which has none of this family".to_owned()
            } else {
                accepted.join(", ")
            }
        );
        findings.refuse("vip_not_in_network", vip_field(address), text);
        return;
    };
    let edge = address == net.network() || (address.is_ipv4() && address == net.broadcast());
    if edge && net.max_prefix_len() - net.prefix_len() > 1 {
        let text = format!(
            "`{address}` is the network or broadcast address of {net}; accepted: a host address in it"
        );
        findings.refuse("vip_not_a_host", vip_field(address), text);
    }
}

fn elsewhere_configured(side: Side, facts: &Facts, findings: &mut Findings) {
    if !facts.vip_in_configuration.is_empty() {
        let text = format!(
            "{} of `{}` configures a VIP, which would come up beside pairadm; accepted: VIPs in no network configuration",
            facts.vip_in_configuration.join(", "),
            facts.hostname
        );
        findings.refuse("vip_in_configuration", "vips", text).hint =
            Some("take the address out of it".to_owned());
    }
    if facts.keepalived {
        let text = format!(
            "keepalived on `{}` runs a VIP of this pair; accepted: VIPs that nothing else moves",
            facts.hostname
        );
        findings
            .refuse("keepalived_holds_vip", format!("{side}.address"), text)
            .hint = Some("take the VIP out of keepalived's configuration".to_owned());
    }
}

/// Only nodes of the pair may answer for a VIP.
fn foreign_holders(subject: &Subject<'_>, findings: &mut Findings) {
    for (address, macs) in subject.holders {
        let ours = |mac: &String| {
            Side::BOTH
                .iter()
                .any(|&side| subject.facts[side].interfaces.iter().any(|link| link.mac == *mac))
        };
        for mac in macs.iter().filter(|mac| !ours(mac)) {
            let text = format!(
                "`{address}` is in use on the network by {mac}; accepted: an address that nobody holds"
            );
            findings.refuse("vip_in_use", vip_field(*address), text);
        }
    }
    let both = subject.pair.vips.iter().filter(|vip| {
        Side::BOTH
            .iter()
            .all(|&side| subject.facts[side].carrier(vip.address).is_some())
    });
    for vip in both {
        let text = format!("`{}` is on both nodes; accepted: on one or on none", vip.address);
        findings.refuse("vip_on_both", vip_field(vip.address), text).hint =
            Some("see `pairadm status` for the way out".to_owned());
    }
}
