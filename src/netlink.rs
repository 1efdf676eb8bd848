//! The kernel's routing socket, rtnetlink(7): one request and its answers, no program started.
//!
//! Headers, messages and attributes are the library's. Its message that can be any of them is not used: it
//! takes along every queue, filter and tunnel that Linux knows, 0.3 MB of a program that travels to every
//! node.

use netlink_packet_core::{
    DecodeError, Emitable, NLM_F_ACK, NLM_F_CREATE, NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_EXCL, NLM_F_REQUEST,
    NetlinkDeserializable, NetlinkHeader, NetlinkMessage, NetlinkPayload, NetlinkSerializable, NlasIterator,
    Parseable,
};
use netlink_packet_route::AddressFamily;
use netlink_packet_route::address::AddressMessage;
use netlink_packet_route::link::{LinkFlags, LinkHeader, State};
use netlink_packet_route::route::RouteMessage;
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use std::io::{Error, Result};
use std::time::Duration;

/// The kernel answers while it is asked; this only bounds a fault (L2).
const ANSWER: Duration = Duration::from_secs(2);

/// A list that changed while it was read is read again this often.
const TRIES: u32 = 5;

// Types of messages, from linux/rtnetlink.h.
const RTM_NEWLINK: u16 = 16;
const RTM_GETLINK: u16 = 18;
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const RTM_GETADDR: u16 = 22;
const RTM_NEWROUTE: u16 = 24;
const RTM_GETROUTE: u16 = 26;

// Attributes of an interface, from linux/if_link.h.
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_OPERSTATE: u16 = 16;

/// What the kernel is asked for.
#[derive(Debug, Clone)]
pub enum Request {
    /// Every interface.
    Links,
    /// Every address of every interface.
    Addresses,
    /// Every route of a family.
    Routes(AddressFamily),
    /// An address more; an error when it is there.
    Add(AddressMessage),
    /// An address less; an error when it is not there.
    Remove(AddressMessage),
}

/// What it says.
#[derive(Debug, Clone)]
pub enum Answer {
    /// An interface.
    Link(Link),
    /// An address.
    Address(AddressMessage),
    /// A route.
    Route(RouteMessage),
    /// Something that nobody asked for.
    Other,
}

/// An interface.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Link {
    /// Its number.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Its address on the wire; empty where it has none.
    pub mac: Vec<u8>,
    /// Ready to pass packets.
    pub up: bool,
}

/// A socket to the kernel.
pub struct RouteSocket {
    socket: Socket,
    sequence: u32,
}

impl RouteSocket {
    /// Opens one.
    pub fn open() -> Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        set_socket_timeout(&socket, Timeout::Recv, Some(ANSWER))?;
        Ok(Self { socket, sequence: 0 })
    }

    /// Asks for a list, again if it changed meanwhile.
    pub fn list(&mut self, request: &Request) -> Result<Vec<Answer>> {
        for _ in 0..TRIES {
            if let Some(answers) = self.ask(request.clone())? {
                return Ok(answers);
            }
        }
        Err(Error::other(
            "interfaces and addresses keep changing while they are listed",
        ))
    }

    /// Sends a request and collects the answers until acknowledgement or end; `None` when they do not
    /// belong together because something changed meanwhile.
    pub fn ask(&mut self, request: Request) -> Result<Option<Vec<Answer>>> {
        self.sequence += 1;
        let mut header = NetlinkHeader::default();
        header.flags = request.flags();
        header.sequence_number = self.sequence;
        let mut packet = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(request));
        packet.finalize();
        let mut bytes = vec![0; packet.buffer_len()];
        packet.serialize(&mut bytes);
        self.socket.send(&bytes, 0)?;
        let (mut answers, mut consistent) = (Vec::new(), true);
        loop {
            let (datagram, _) = self.socket.recv_from_full()?;
            let mut rest = datagram.as_slice();
            while !rest.is_empty() {
                let message = NetlinkMessage::<Answer>::deserialize(rest).map_err(Error::other)?;
                // Messages are aligned to four bytes.
                let length = (message.header.length as usize).next_multiple_of(4);
                rest = rest.get(length..).unwrap_or_default();
                if message.header.sequence_number != self.sequence {
                    continue;
                }
                consistent &= message.header.flags & NLM_F_DUMP_INTR == 0;
                match message.payload {
                    NetlinkPayload::InnerMessage(answer) => answers.push(answer),
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

impl Request {
    fn flags(&self) -> u16 {
        NLM_F_REQUEST
            | match self {
                Self::Links | Self::Addresses | Self::Routes(_) => NLM_F_DUMP,
                Self::Add(_) => NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
                Self::Remove(_) => NLM_F_ACK,
            }
    }

    /// What is sent: a list is asked for by an empty message of its kind.
    fn body(&self) -> Box<dyn Emitable> {
        match self {
            Self::Links => Box::new(LinkHeader::default()),
            Self::Addresses => Box::new(AddressMessage::default()),
            Self::Routes(family) => {
                let mut route = RouteMessage::default();
                route.header.address_family = *family;
                Box::new(route.header)
            }
            Self::Add(address) | Self::Remove(address) => Box::new(address.clone()),
        }
    }
}

impl NetlinkSerializable for Request {
    fn message_type(&self) -> u16 {
        match self {
            Self::Links => RTM_GETLINK,
            Self::Addresses => RTM_GETADDR,
            Self::Routes(_) => RTM_GETROUTE,
            Self::Add(_) => RTM_NEWADDR,
            Self::Remove(_) => RTM_DELADDR,
        }
    }

    fn buffer_len(&self) -> usize {
        self.body().buffer_len()
    }

    fn serialize(&self, buffer: &mut [u8]) {
        self.body().emit(buffer);
    }
}

impl NetlinkDeserializable for Answer {
    type Error = DecodeError;

    fn deserialize(header: &NetlinkHeader, payload: &[u8]) -> std::result::Result<Self, DecodeError> {
        Ok(match header.message_type {
            RTM_NEWLINK => Self::Link(Link::parse(payload)?),
            RTM_NEWADDR => Self::Address(AddressMessage::parse(payload)?),
            RTM_NEWROUTE => Self::Route(RouteMessage::parse(payload)?),
            _ => Self::Other,
        })
    }
}

impl Link {
    fn parse(payload: &[u8]) -> std::result::Result<Self, DecodeError> {
        let header = LinkHeader::parse(payload)?;
        let running = header.flags.contains(LinkFlags::Up | LinkFlags::Running);
        let mut link = Self {
            index: header.index,
            ..Self::default()
        };
        for attribute in NlasIterator::new(payload.get(header.buffer_len()..).unwrap_or_default()) {
            let attribute = attribute?;
            let value = attribute.value();
            match attribute.kind() {
                IFLA_IFNAME => {
                    let name = value.strip_suffix(&[0]).unwrap_or(value);
                    link.name = String::from_utf8_lossy(name).into_owned();
                }
                IFLA_ADDRESS => link.mac = value.to_vec(),
                // `lo` and some virtual drivers report `unknown` for ever: then the flags decide.
                IFLA_OPERSTATE => {
                    let state = value.first().map(|&state| State::from(state));
                    link.up = matches!(state, Some(State::Up))
                        || (matches!(state, Some(State::Unknown)) && running);
                }
                _ => {}
            }
        }
        Ok(link)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_loopback_interface_has_its_name_and_addresses() {
        let mut socket = RouteSocket::open().unwrap();
        let links = socket.list(&Request::Links).unwrap();
        let loopback = links
            .iter()
            .find_map(|answer| match answer {
                Answer::Link(link) if link.name == "lo" => Some(link),
                _ => None,
            })
            .unwrap();
        assert_eq!(loopback.mac, [0; 6]);
        assert!(loopback.up);
        let addresses = socket.list(&Request::Addresses).unwrap();
        assert!(addresses.iter().any(
            |answer| matches!(answer, Answer::Address(message) if message.header.index == loopback.index)
        ));
    }

    #[test]
    fn what_the_kernel_refuses_is_an_error_of_the_system() {
        let mut missing = AddressMessage::default();
        missing.header.family = AddressFamily::Inet;
        missing.header.prefix_len = 32;
        let mut socket = RouteSocket::open().unwrap();
        let refused = socket.ask(Request::Remove(missing)).unwrap_err();
        assert!(refused.raw_os_error().is_some(), "{refused}");
        // The socket goes on.
        assert!(!socket.list(&Request::Links).unwrap().is_empty());
    }

    #[test]
    fn what_is_cut_short_is_refused() {
        assert!(Link::parse(&[0; 8]).is_err());
        // An attribute that says it is longer than what follows.
        let mut payload = vec![0; 16];
        payload.extend([200, 0, 3, 0]);
        assert!(Link::parse(&payload).is_err());
    }
}
