//! Rules about the values of a pair together: what single values cannot show. Pure, and it names every
//! broken rule, not the first.

use crate::model::{Addresses, Pair, Side, Transport, paths};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairFault {
    /// Dotted path in the pair file; VIPs and files count from 1.
    pub key: String,
    /// What is wrong with which value, and what is accepted.
    pub text: String,
}

/// Every rule that `pair` breaks; empty when it is sound.
pub fn pair_faults(pair: &Pair) -> Vec<PairFault> {
    let mut faults = Vec::new();
    names(pair, &mut faults);
    families(pair, &mut faults);
    distinct_addresses(pair, &mut faults);
    health_checks(pair, &mut faults);
    ports(pair, &mut faults);
    files(pair, &mut faults);
    faults
}

fn push(faults: &mut Vec<PairFault>, key: impl Into<String>, text: String) {
    faults.push(PairFault {
        key: key.into(),
        text,
    });
}

/// Two servers need two names and two numbers.
fn names(pair: &Pair, faults: &mut Vec<PairFault>) {
    let (primary, secondary) = (&pair.nodes.primary, &pair.nodes.secondary);
    if primary.server_id == secondary.server_id {
        let text = format!(
            "`{}` is the primary's server ID too; accepted: another number from 1 to 256",
            secondary.server_id
        );
        push(faults, "secondary.server_id", text);
    }
    if primary.hostname == secondary.hostname {
        let text = format!(
            "`{}` is the primary's host name too; accepted: the name of another server",
            secondary.hostname
        );
        push(faults, "secondary.hostname", text);
    }
    if primary.fqdn == secondary.fqdn {
        let text = format!(
            "`{}` is the primary's full name too; accepted: the full name of another server",
            secondary.fqdn
        );
        push(faults, "secondary.fqdn", text);
    }
    for (side, node) in pair.nodes.iter() {
        if node.hostname.as_str().contains('.') {
            let text = format!(
                "`{}` is a full name; accepted: its first label, `{}`",
                node.hostname,
                node.hostname.short()
            );
            push(faults, format!("{side}.hostname"), text);
        }
    }
}

/// Both sides speak the same families, and each has an address.
fn families(pair: &Pair, faults: &mut Vec<PairFault>) {
    for (side, node) in pair.nodes.iter() {
        if node.address.is_empty() {
            let text = "no address; accepted: an IPv4 address, an IPv6 address, or both".to_owned();
            push(faults, format!("{side}.address"), text);
        }
    }
    let mut same = |what: &str, of: fn(&Pair, Side) -> Addresses| {
        let (primary, secondary) = (of(pair, Side::Primary), of(pair, Side::Secondary));
        for (family, has, peer_has) in [
            ("v4", primary.v4.is_some(), secondary.v4.is_some()),
            ("v6", primary.v6.is_some(), secondary.v6.is_some()),
        ] {
            let (with, without) = match (has, peer_has) {
                (true, false) => (Side::Primary, Side::Secondary),
                (false, true) => (Side::Secondary, Side::Primary),
                _ => continue,
            };
            let text = format!("missing, while the {with} has one; accepted: on both sides or on none");
            push(faults, format!("{without}.{what}.{family}"), text);
        }
    };
    same("address", |pair, side| pair.nodes[side].address);
    same("duplication", |pair, side| pair.nodes[side].duplication);
}

/// No address stands for two things, except that a node may use its own for duplication.
fn distinct_addresses(pair: &Pair, faults: &mut Vec<PairFault>) {
    let mut owners: BTreeMap<IpAddr, (String, Option<Side>)> = BTreeMap::new();
    let mut claim = |address: IpAddr, key: String, side: Option<Side>| {
        if let Some((owner, owner_side)) = owners.get(&address) {
            if side.is_none() || *owner_side != side {
                let text = format!(
                    "`{address}` is already {owner}; accepted: an address used nowhere else in the pair"
                );
                push(faults, key, text);
            }
            return;
        }
        owners.insert(address, (key, side));
    };
    for (side, node) in pair.nodes.iter() {
        for (what, addresses) in [("address", node.address), ("duplication", node.duplication)] {
            for address in addresses.iter() {
                claim(address, format!("{side}.{what}.{}", family(address)), Some(side));
            }
        }
    }
    for (number, vip) in (1..).zip(&pair.vips) {
        claim(vip.address, format!("vip.{number}.address"), None);
    }
}

/// A control address that the pair itself owns would prove nothing.
fn health_checks(pair: &Pair, faults: &mut Vec<PairFault>) {
    let own = |wanted: IpAddr| {
        let of_node = pair.nodes.iter().any(|(_, node)| {
            let mut own = node.address.iter().chain(node.duplication.iter());
            own.any(|address| address == wanted)
        });
        of_node || pair.vips.iter().any(|vip| vip.address == wanted)
    };
    for (side, node) in pair.nodes.iter() {
        for address in node.health_check.iter().filter(|&address| own(address)) {
            let text = format!(
                "`{address}` belongs to the pair and proves no network; accepted: the gateway or another device that answers"
            );
            push(faults, format!("{side}.health_check.{}", family(address)), text);
        }
    }
}

/// Blocking a port must not take away the login path (S9), and no port counts twice.
fn ports(pair: &Pair, faults: &mut Vec<PairFault>) {
    for (index, port) in pair.ports.iter().enumerate() {
        if pair.ports[..index].contains(port) {
            push(
                faults,
                "ports",
                format!("`{port}` is listed twice; accepted: each port once"),
            );
        }
        for (side, node) in pair.nodes.iter() {
            if port.transport == Transport::Tcp && (port.first..=port.last).contains(&node.ssh.port) {
                let text = format!(
                    "`{port}` contains the SSH port {} of the {side}: blocking it would lock pairadm out; accepted: ports without it",
                    node.ssh.port
                );
                push(faults, "ports", text);
            }
        }
    }
}

/// Files to install go to places where files stay, once each, and not over pairadm's own.
fn files(pair: &Pair, faults: &mut Vec<PairFault>) {
    const FOREIGN: [&str; 6] = [
        "/proc/",
        "/sys/",
        "/dev/",
        "/run/",
        "/etc/pairadm/",
        "/var/lib/pairadm/",
    ];
    for (index, file) in pair.files.iter().enumerate() {
        let key = format!("file.{}.target", index + 1);
        // The one place of pairadm's where only the administrator puts files.
        let reaction = Path::new(&file.target).parent() == Some(Path::new(paths::REACTIONS_DIR));
        let place = FOREIGN.iter().find(|place| file.target.starts_with(**place));
        if let Some(place) = place.filter(|_| !reaction) {
            let text = format!("`{}` lies under {place}; accepted: a path elsewhere", file.target);
            push(faults, key, text);
        } else if pair.files[..index]
            .iter()
            .any(|other| other.target == file.target)
        {
            let text = format!(
                "`{}` is the target of two files; accepted: each target once",
                file.target
            );
            push(faults, key, text);
        }
    }
}

fn family(address: IpAddr) -> &'static str {
    if address.is_ipv4() { "v4" } else { "v6" }
}
