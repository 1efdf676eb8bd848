//! Finding an address in the table: hash maps made once, so that a look-up costs the same with ten rows
//! and with a hundred thousand.

use super::token::{Prefix, Token, Value};
use super::{v4, v6};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address becomes, and which row of the table says so.
#[derive(Debug, Clone, Copy)]
struct Target<A> {
    to: A,
    row: u32,
}

/// Decided rows of a table by what they are about.
#[derive(Debug, Clone, Default)]
pub struct Lookup {
    v4: Map<u32, Target<u32>>,
    v6: Map<u128, Target<u128>>,
    v4_networks: Map<(u32, u8), Target<(u32, u8)>>,
    v6_networks: Map<(u128, u8), Target<(u128, u8)>>,
}

type Map<K, V> = HashMap<K, V, foldhash::fast::RandomState>;

impl Lookup {
    /// Says that the address `from` becomes `to` by the row number `row`. Whether there was no row about
    /// it before; `None` for addresses of different families.
    pub fn address(&mut self, from: IpAddr, to: IpAddr, row: u32) -> Option<bool> {
        match (from, to) {
            (IpAddr::V4(from), IpAddr::V4(to)) => Some(insert(&mut self.v4, from.into(), to.into(), row)),
            (IpAddr::V6(from), IpAddr::V6(to)) => Some(insert(&mut self.v6, from.into(), to.into(), row)),
            _ => None,
        }
    }

    /// The same for an address with a prefix length.
    pub fn network(&mut self, from: (IpAddr, u8), to: (IpAddr, u8), row: u32) -> Option<bool> {
        match (from, to) {
            ((IpAddr::V4(from), length), (IpAddr::V4(to), becomes)) => {
                let (from, to) = ((from.into(), length), (to.into(), becomes));
                Some(insert(&mut self.v4_networks, from, to, row))
            }
            ((IpAddr::V6(from), length), (IpAddr::V6(to), becomes)) => {
                let (from, to) = ((from.into(), length), (to.into(), becomes));
                Some(insert(&mut self.v6_networks, from, to, row))
            }
            _ => None,
        }
    }
}

/// What stands in place of an address.
#[derive(Debug, Clone, Copy)]
pub struct Replacement {
    /// Behind the last byte that is replaced: a prefix length belongs to it only when a row names it.
    pub end: usize,
    /// Which row of the table says so, from 0.
    pub row: u32,
    value: Value,
    prefix: Option<u8>,
}

impl Replacement {
    /// Appends it.
    #[inline]
    pub fn write(&self, out: &mut Vec<u8>) {
        match self.value {
            Value::V4(bits) => v4::write(out, bits),
            Value::V6(groups, style) => v6::write(out, groups, style),
        }
        if let Some(prefix) = self.prefix {
            out.push(b'/');
            out.extend_from_slice(prefix.to_string().as_bytes());
        }
    }
}

impl Lookup {
    /// What the table says about the address `token` of `text`. A row about its notation with the prefix
    /// length goes before one about the address.
    #[inline]
    pub fn find(&self, text: &[u8], token: &Token) -> Option<Replacement> {
        match token.value(text) {
            Value::V4(bits) => {
                if let Some(prefix) = token.prefix(text)
                    && let Some(target) = self.v4_networks.get(&(bits, prefix.length))
                {
                    let (to, length) = target.to;
                    return Some(network(prefix, target.row, Value::V4(to), length));
                }
                let target = self.v4.get(&bits)?;
                Some(Replacement {
                    end: token.end(),
                    row: target.row,
                    value: Value::V4(target.to),
                    prefix: None,
                })
            }
            Value::V6(groups, style) => {
                let style = style.within(text, token.start(), token.end());
                self.find_v6(text, token, groups, style)
            }
        }
    }

    fn find_v6(
        &self,
        text: &[u8],
        token: &Token,
        groups: v6::Groups,
        style: v6::Style,
    ) -> Option<Replacement> {
        let address = Ipv6Addr::from(groups);
        let bits = u128::from(address);
        let mapped = address.to_ipv4_mapped().map(u32::from);
        if let Some(prefix) = token.prefix(text) {
            let target = match mapped {
                Some(v4) => self.v4_networks.get(&(v4, prefix.length)).map(|target| {
                    let (to, length) = target.to;
                    Target {
                        to: (map(to), length + MAPPED),
                        row: target.row,
                    }
                }),
                None => self.v6_networks.get(&(bits, prefix.length)).copied(),
            };
            if let Some(Target {
                to: (to, length),
                row,
            }) = target
            {
                return Some(network(
                    prefix,
                    row,
                    Value::V6(Ipv6Addr::from(to).segments(), style),
                    length,
                ));
            }
        }
        let target = match mapped {
            Some(v4) => self.v4.get(&v4).map(|target| Target {
                to: map(target.to),
                row: target.row,
            }),
            None => self.v6.get(&bits).copied(),
        }?;
        Some(Replacement {
            end: token.end(),
            row: target.row,
            value: Value::V6(Ipv6Addr::from(target.to).segments(), style),
            prefix: None,
        })
    }
}

const fn network(prefix: Prefix, row: u32, value: Value, length: u8) -> Replacement {
    Replacement {
        end: prefix.end,
        row,
        value,
        prefix: Some(length),
    }
}

/// The bits before an IPv4 address in an IPv4-mapped IPv6 address.
const MAPPED: u8 = 96;

fn map(v4: u32) -> u128 {
    Ipv4Addr::from(v4).to_ipv6_mapped().into()
}

/// Whether there was no row about `from` before.
fn insert<A: Eq + Hash, T>(map: &mut Map<A, Target<T>>, from: A, to: T, row: u32) -> bool {
    map.insert(from, Target { to, row }).is_none()
}
