//! Whom to reach: one node, by its pair-file entry or by what is known before there is a pair.

use super::give_up::GiveUp;
use super::resolve;
use crate::error::{Error, Result};
use crate::model::{Addresses, Hostname, Pair, Side, SshTarget};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Instant;

/// A node to reach.
#[derive(Debug, Clone)]
pub struct Target {
    /// Which side it is, or is meant to be.
    pub side: Side,
    /// Its host name, once known.
    pub hostname: Option<Hostname>,
    /// Its own addresses.
    pub addresses: Addresses,
    /// How to log in.
    pub ssh: SshTarget,
}

impl Target {
    /// The node of `side` as the pair file describes it.
    pub fn of(pair: &Pair, side: Side) -> Self {
        let node = &pair.nodes[side];
        Self {
            side,
            hostname: Some(node.hostname.clone()),
            addresses: node.address,
            ssh: node.ssh.clone(),
        }
    }

    /// The node of `side` as the other node reaches it: as root, at these addresses.
    pub fn between_nodes(pair: &Pair, side: Side, addresses: Addresses) -> Self {
        let node = &pair.nodes[side];
        Self {
            side,
            hostname: Some(node.hostname.clone()),
            addresses,
            ssh: SshTarget {
                host: None,
                port: node.ssh.port,
                user: "root".to_owned(),
                identity: None,
                host_key: node.ssh.host_key.clone(),
            },
        }
    }

    /// What messages call it: its host name, or where it is looked for.
    pub fn name(&self) -> String {
        match (&self.hostname, &self.ssh.host, self.addresses.preferred()) {
            (Some(hostname), _, _) => hostname.to_string(),
            (None, Some(host), _) => host.clone(),
            (None, None, Some(address)) => address.to_string(),
            (None, None, None) => self.side.to_string(),
        }
    }

    /// True when the node is the machine this runs on: nothing says how to reach it, or one of its own
    /// addresses is ours, and so is its name where it has one. A name alone proves nothing (a clone has the same), a loopback address
    /// neither (a forwarded port).
    pub fn is_this_machine(&self) -> bool {
        if self.ssh.host.is_none() && self.addresses.is_empty() {
            return true;
        }
        let name_agrees = self.hostname.as_ref().is_none_or(|hostname| {
            let uname = rustix::system::uname();
            let own = uname.nodename().to_string_lossy();
            own.split('.')
                .next()
                .is_some_and(|own| own.eq_ignore_ascii_case(hostname.short()))
        });
        name_agrees
            && self
                .addresses
                .iter()
                .any(|address| !address.is_loopback() && is_own_address(address))
    }

    /// The addresses to try in order, IPv4 before IPv6.
    pub(super) fn sockets(&self, until: Instant, give_up: &GiveUp) -> Result<Vec<SocketAddr>> {
        let port = self.ssh.port;
        let mut found = match &self.ssh.host {
            Some(host) => {
                resolve::resolve(host, port, until, give_up).map_err(|error| error.on(self.name()))?
            }
            None => self
                .addresses
                .iter()
                .map(|address| SocketAddr::new(address, port))
                .collect(),
        };
        found.sort_by_key(SocketAddr::is_ipv6);
        if found.is_empty() {
            return Err(Error::refused("no_address", "no address of the node is known")
                .on(self.name())
                .hint("give the node an address or a host to log in to"));
        }
        Ok(found)
    }

    /// How `known_hosts` may name it: as it was asked for, and by address.
    pub(super) fn known_as(&self, address: SocketAddr) -> Vec<String> {
        let names = [self.ssh.host.clone(), Some(address.ip().to_string())];
        let bracketed = |name: String| match self.ssh.port {
            22 => name.to_ascii_lowercase(),
            port => format!("[{}]:{port}", name.to_ascii_lowercase()),
        };
        names.into_iter().flatten().map(bracketed).collect()
    }
}

/// Whether this machine carries the address: the kernel then takes it as the source towards itself.
/// Nothing is sent. (Binding would not tell: with `ip_nonlocal_bind` every address can be bound.)
fn is_own_address(address: IpAddr) -> bool {
    let any = match address {
        IpAddr::V4(_) => SocketAddr::from(([0; 4], 0)),
        IpAddr::V6(_) => SocketAddr::from(([0; 16], 0)),
    };
    let source = || {
        let socket = UdpSocket::bind(any)?;
        socket.connect((address, 9))?;
        socket.local_addr()
    };
    source().is_ok_and(|source| source.ip() == address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(hostname: Option<&str>, address: &str) -> Target {
        Target {
            side: Side::Primary,
            hostname: hostname.map(|name| name.parse().unwrap()),
            addresses: match address.parse().unwrap() {
                IpAddr::V4(v4) => Addresses {
                    v4: Some(v4),
                    v6: None,
                },
                IpAddr::V6(v6) => Addresses {
                    v4: None,
                    v6: Some(v6),
                },
            },
            ssh: SshTarget::default(),
        }
    }

    #[test]
    fn own_addresses_are_recognised_and_others_are_not() {
        assert!(is_own_address("127.0.0.1".parse().unwrap()));
        assert!(is_own_address("::1".parse().unwrap()));
        assert!(!is_own_address("192.0.2.77".parse().unwrap()));
        assert!(!is_own_address("2001:db8::77".parse().unwrap()));
    }

    #[test]
    fn neither_the_name_alone_nor_a_loopback_address_makes_a_node_local() {
        let own = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let own = own.split('.').next().unwrap().to_owned();
        assert!(!target(Some(&own), "192.0.2.77").is_this_machine());
        assert!(!target(Some(&own), "127.0.0.1").is_this_machine());
        assert!(!target(None, "127.0.0.1").is_this_machine());
    }

    #[test]
    fn known_hosts_names_carry_the_port_unless_it_is_22() {
        let mut target = target(None, "192.0.2.7");
        target.ssh.host = Some("Alpha.example".to_owned());
        let address = "192.0.2.7:22".parse().unwrap();
        assert_eq!(target.known_as(address), ["alpha.example", "192.0.2.7"]);
        target.ssh.port = 2222;
        assert_eq!(
            target.known_as(address),
            ["[alpha.example]:2222", "[192.0.2.7]:2222"]
        );
    }
}
