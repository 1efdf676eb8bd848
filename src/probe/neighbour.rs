//! Who holds an address on the local network: asked by ARP probe (RFC 5227) or neighbour solicitation
//! (RFC 4861) without claiming the address, answered by hardware addresses.

use super::frame::{ETHERTYPE_ARP, ETHERTYPE_IPV6, Mac, claim, question};
use super::packet::PacketSocket;
use crate::error::{Error, Result};
use crate::plan::VipPlace;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// How often is asked before silence counts as silence.
pub const PROBE_TRIES: u32 = 3;

/// How long answers are awaited after each question: some thirty times the round trip of a busy local
/// network.
pub const PROBE_WAIT: Duration = Duration::from_millis(30);

/// Everyone but this node who claims each address, asked `tries` times and heard for `wait` each time.
pub fn who_has(vips: &[VipPlace], tries: u32, wait: Duration) -> Result<Vec<(IpAddr, Vec<String>)>> {
    let mut groups: BTreeMap<(&str, bool), Vec<IpAddr>> = BTreeMap::new();
    for vip in vips {
        groups
            .entry((&vip.interface, vip.address.is_ipv4()))
            .or_default()
            .push(vip.address);
    }
    let heard = std::thread::scope(|scope| {
        let jobs: Vec<_> = groups
            .iter()
            .map(|(&(interface, v4), addresses)| {
                scope.spawn(move || ask(interface, v4, addresses, tries, wait))
            })
            .collect();
        let died = || Err(Error::bug("a thread that asks the network panicked"));
        jobs.into_iter()
            .map(|job| job.join().unwrap_or_else(|_| died()))
            .collect::<Result<Vec<_>>>()
    })?;
    let heard: BTreeMap<IpAddr, BTreeSet<Mac>> = heard.into_iter().flatten().collect();
    let seen = vips.iter().map(|vip| {
        let macs = heard.get(&vip.address).into_iter().flatten().map(Mac::to_string);
        (vip.address, macs.collect())
    });
    Ok(seen.collect())
}

/// Refuses with code `duplicate_vip` unless nobody but `holders` (MAC addresses) answers for `vips`.
pub fn only_held_by(vips: &[VipPlace], holders: &[String]) -> Result<String> {
    let seen = who_has(vips, PROBE_TRIES, PROBE_WAIT)?;
    for (address, macs) in &seen {
        let strangers: Vec<&str> = macs
            .iter()
            .filter(|mac| !holders.iter().any(|holder| holder.eq_ignore_ascii_case(mac)))
            .map(String::as_str)
            .collect();
        if !strangers.is_empty() {
            let message = format!("{address} is held by {}", strangers.join(", "));
            return Err(Error::refused("duplicate_vip", message)
                .at(address)
                .hint("find that machine by its hardware address and take the address off it; nothing was changed here"));
        }
    }
    let lines = seen.iter().map(|(address, macs)| {
        if macs.is_empty() {
            format!("{address} is silent")
        } else {
            format!("{address} is held by {} alone", macs.join(", "))
        }
    });
    Ok(lines.collect::<Vec<_>>().join("; "))
}

/// Asks for addresses of one family on one interface.
fn ask(
    interface: &str,
    v4: bool,
    addresses: &[IpAddr],
    tries: u32,
    wait: Duration,
) -> Result<Vec<(IpAddr, BTreeSet<Mac>)>> {
    let socket = PacketSocket::listener(interface, if v4 { ETHERTYPE_ARP } else { ETHERTYPE_IPV6 })?;
    let mut heard: BTreeMap<IpAddr, BTreeSet<Mac>> = BTreeMap::new();
    for _ in 0..tries {
        for &address in addresses {
            socket.send(&question(address, socket.mac()))?;
        }
        let until = Instant::now() + wait;
        while let Some(frame) = socket.receive(until)? {
            if let Some((address, mac)) = claim(&frame)
                && addresses.contains(&address)
                && mac != socket.mac()
            {
                heard.entry(address).or_default().insert(mac);
            }
        }
    }
    socket.dismiss();
    Ok(heard.into_iter().collect())
}
