//! Watches both nodes' kernels while something goes wrong: a VIP must never be on both at once (S1).
//! Every change of an address is an event of the kernel, so nothing between two looks is missed.

use super::lab::LabPair;
use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::collections::BTreeSet;
use std::fs::File;
use std::net::IpAddr;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

/// `RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR` of linux/rtnetlink.h.
const ADDRESS_CHANGES: u32 = 0x10 | 0x100;

const NODES: [&str; 2] = ["alpha", "beta"];

/// The watch, until [`Sentinel::report`].
pub struct Sentinel {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<String>>,
}

/// One node's events, and the VIPs it carries as far as they were read.
struct Watched {
    name: &'static str,
    socket: Socket,
    carries: BTreeSet<IpAddr>,
}

impl Sentinel {
    /// Begins to watch the lab's nodes, which must have power.
    pub fn over(lab: &LabPair) -> Self {
        let vips: BTreeSet<IpAddr> = [lab.lab.vip_v4.into(), lab.lab.vip_v6.into()].into();
        let mut watched = NODES.map(|name| Watched {
            name,
            socket: listen(&lab.lab.namespace(name)),
            carries: vips
                .iter()
                .copied()
                .filter(|vip| lab.node(name).holds(*vip))
                .collect(),
        });
        let stop = Arc::new(AtomicBool::new(false));
        let ending = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut seen = Vec::new();
            while !ending.load(Ordering::Relaxed) {
                wait(&watched);
                for at in 0..watched.len() {
                    look(&mut watched, at, &vips, &mut seen);
                }
            }
            seen
        });
        Self { stop, thread }
    }

    /// Ends the watch; every time a VIP was on both nodes.
    pub fn report(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// A socket in the node's network that hears of every address; it stays there when its thread ends.
fn listen(namespace: &str) -> Socket {
    let namespace = File::open(format!("/run/netns/{namespace}")).unwrap();
    let listening = std::thread::spawn(move || {
        move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
        let mut socket = Socket::new(NETLINK_ROUTE).unwrap();
        socket.bind(&SocketAddr::new(0, ADDRESS_CHANGES)).unwrap();
        socket.set_non_blocking(true).unwrap();
        socket
    });
    listening.join().unwrap()
}

fn wait(watched: &[Watched; 2]) {
    let mut fds = watched
        .each_ref()
        .map(|node| PollFd::new(&node.socket, PollFlags::IN));
    let pause = Timespec {
        tv_sec: 0,
        tv_nsec: 50_000_000,
    };
    // An interrupted wait is a short one.
    let _ = poll(&mut fds, Some(&pause));
}

/// Reads what happened on one node. Before an address that came is held against the other node, the
/// other node's events are read: what went there before this came is in its queue by now.
fn look(watched: &mut [Watched; 2], at: usize, vips: &BTreeSet<IpAddr>, seen: &mut Vec<String>) {
    for (address, came) in events(&watched[at].socket) {
        if !vips.contains(&address) {
            continue;
        }
        if !came {
            watched[at].carries.remove(&address);
            continue;
        }
        watched[at].carries.insert(address);
        let other = &mut watched[1 - at];
        for (address, came) in events(&other.socket) {
            if came && vips.contains(&address) {
                other.carries.insert(address);
            } else {
                other.carries.remove(&address);
            }
        }
        if watched[1 - at].carries.contains(&address) {
            let names = watched.each_ref().map(|node| node.name);
            seen.push(format!("{address} is on {} and {} at once", names[0], names[1]));
        }
    }
}

/// Addresses that came (true) or went, in order, as far as they are known.
fn events(socket: &Socket) -> Vec<(IpAddr, bool)> {
    let mut found = Vec::new();
    while let Ok((datagram, _)) = socket.recv_from_full() {
        let mut rest = datagram.as_slice();
        while let Ok(message) = NetlinkMessage::<RouteNetlinkMessage>::deserialize(rest) {
            let length = usize::try_from(message.header.length).unwrap();
            match message.payload {
                NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewAddress(change)) => {
                    found.extend(address(&change).map(|address| (address, true)));
                }
                NetlinkPayload::InnerMessage(RouteNetlinkMessage::DelAddress(change)) => {
                    found.extend(address(&change).map(|address| (address, false)));
                }
                _ => {}
            }
            if length == 0 || length >= rest.len() {
                break;
            }
            rest = &rest[length..];
        }
    }
    found
}

fn address(change: &AddressMessage) -> Option<IpAddr> {
    change.attributes.iter().find_map(|attribute| match attribute {
        AddressAttribute::Address(address) => Some(*address),
        _ => None,
    })
}
