//! One server of the pair: its names, numbers and addresses.

use super::syntax::shown;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A host name or fully qualified name by RFC 1123: labels of 1 to 63 letters, digits and hyphens,
/// 253 characters at most.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hostname(String);

impl Hostname {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first label.
    pub fn short(&self) -> &str {
        self.0.split('.').next().unwrap_or(&self.0)
    }
}

impl FromStr for Hostname {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if text.len() > 253 || !text.split('.').all(label) {
            return Err(format!(
                "`{}` is not a host name; accepted: labels of letters, digits and hyphens joined by dots, 253 characters at most",
                shown(text)
            ));
        }
        if text.parse::<Ipv4Addr>().is_ok() {
            return Err(format!("`{text}` is an address; accepted here: a host name"));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

impl TryFrom<String> for Hostname {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Hostname> for String {
    fn from(name: Hostname) -> Self {
        name.0
    }
}

impl fmt::Display for Hostname {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A server's number, 1 to 256, unique in the pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct ServerId(u16);

impl TryFrom<u32> for ServerId {
    type Error = String;

    fn try_from(number: u32) -> Result<Self, String> {
        match u16::try_from(number) {
            Ok(id @ 1..=256) => Ok(Self(id)),
            _ => Err(format!("`{number}` is not a server ID; accepted: 1 to 256")),
        }
    }
}

impl From<ServerId> for u32 {
    fn from(id: ServerId) -> Self {
        Self::from(id.0)
    }
}

impl FromStr for ServerId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse::<u32>()
            .map_err(|_| format!("`{}` is not a server ID; accepted: 1 to 256", shown(text)))?
            .try_into()
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An IPv4 address, an IPv6 address, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Addresses {
    /// IPv4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub v4: Option<Ipv4Addr>,
    /// IPv6, global or unique local.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub v6: Option<Ipv6Addr>,
}

impl Addresses {
    /// IPv4 first, then IPv6.
    pub fn iter(&self) -> impl Iterator<Item = IpAddr> + use<> {
        self.v4.map(IpAddr::V4).into_iter().chain(self.v6.map(IpAddr::V6))
    }

    /// The address to prefer where one is needed: IPv4 when there is one.
    pub fn preferred(&self) -> Option<IpAddr> {
        self.iter().next()
    }

    /// True without any address.
    pub fn is_empty(&self) -> bool {
        self.preferred().is_none()
    }

    /// True when one of them lies in `net`.
    pub fn any_in(&self, net: IpNet) -> bool {
        self.iter().any(|address| net.contains(&address))
    }
}

/// How the node is reached for administration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshTarget {
    /// Address or name; the node's own address when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// TCP port.
    #[serde(default = "SshTarget::default_port")]
    pub port: u16,
    /// Login; must be root or able to act as root.
    #[serde(default = "SshTarget::default_user")]
    pub user: String,
    /// A private key file of the controller to try before ssh-agent and the default keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// The pinned key: type and `SHA256:` fingerprint as `ssh-keygen -l` prints it,
    /// such as `ssh-ed25519 SHA256:…`. Absent before the first contact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_key: Option<String>,
}

impl SshTarget {
    fn default_port() -> u16 {
        22
    }

    fn default_user() -> String {
        "root".to_owned()
    }
}

impl Default for SshTarget {
    fn default() -> Self {
        Self {
            host: None,
            port: Self::default_port(),
            user: Self::default_user(),
            identity: None,
            host_key: None,
        }
    }
}

/// A server of the pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Short host name; the node's own `hostname` must agree.
    pub hostname: Hostname,
    /// Fully qualified name.
    pub fqdn: Hostname,
    /// Unique number.
    pub server_id: ServerId,
    /// Where SIP and administration reach it.
    pub address: Addresses,
    /// The link between the servers for copies and heartbeat; `address` is used when empty.
    #[serde(default, skip_serializing_if = "Addresses::is_empty")]
    pub duplication: Addresses,
    /// Control address: answers when this side has a network. Default: the gateway.
    #[serde(default, skip_serializing_if = "Addresses::is_empty")]
    pub health_check: Addresses,
    /// Network interface that carries the VIPs here, when it differs from the VIP's own entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interface: Option<String>,
    /// How to reach it.
    #[serde(default)]
    pub ssh: SshTarget,
}
