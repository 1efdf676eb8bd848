//! Decides whether the host at the other end is the one meant, before anything is sent to it (S6).

use super::host_key::HostKey;
use super::known_hosts::{KnownHosts, Opinion};
use super::operator::{Introduction, Operator};
use super::target::Target;
use crate::error::{Error, Result};
use std::net::SocketAddr;

/// What is known of a host before it is met.
pub(super) struct Expectation {
    pinned: Option<HostKey>,
    known_hosts: KnownHosts,
}

impl Expectation {
    /// From the pair file's pin, or a key accepted earlier by this program; without either from the
    /// operator's `known_hosts`.
    pub fn of(
        target: &Target,
        accepted: Option<HostKey>,
        known_hosts: impl FnOnce() -> KnownHosts,
    ) -> Result<Self> {
        let recorded = target.ssh.host_key.as_deref().map(str::parse).transpose();
        let recorded = recorded.map_err(|why: String| {
            Error::refused("host_key_invalid", why)
                .on(target.name())
                .at("ssh.host_key")
        })?;
        let pinned = recorded.or(accepted);
        let known_hosts = if pinned.is_some() {
            KnownHosts::default()
        } else {
            known_hosts()
        };
        Ok(Self { pinned, known_hosts })
    }

    /// The order in which to ask the server for its keys, so that it shows the one that is known.
    pub fn preference(&self, target: &Target, address: SocketAddr) -> String {
        match &self.pinned {
            Some(pinned) => HostKey::preference(&[pinned.kind()]),
            None => HostKey::preference(&self.known_hosts.kinds(&target.known_as(address))),
        }
    }

    /// Refuses any key but the pinned one; asks when nothing is pinned.
    pub fn check(
        &self,
        target: &Target,
        address: SocketAddr,
        key: &HostKey,
        ask: impl FnOnce(&dyn Fn(&dyn Operator) -> bool) -> bool,
    ) -> Result<()> {
        if let Some(pinned) = &self.pinned {
            return if pinned == key {
                Ok(())
            } else {
                Err(changed(target, address, pinned, key))
            };
        }
        let opinion = self.known_hosts.opinion(&target.known_as(address), key);
        if opinion == Opinion::Revoked {
            return Err(Error::refused(
                "host_key_revoked",
                format!("{address} showed {key}, which known_hosts marks as revoked"),
            )
            .on(target.name())
            .hint("do not log in to this host before its owner has explained the key"));
        }
        let introduction = Introduction {
            node: target.name(),
            address,
            key: key.clone(),
            opinion,
        };
        if ask(&|operator| operator.accepts(&introduction)) {
            Ok(())
        } else {
            Err(unknown(&introduction))
        }
    }
}

fn changed(target: &Target, address: SocketAddr, pinned: &HostKey, key: &HostKey) -> Error {
    Error::refused("host_key_changed", format!("{address} shows another host key than the pinned one"))
        .on(target.name())
        .because(format!("pinned {pinned}, shown {key}"))
        .hint(format!(
            "nothing was sent; somebody may be in between. If the node was reinstalled, compare with \
             `ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub` at its console and set ssh.host_key of this node \
             in the pair file to \"{key}\""
        ))
}

fn unknown(introduction: &Introduction) -> Error {
    let Introduction {
        node,
        address,
        key,
        opinion,
    } = introduction;
    let opinion = match opinion {
        Opinion::Same => "your known_hosts records the same key".to_owned(),
        Opinion::Different(other) => format!("your known_hosts records another key: {other}"),
        Opinion::Nothing | Opinion::Revoked => "your known_hosts does not know this host".to_owned(),
    };
    Error::refused("host_key_unknown", format!("the host key of {address} is not accepted yet: {key}"))
        .on(node)
        .because(opinion)
        .hint(format!(
            "compare with `ssh-keygen -l -f /etc/ssh/ssh_host_ed25519_key.pub` at the node's console, then accept it: \
             --accept-host-key {}",
            key.fingerprint()
        ))
}
