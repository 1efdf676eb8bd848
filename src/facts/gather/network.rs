//! Interfaces, addresses and default gateways, read by rtnetlink: three dumps, no program started.

use crate::facts::{Interface, InterfaceAddress};
use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkMessage, State};
use netlink_packet_route::route::{RouteAddress, RouteAttribute, RouteMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use std::collections::BTreeMap;
use std::net::IpAddr;

/// What the kernel's routing tables say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Network {
    /// Interfaces by index.
    pub interfaces: Vec<Interface>,
    /// Addresses in the kernel's order.
    pub addresses: Vec<InterfaceAddress>,
    /// Default gateways, IPv4 first.
    pub gateways: Vec<IpAddr>,
}

/// Reads all three.
pub fn read() -> Result<Network, String> {
    let link = RouteNetlinkMessage::GetLink(LinkMessage::default());
    let address = RouteNetlinkMessage::GetAddress(AddressMessage::default());
    let mut messages = dump(link)?;
    messages.extend(dump(address)?);
    for family in [AddressFamily::Inet, AddressFamily::Inet6] {
        let mut route = RouteMessage::default();
        route.header.address_family = family;
        messages.extend(dump(RouteNetlinkMessage::GetRoute(route))?);
    }
    Ok(describe(messages))
}

/// One dump request and all its answers.
fn dump(request: RouteNetlinkMessage) -> Result<Vec<RouteNetlinkMessage>, String> {
    let failed = |error: std::io::Error| format!("rtnetlink: {error}");
    let mut socket = Socket::new(NETLINK_ROUTE).map_err(failed)?;
    socket.bind_auto().map_err(failed)?;
    socket.connect(&SocketAddr::new(0, 0)).map_err(failed)?;
    let mut packet = NetlinkMessage::new(NetlinkHeader::default(), NetlinkPayload::from(request));
    packet.header.flags = NLM_F_REQUEST | NLM_F_DUMP;
    packet.header.sequence_number = 1;
    packet.finalize();
    let mut bytes = vec![0; packet.buffer_len()];
    packet.serialize(&mut bytes);
    socket.send(&bytes, 0).map_err(failed)?;
    let mut answers = Vec::new();
    loop {
        let (datagram, _) = socket.recv_from_full().map_err(failed)?;
        let mut rest = datagram.as_slice();
        while !rest.is_empty() {
            let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(rest)
                .map_err(|error| format!("rtnetlink: {error}"))?;
            // Messages are padded to four bytes.
            let length = (message.header.length as usize).next_multiple_of(4).max(16);
            rest = rest.get(length..).unwrap_or_default();
            match message.payload {
                NetlinkPayload::Done(_) => return Ok(answers),
                NetlinkPayload::Error(error) => return Err(format!("rtnetlink: {error:?}")),
                NetlinkPayload::InnerMessage(inner) => answers.push(inner),
                _ => {}
            }
        }
    }
}

/// Sorts the answers; addresses of interfaces that went away between the dumps are left out.
fn describe(messages: Vec<RouteNetlinkMessage>) -> Network {
    let mut network = Network::default();
    let mut names = BTreeMap::new();
    for message in messages {
        match message {
            RouteNetlinkMessage::NewLink(link) => {
                let interface = interface(&link);
                names.insert(link.header.index, interface.name.clone());
                network.interfaces.push(interface);
            }
            RouteNetlinkMessage::NewAddress(message) => {
                if let (Some(name), Some(address)) = (names.get(&message.header.index), own(&message)) {
                    network.addresses.push(InterfaceAddress {
                        interface: name.clone(),
                        address,
                        prefix: message.header.prefix_len,
                    });
                }
            }
            RouteNetlinkMessage::NewRoute(route) => {
                for gateway in gateways(&route) {
                    if !network.gateways.contains(&gateway) {
                        network.gateways.push(gateway);
                    }
                }
            }
            _ => {}
        }
    }
    network
}

fn interface(link: &LinkMessage) -> Interface {
    let mut interface = Interface {
        name: String::new(),
        mac: String::new(),
        up: false,
    };
    let running = link.header.flags.contains(LinkFlags::Up | LinkFlags::Running);
    for attribute in &link.attributes {
        match attribute {
            LinkAttribute::IfName(name) => interface.name.clone_from(name),
            LinkAttribute::Address(mac) => {
                let octets: Vec<String> = mac.iter().map(|octet| format!("{octet:02x}")).collect();
                interface.mac = octets.join(":");
            }
            // `lo` and some virtual drivers report `unknown` for ever: then the flags decide.
            LinkAttribute::OperState(state) => {
                interface.up = matches!(state, State::Up) || (matches!(state, State::Unknown) && running);
            }
            _ => {}
        }
    }
    interface
}

/// `IFA_LOCAL` is the node's own address; `IFA_ADDRESS` is the far end on point-to-point links.
fn own(message: &AddressMessage) -> Option<IpAddr> {
    let mut far = None;
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Local(address) => return Some(*address),
            AddressAttribute::Address(address) => far = Some(*address),
            _ => {}
        }
    }
    far
}

/// The gateways of a default route, those of a multipath route included.
fn gateways(route: &RouteMessage) -> Vec<IpAddr> {
    if route.header.destination_prefix_length != 0 {
        return Vec::new();
    }
    let named = |attributes: &[RouteAttribute]| -> Vec<IpAddr> {
        attributes
            .iter()
            .filter_map(|attribute| match attribute {
                RouteAttribute::Gateway(RouteAddress::Inet(v4)) => Some(IpAddr::V4(*v4)),
                RouteAttribute::Gateway(RouteAddress::Inet6(v6)) => Some(IpAddr::V6(*v6)),
                _ => None,
            })
            .collect()
    };
    let mut found = named(&route.attributes);
    for attribute in &route.attributes {
        if let RouteAttribute::MultiPath(hops) = attribute {
            for hop in hops {
                found.extend(named(&hop.attributes));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn this_machine_has_a_loopback() {
        let network = read().unwrap();
        assert!(network.interfaces.iter().any(|interface| interface.name == "lo"));
    }

    #[test]
    fn the_own_address_is_told_from_the_far_end() {
        let mut message = AddressMessage::default();
        message.attributes = vec![
            AddressAttribute::Address("192.0.2.2".parse().unwrap()),
            AddressAttribute::Local("192.0.2.1".parse().unwrap()),
        ];
        assert_eq!(own(&message), Some("192.0.2.1".parse().unwrap()));
    }

    #[test]
    fn only_default_routes_name_gateways() {
        let mut route = RouteMessage::default();
        route.attributes = vec![RouteAttribute::Gateway(RouteAddress::Inet(
            [192, 0, 2, 254].into(),
        ))];
        assert_eq!(gateways(&route), ["192.0.2.254".parse::<IpAddr>().unwrap()]);
        route.header.destination_prefix_length = 24;
        assert!(gateways(&route).is_empty());
    }

    #[test]
    fn an_address_of_a_vanished_interface_is_left_out() {
        let mut message = AddressMessage::default();
        message.header.index = 9;
        message.attributes = vec![AddressAttribute::Address("192.0.2.2".parse().unwrap())];
        assert!(
            describe(vec![RouteNetlinkMessage::NewAddress(message)])
                .addresses
                .is_empty()
        );
    }
}
