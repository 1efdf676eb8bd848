//! The rules of pairadm's chain on a node, as its kernel tells of them: every transaction of the packet
//! filter is an event, whichever program wrote it. A node whose chain has no rule lets calls in.

use super::Kernel;
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_NETFILTER};
use std::collections::{BTreeMap, BTreeSet};

/// `NFNLGRP_NFTABLES` of linux/netfilter/nfnetlink.h, as a bit.
const CHANGES: u32 = 1 << (7 - 1);

/// Of `linux/netfilter/nf_tables.h`, within `NFNL_SUBSYS_NFTABLES` (10).
const NEW_RULE: u16 = 10 << 8 | 6;
const GET_RULE: u16 = 10 << 8 | 7;
const DELETE_RULE: u16 = 10 << 8 | 8;

/// `NFTA_RULE_CHAIN` and `NFTA_RULE_HANDLE`.
const CHAIN: u16 = 2;
const HANDLE: u16 = 3;

/// `NLM_F_REQUEST | NLM_F_DUMP`.
const DUMP: u16 = 0x301;
const DONE: u16 = 3;

/// `NFPROTO_IPV4` and `NFPROTO_IPV6`.
const FAMILIES: [(u8, &str); 2] = [(2, "IPv4"), (10, "IPv6")];

/// The rules of the chain `PAIRADM`, by family.
pub struct Rules {
    pub socket: Socket,
    rules: BTreeMap<&'static str, BTreeSet<u64>>,
}

impl Rules {
    /// From now on, with what is there now.
    pub fn of(kernel: &Kernel) -> Self {
        let mut node = Self {
            // Before the look, so that nothing is missed between the two.
            socket: kernel.listen(NETLINK_NETFILTER, CHANGES),
            rules: FAMILIES
                .iter()
                .map(|(_, family)| (*family, BTreeSet::new()))
                .collect(),
        };
        let asking = kernel.listen(NETLINK_NETFILTER, 0);
        asking
            .send_to(&dump_request(), &SocketAddr::new(0, 0), 0)
            .unwrap();
        let mut done = false;
        while !done {
            match asking.recv_from_full() {
                Ok((datagram, _)) => done = node.take(&datagram).1,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => std::thread::yield_now(),
                Err(error) => panic!("the rules cannot be listed: {error}"),
            }
        }
        node
    }

    /// True when nothing of this family is held back.
    pub fn allows(&self, family: &str) -> bool {
        self.rules[family].is_empty()
    }

    /// Takes in what happened; the families in which calls were let in, in order.
    pub fn read(&mut self) -> Vec<&'static str> {
        let mut allowed = Vec::new();
        while let Ok((datagram, _)) = self.socket.recv_from_full() {
            allowed.extend(self.take(&datagram).0);
        }
        allowed
    }

    /// One datagram: families that it opened, and whether it ends a list. A transaction comes as one or more
    /// of them; rules that it exchanges come before those that go, so that it opens nothing in between.
    fn take(&mut self, datagram: &[u8]) -> (Vec<&'static str>, bool) {
        let (mut touched, mut done) = (Vec::new(), false);
        let mut rest = datagram;
        while let Some((kind, body, next)) = message(rest) {
            done |= kind == DONE;
            if let (NEW_RULE | DELETE_RULE, Some((family, handle))) = (kind, rule(body)) {
                let rules = self.rules.get_mut(family).unwrap();
                if kind == NEW_RULE {
                    rules.insert(handle);
                } else {
                    rules.remove(&handle);
                    touched.push(family);
                }
            }
            rest = next;
        }
        touched.dedup();
        touched.retain(|family| self.allows(family));
        (touched, done)
    }
}

/// Family and handle of a rule of our chain.
fn rule(body: &[u8]) -> Option<(&'static str, u64)> {
    let (_, family) = FAMILIES.iter().find(|(number, _)| Some(number) == body.first())?;
    let attributes = attributes(body.get(4..)?);
    let is_ours = attributes.get(&CHAIN)?.strip_suffix(b"\0") == Some(b"PAIRADM");
    let handle = <[u8; 8]>::try_from(*attributes.get(&HANDLE)?).ok()?;
    is_ours.then_some((family, u64::from_be_bytes(handle)))
}

/// Type, content and what follows of the first message.
fn message(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let length = u32::from_ne_bytes(bytes.get(..4)?.try_into().ok()?) as usize;
    let kind = u16::from_ne_bytes(bytes.get(4..6)?.try_into().ok()?);
    let body = bytes.get(16..length)?;
    Some((
        kind,
        body,
        bytes.get(length.next_multiple_of(4)..).unwrap_or_default(),
    ))
}

fn attributes(mut bytes: &[u8]) -> BTreeMap<u16, &[u8]> {
    let mut found = BTreeMap::new();
    while let Some(head) = bytes.get(..4) {
        let length = usize::from(u16::from_ne_bytes([head[0], head[1]]));
        // The two highest bits say how it is packed.
        let kind = u16::from_ne_bytes([head[2], head[3]]) & 0x3fff;
        let Some(value) = bytes.get(4..length) else { break };
        found.insert(kind, value);
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    found
}

/// Every rule of every table.
fn dump_request() -> Vec<u8> {
    let mut request = Vec::new();
    request.extend(20u32.to_ne_bytes());
    request.extend(GET_RULE.to_ne_bytes());
    request.extend(DUMP.to_ne_bytes());
    request.extend([0; 12]);
    request
}
