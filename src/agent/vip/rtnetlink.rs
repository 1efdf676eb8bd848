//! Addresses of this node by rtnetlink: a spawned `ip` costs milliseconds of darkness.

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_EXCL, NLM_F_REQUEST, NetlinkHeader,
    NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage, CacheInfo};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use std::io::{Error, Result};
use std::net::IpAddr;
use std::time::Duration;

/// The kernel answers while it is asked; this only bounds a fault.
const ANSWER: Duration = Duration::from_secs(2);

/// A dump that addresses changed under is taken again this often.
const DUMP_TRIES: u32 = 5;

/// A route socket.
pub struct Rtnetlink {
    socket: Socket,
    sequence: u32,
}

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
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        set_socket_timeout(&socket, Timeout::Recv, Some(ANSWER))?;
        Ok(Self { socket, sequence: 0 })
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
        let flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL;
        unless(
            Errno::EXIST,
            self.ask(RouteNetlinkMessage::NewAddress(message), flags)
                .map(|_| ()),
        )
    }

    /// Removes an address; false when the interface does not have it.
    pub fn delete(&mut self, carried: Carried) -> Result<bool> {
        let request = RouteNetlinkMessage::DelAddress(message(carried));
        unless(
            Errno::ADDRNOTAVAIL,
            self.ask(request, NLM_F_REQUEST | NLM_F_ACK).map(|_| ()),
        )
    }

    /// Every address of every interface.
    pub fn addresses(&mut self) -> Result<Vec<Carried>> {
        for _ in 0..DUMP_TRIES {
            let request = RouteNetlinkMessage::GetAddress(AddressMessage::default());
            if let Some(answers) = self.ask(request, NLM_F_REQUEST | NLM_F_DUMP)? {
                return Ok(answers.iter().filter_map(carried).collect());
            }
        }
        Err(Error::other("addresses keep changing while they are listed"))
    }

    /// Sends one request and collects its answers until acknowledgement or end; `None` when they are
    /// inconsistent because something changed meanwhile.
    fn ask(&mut self, request: RouteNetlinkMessage, flags: u16) -> Result<Option<Vec<AddressMessage>>> {
        self.sequence += 1;
        let mut header = NetlinkHeader::default();
        header.flags = flags;
        header.sequence_number = self.sequence;
        let mut packet = NetlinkMessage::new(header, NetlinkPayload::from(request));
        packet.finalize();
        let mut bytes = vec![0; packet.buffer_len()];
        packet.serialize(&mut bytes);
        self.socket.send(&bytes, 0)?;
        let (mut answers, mut consistent) = (Vec::new(), true);
        loop {
            let (datagram, _) = self.socket.recv_from_full()?;
            let mut rest = datagram.as_slice();
            while !rest.is_empty() {
                let message =
                    NetlinkMessage::<RouteNetlinkMessage>::deserialize(rest).map_err(Error::other)?;
                // Messages are aligned to four bytes.
                let length = (message.header.length as usize).next_multiple_of(4);
                rest = rest.get(length..).unwrap_or_default();
                if message.header.sequence_number != self.sequence {
                    continue;
                }
                consistent &= message.header.flags & NLM_F_DUMP_INTR == 0;
                match message.payload {
                    NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewAddress(address)) => {
                        answers.push(address);
                    }
                    NetlinkPayload::Error(error) if error.code.is_some() => return Err(error.to_io()),
                    NetlinkPayload::Error(_) | NetlinkPayload::Done(_) => {
                        return Ok(consistent.then_some(answers));
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Turns the one error that means "already so" into false.
fn unless(already: Errno, result: Result<()>) -> Result<bool> {
    match result {
        Ok(()) => Ok(true),
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
fn carried(message: &AddressMessage) -> Option<Carried> {
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
