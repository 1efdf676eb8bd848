//! Interfaces, addresses and default gateways, read by rtnetlink: three dumps, no program started.

use crate::facts::{Interface, InterfaceAddress};
use crate::netlink::{Answer, Link, Request, RouteSocket};
use netlink_packet_route::AddressFamily;
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::route::{RouteAddress, RouteAttribute, RouteMessage};
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
    let wanted = [
        Request::Links,
        Request::Addresses,
        Request::Routes(AddressFamily::Inet),
        Request::Routes(AddressFamily::Inet6),
    ];
    let mut socket = RouteSocket::open().map_err(|error| failed(&error))?;
    let mut answers = Vec::new();
    for request in &wanted {
        answers.extend(socket.list(request).map_err(|error| failed(&error))?);
    }
    Ok(describe(answers))
}

fn failed(error: &std::io::Error) -> String {
    format!("rtnetlink: {error}")
}

/// Sorts the answers; addresses of interfaces that went away between the dumps are left out.
fn describe(answers: Vec<Answer>) -> Network {
    let mut network = Network::default();
    let mut names = BTreeMap::new();
    for answer in answers {
        match answer {
            Answer::Link(link) => {
                names.insert(link.index, link.name.clone());
                network.interfaces.push(interface(link));
            }
            Answer::Address(message) => {
                if let (Some(name), Some(address)) = (names.get(&message.header.index), own(&message)) {
                    network.addresses.push(InterfaceAddress {
                        interface: name.clone(),
                        address,
                        prefix: message.header.prefix_len,
                    });
                }
            }
            Answer::Route(route) => {
                for gateway in gateways(&route) {
                    if !network.gateways.contains(&gateway) {
                        network.gateways.push(gateway);
                    }
                }
            }
            Answer::Other => {}
        }
    }
    network
}

fn interface(link: Link) -> Interface {
    let octets: Vec<String> = link.mac.iter().map(|octet| format!("{octet:02x}")).collect();
    Interface {
        name: link.name,
        mac: octets.join(":"),
        up: link.up,
    }
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
        assert!(describe(vec![Answer::Address(message)]).addresses.is_empty());
    }
}
