//! What refuses a takeover before anything is changed, and what is worth a warning.

use crate::error::{Error, Result};
use crate::intent::TakeoverIntent;
use crate::model::{Side, Takeover, Traffic};
use crate::plan::Basis;

/// The first reason not to begin, if there is one.
pub(super) fn refuse(basis: &Basis<'_>, intent: TakeoverIntent) -> Result<()> {
    let new = intent.to;
    let old = new.other();
    basis.need(new)?;
    peer(basis, intent)?;
    automatic(basis)?;
    let sides = if intent.peer_lost {
        vec![new]
    } else {
        vec![new, old]
    };
    for side in sides {
        basis.state(side)?;
        basis.macs(side)?;
        firewall(basis, side)?;
        prefixes(basis, side)?;
        configuration(basis, side)?;
    }
    service(basis, new)?;
    network(basis, new)
}

/// A lost peer and a reachable one are told apart by what was seen, not by what was said alone.
fn peer(basis: &Basis<'_>, intent: TakeoverIntent) -> Result<()> {
    let old = intent.to.other();
    match (basis.facts[old], intent.peer_lost) {
        (Some(_), true) => Err(
            Error::refused("peer_not_lost", format!("the {old} answers: it is not lost"))
                .on(basis.name(old))
                .at("peer_lost")
                .hint("take over without --peer-lost, so that it is blocked first"),
        ),
        (None, false) => Err(basis
            .need(old)
            .err()
            .unwrap_or_else(|| Error::bug("facts came and went"))
            .hint("when it is off or cut from the network for certain, take over with --peer-lost")),
        _ => Ok(()),
    }
}

/// Where keepalived runs the VIPs, pairadm never adds one itself (S1).
fn automatic(basis: &Basis<'_>) -> Result<()> {
    let managing = Side::BOTH
        .into_iter()
        .find(|&side| basis.facts[side].is_some_and(|facts| facts.keepalived));
    match managing {
        Some(side) => Err(Error::refused("keepalived", "keepalived runs the VIPs of this pair")
            .on(basis.name(side))
            .hint("move them with keepalived, or set the takeover to manual with `pairadm settings set takeover=manual`")),
        None if basis.pair.takeover == Takeover::Automatic => {
            Err(Error::refused("keepalived", "takeover is automatic, and keepalived does not run")
                .at("takeover")
                .hint("start keepalived on both nodes, or set the takeover to manual with `pairadm settings set takeover=manual`"))
        }
        None => Ok(()),
    }
}

fn firewall(basis: &Basis<'_>, side: Side) -> Result<()> {
    if basis.need(side)?.firewall.backend.is_some() {
        return Ok(());
    }
    Err(
        Error::refused("no_iptables", "there is no iptables to block traffic with")
            .on(basis.name(side))
            .hint("install the package `iptables`"),
    )
}

/// Taking off a VIP that was added with its network's prefix can take the node's own addresses along.
fn prefixes(basis: &Basis<'_>, side: Side) -> Result<()> {
    let vips = basis.holds(side);
    let wide = basis.need(side)?.addresses.iter().find(|entry| {
        vips.contains(&entry.address) && entry.prefix != if entry.address.is_ipv4() { 32 } else { 128 }
    });
    match wide {
        None => Ok(()),
        Some(entry) => {
            let message = format!(
                "{} is on {} with prefix /{}",
                entry.address, entry.interface, entry.prefix
            );
            let bits = if entry.address.is_ipv4() { 32 } else { 128 };
            Err(Error::refused("vip_prefix", message)
                .on(basis.name(side))
                .at(entry.address)
                .hint(format!(
                    "add it as /{bits} as well (`ip address add {}/{bits} dev {}`), then delete the wide one",
                    entry.address, entry.interface
                )))
        }
    }
}

/// A VIP in the distribution's configuration comes up at boot on a node that may be passive.
fn configuration(basis: &Basis<'_>, side: Side) -> Result<()> {
    match basis.need(side)?.vip_in_configuration.as_slice() {
        [] => Ok(()),
        files => Err(Error::refused(
            "vip_in_configuration",
            "the network configuration brings up a VIP by itself",
        )
        .on(basis.name(side))
        .at(files.join(", "))
        .hint("take the VIP out of these files; pairadm adds it where it belongs")),
    }
}

/// The service that shall take the calls is alive, by everything that is known of it.
fn service(basis: &Basis<'_>, new: Side) -> Result<()> {
    let facts = basis.need(new)?;
    let dead = |why: String| {
        Err(
            Error::refused("not_alive", format!("the service on the {new} does not serve"))
                .on(basis.name(new))
                .because(why)
                .hint("see `systemctl status` and the service's log on that node"),
        )
    };
    if let Some(unit) = basis.profile.services.iter().find_map(|name| {
        facts
            .unit(name)
            .filter(|unit| unit.active != "active" && unit.active != "reloading")
    }) {
        return dead(format!("{} is {}", unit.name, unit.active));
    }
    if let Some((false, said)) = &facts.alive {
        return dead(format!("`{}`: {said}", basis.profile.liveness_command.join(" ")));
    }
    let silent = facts.sip.iter().find(|(target, answer)| {
        answer.is_none() && basis.pair.nodes[new].address.iter().any(|own| own == *target)
    });
    match silent {
        Some((target, _)) => dead(format!("no answer to SIP OPTIONS at {target}")),
        None => Ok(()),
    }
}

/// The new side has a network, and its service can answer at an address that it did not have at start.
fn network(basis: &Basis<'_>, new: Side) -> Result<()> {
    let facts = basis.need(new)?;
    for vip in basis.vips(new) {
        if facts
            .interfaces
            .iter()
            .any(|interface| interface.name == vip.interface && !interface.up)
        {
            let message = format!("the link of {} is down", vip.interface);
            return Err(Error::refused("no_network", message)
                .on(basis.name(new))
                .hint("check the cable, the switch, and `ip link` on that node"));
        }
    }
    let configured: Vec<_> = basis.pair.nodes[new].health_check.iter().collect();
    let control = if configured.is_empty() {
        &facts.gateways
    } else {
        &configured
    };
    let mut asked = facts
        .reach
        .iter()
        .filter(|(address, _)| control.contains(address))
        .peekable();
    if asked.peek().is_some() && asked.clone().all(|(_, answer)| answer.is_none()) {
        let message = format!("the {new} does not reach its control address");
        return Err(Error::refused("no_network", message)
            .on(basis.name(new))
            .at("health_check")
            .hint("check the cable and the switch, or name an address that answers"));
    }
    let families = basis.pair.vip_addresses();
    let wanted = [
        (families.v4.is_some(), "net.ipv4.ip_nonlocal_bind"),
        (families.v6.is_some(), "net.ipv6.ip_nonlocal_bind"),
    ];
    let off = wanted.iter().find(|(needed, name)| {
        *needed
            && facts
                .sysctl
                .iter()
                .any(|(key, value)| key == name && value == "0")
    });
    match off {
        Some((_, name)) if basis.profile.nonlocal_bind => {
            let message =
                format!("{name} is 0, so the service cannot listen at a VIP that it does not hold yet");
            Err(Error::refused("no_nonlocal_bind", message)
                .on(basis.name(new))
                .hint("`pairadm configure` sets it"))
        }
        _ => Ok(()),
    }
}

/// What does not stop a takeover but should be known.
pub(super) fn warnings(basis: &Basis<'_>, intent: TakeoverIntent) -> Vec<String> {
    let mut lines = Vec::new();
    for side in Side::BOTH {
        let Some(facts) = basis.facts[side] else { continue };
        let manager = |manager: &String| {
            format!(
                "{}: {manager} rewrites rules and may take pairadm's away.",
                basis.label(side)
            )
        };
        lines.extend(facts.firewall.managers.iter().map(manager));
    }
    let (new, old) = (intent.to, intent.to.other());
    if basis.traffic(new) == Some(Traffic::Allowed) && basis.traffic(old) == Some(Traffic::Allowed) {
        lines.push(
            "Traffic is allowed on both sides now; the new side is blocked until it takes over.".to_owned(),
        );
    }
    lines
}
