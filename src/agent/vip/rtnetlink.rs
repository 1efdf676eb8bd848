//! Addresses of this node by rtnetlink: a spawned `ip` costs milliseconds of darkness.

use crate::netlink::{Answer, Request, RouteSocket};
use netlink_packet_route::AddressFamily;
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage, CacheInfo};
use rustix::io::Errno;
use std::io::Result;
use std::net::IpAddr;

/// A route socket.
pub struct Rtnetlink(RouteSocket);

/// An address that an interface carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Carried {
    /// The address.
    pub address: IpAddr,
    /// Its prefix length.
    pub prefix: u8,
    /// Number of the interface.
    pub index: u32,
    /// Duplicate address detection is not over, or found a duplicate: the address is not in use.
    pub tentative: bool,
}

impl Carried {
    /// A VIP on interface number `index`: a host route of its own, so that it is never the address whose
    /// removal takes others of its network along.
    pub fn vip(address: IpAddr, index: u32) -> Self {
        Self {
            address,
            prefix: if address.is_ipv4() { 32 } else { 128 },
            index,
            tentative: false,
        }
    }
}

impl Rtnetlink {
    /// Opens a socket.
    pub fn open() -> Result<Self> {
        RouteSocket::open().map(Self)
    }

    /// Adds an address; false when the interface has it already.
    ///
    /// IPv6 duplicate address detection is off, because that the address is free was proved before and
    /// waiting for it takes seconds; and the address is deprecated from the start, so that the node's own
    /// connections never choose it as their source.
    pub fn add(&mut self, carried: Carried) -> Result<bool> {
        let mut message = message(carried);
        if carried.address.is_ipv6() {
            let mut lifetime = CacheInfo::default();
            lifetime.ifa_preferred = 0;
            lifetime.ifa_valid = u32::MAX;
            message
                .attributes
                .push(AddressAttribute::Flags(AddressFlags::Nodad));
            message.attributes.push(AddressAttribute::CacheInfo(lifetime));
        }
        unless(Errno::EXIST, self.0.ask(Request::Add(message)))
    }

    /// Removes an address; false when the interface does not have it.
    pub fn delete(&mut self, carried: Carried) -> Result<bool> {
        let asked = self.0.ask(Request::Remove(message(carried)));
        unless(Errno::ADDRNOTAVAIL, asked)
    }

    /// Every address of every interface.
    pub fn addresses(&mut self) -> Result<Vec<Carried>> {
        let answers = self.0.list(&Request::Addresses)?;
        Ok(answers.iter().filter_map(carried).collect())
    }
}

/// Turns the one error that means "already so" into false.
fn unless<T>(already: Errno, result: Result<T>) -> Result<bool> {
    match result {
        Ok(_) => Ok(true),
        Err(error) if error.raw_os_error() == Some(already.raw_os_error()) => Ok(false),
        Err(error) => Err(error),
    }
}

fn message(carried: Carried) -> AddressMessage {
    let mut message = AddressMessage::default();
    message.header.family = if carried.address.is_ipv4() {
        AddressFamily::Inet
    } else {
        AddressFamily::Inet6
    };
    message.header.prefix_len = carried.prefix;
    message.header.index = carried.index;
    message.attributes = vec![
        AddressAttribute::Local(carried.address),
        AddressAttribute::Address(carried.address),
    ];
    message
}

/// `Local` is the interface's own address where the two differ, as on point-to-point links.
fn carried(answer: &Answer) -> Option<Carried> {
    let Answer::Address(message) = answer else {
        return None;
    };
    let (mut local, mut address, mut flags) = (None, None, AddressFlags::empty());
    for attribute in &message.attributes {
        match attribute {
            AddressAttribute::Local(value) => local = Some(*value),
            AddressAttribute::Address(value) => address = Some(*value),
            AddressAttribute::Flags(value) => flags = *value,
            _ => {}
        }
    }
    Some(Carried {
        address: local.or(address)?,
        prefix: message.header.prefix_len,
        index: message.header.index,
        tentative: flags.intersects(AddressFlags::Tentative | AddressFlags::Dadfailed),
    })
}
