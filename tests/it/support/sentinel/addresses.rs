//! Addresses that come and go on a node, as its kernel tells them.

use super::Kernel;
use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_sys::{Socket, protocols::NETLINK_ROUTE};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// `RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR` of linux/rtnetlink.h.
const CHANGES: u32 = 0x10 | 0x100;

/// The VIPs that a node carries, as far as its events were read.
pub struct Addresses {
    pub socket: Socket,
    carries: BTreeSet<IpAddr>,
    vips: BTreeSet<IpAddr>,
    /// Its own addresses went as well: its power was cut, and its network is only kept by this watch.
    pub off: bool,
}

impl Addresses {
    /// From now on, with what is there now.
    pub fn of(kernel: &Kernel, vips: &BTreeSet<IpAddr>, carries: BTreeSet<IpAddr>) -> Self {
        Self {
            socket: kernel.listen(NETLINK_ROUTE, CHANGES),
            carries,
            vips: vips.clone(),
            off: false,
        }
    }

    pub fn carries(&self, vip: IpAddr) -> bool {
        self.carries.contains(&vip)
    }

    /// Takes in what happened; the VIPs that came, in order.
    pub fn read(&mut self) -> Vec<IpAddr> {
        let mut came = Vec::new();
        while let Ok((datagram, _)) = self.socket.recv_from_full() {
            let mut rest = datagram.as_slice();
            while let Ok(message) = NetlinkMessage::<RouteNetlinkMessage>::deserialize(rest) {
                let length = usize::try_from(message.header.length).unwrap();
                match message.payload {
                    NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewAddress(change)) => {
                        let vip = address(&change).filter(|vip| self.vips.contains(vip));
                        self.carries.extend(vip);
                        came.extend(vip);
                    }
                    NetlinkPayload::InnerMessage(RouteNetlinkMessage::DelAddress(change)) => {
                        let gone = address(&change);
                        self.carries.retain(|vip| gone != Some(*vip));
                        self.off |= gone.is_some_and(|gone| gone.is_ipv4() && !self.vips.contains(&gone));
                    }
                    _ => {}
                }
                if length == 0 || length >= rest.len() {
                    break;
                }
                rest = &rest[length..];
            }
        }
        came
    }
}

fn address(change: &AddressMessage) -> Option<IpAddr> {
    change.attributes.iter().find_map(|attribute| match attribute {
        AddressAttribute::Address(address) => Some(*address),
        _ => None,
    })
}
