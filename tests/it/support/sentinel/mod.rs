//! Watches both nodes' kernels while something goes wrong: a VIP must never be on both at once (S1), and
//! calls must never be let in on both (S2). Every change of an address or a rule is an event of the kernel,
//! so nothing between two looks is missed.

mod addresses;
mod rules;

use super::lab::LabPair;
use addresses::Addresses;
use netlink_sys::{Socket, SocketAddr};
use rules::Rules;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::collections::BTreeSet;
use std::fs::File;
use std::net::IpAddr;
use std::os::fd::AsFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

const NODES: [&str; 2] = ["alpha", "beta"];

/// Room for the events of a busy moment: what does not fit is lost without a word.
const ROOM: usize = 1 << 20;

/// The watch, until [`Sentinel::report`].
pub struct Sentinel {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Vec<String>>,
}

/// What a node's kernel has told so far.
struct Watched {
    addresses: Addresses,
    rules: Rules,
    /// VIPs that came and families that were opened, not yet held against the other node.
    came: Vec<IpAddr>,
    opened: Vec<&'static str>,
}

impl Sentinel {
    /// Begins to watch the lab's nodes, which must have power.
    pub fn over(lab: &LabPair) -> Self {
        let vips: BTreeSet<IpAddr> = [lab.lab.vip_v4.into(), lab.lab.vip_v6.into()].into();
        let mut watched = NODES.map(|name| {
            let kernel = Kernel(lab.lab.namespace(name));
            let carries = vips.iter().copied().filter(|vip| lab.node(name).holds(*vip));
            Watched {
                addresses: Addresses::of(&kernel, &vips, carries.collect()),
                rules: Rules::of(&kernel),
                came: Vec::new(),
                opened: Vec::new(),
            }
        });
        let stop = Arc::new(AtomicBool::new(false));
        let ending = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut seen = Vec::new();
            // Whoever looks late sees two moments as one.
            rustix::process::setpriority_process(None, -20).unwrap();
            loop {
                // Once more after the word to stop: what happened before it is in the queues.
                let last = ending.load(Ordering::Relaxed);
                wait(&watched);
                for at in 0..watched.len() {
                    look(&mut watched, at, &mut seen);
                }
                if last {
                    return seen;
                }
            }
        });
        Self { stop, thread }
    }

    /// Ends the watch; every time a VIP was on both nodes, or both let calls in.
    pub fn report(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

/// The network of one node.
struct Kernel(String);

impl Kernel {
    /// A socket in the node's network that hears what these groups are told; it stays there when its thread
    /// ends.
    fn listen(&self, protocol: isize, groups: u32) -> Socket {
        let namespace = File::open(format!("/run/netns/{}", self.0)).unwrap();
        let listening = std::thread::spawn(move || {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            let mut socket = Socket::new(protocol).unwrap();
            socket.bind(&SocketAddr::new(0, groups)).unwrap();
            rustix::net::sockopt::set_socket_recv_buffer_size_force(&socket, ROOM).unwrap();
            socket.set_non_blocking(true).unwrap();
            socket
        });
        listening.join().unwrap()
    }
}

fn wait(watched: &[Watched; 2]) {
    let [one, other] = watched;
    let mut fds = [
        &one.addresses.socket,
        &one.rules.socket,
        &other.addresses.socket,
        &other.rules.socket,
    ]
    .map(|socket| PollFd::new(socket, PollFlags::IN));
    let pause = Timespec {
        tv_sec: 0,
        tv_nsec: 50_000_000,
    };
    // An interrupted wait is a short one.
    let _ = poll(&mut fds, Some(&pause));
}

/// Holds what came on one node against the other node, whose events are read before: what went there before
/// this came is in its queue by now. What came there meanwhile is kept for its own look.
fn look(watched: &mut [Watched; 2], at: usize, seen: &mut Vec<String>) {
    let [one, other] = watched;
    let (node, other) = if at == 0 { (one, other) } else { (other, one) };
    node.read();
    other.read();
    let (came, opened) = (std::mem::take(&mut node.came), std::mem::take(&mut node.opened));
    if other.addresses.off {
        return;
    }
    let names = format!("{} and {}", NODES[0], NODES[1]);
    let doubled = came.into_iter().filter(|vip| other.addresses.carries(*vip));
    seen.extend(doubled.map(|vip| format!("S1: {vip} is on {names} at once")));
    let both = opened.into_iter().filter(|family| other.rules.allows(family));
    seen.extend(both.map(|family| format!("S2: {family} calls are let in on {names} at once")));
}

impl Watched {
    fn read(&mut self) {
        self.came.extend(self.addresses.read());
        self.opened.extend(self.rules.read());
    }
}
