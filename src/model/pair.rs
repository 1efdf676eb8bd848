//! The pair as the pair file describes it: who is who, the virtual addresses, how traffic is blocked.

use super::{Addresses, BySide, Copying, Node, Priority, Side, Standby, Takeover};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// UDP or TCP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// UDP.
    Udp,
    /// TCP, and TLS over it.
    Tcp,
}

/// A port or range of ports where SIP (or its media) enters, as `udp/5060` or `udp/16384-32768`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Port {
    /// Protocol.
    pub transport: Transport,
    /// First port.
    pub first: u16,
    /// Last port; equal to `first` for a single one.
    pub last: u16,
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transport = match self.transport {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
        };
        if self.first == self.last {
            write!(f, "{transport}/{}", self.first)
        } else {
            write!(f, "{transport}/{}-{}", self.first, self.last)
        }
    }
}

impl FromStr for Port {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || {
            let shown = super::syntax::shown(text);
            format!("`{shown}` is not a port; accepted: udp/5060, tcp/5061, udp/16384-32768")
        };
        let (transport, ports) = text.split_once('/').ok_or_else(refuse)?;
        let transport = match transport {
            "udp" => Transport::Udp,
            "tcp" => Transport::Tcp,
            _ => return Err(refuse()),
        };
        let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
        let first = first.parse().map_err(|_| refuse())?;
        let last = last.parse().map_err(|_| refuse())?;
        if first == 0 || last < first {
            return Err(refuse());
        }
        Ok(Self {
            transport,
            first,
            last,
        })
    }
}

impl TryFrom<String> for Port {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Port> for String {
    fn from(port: Port) -> Self {
        port.to_string()
    }
}

/// What a blocked packet meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BlockStyle {
    /// Silence: a client retransmits, and reaches the new side after a takeover.
    #[default]
    Drop,
    /// An ICMP error at once: a client that knows both servers tries the other in a millisecond.
    Reject,
}

/// A virtual address: held by the active side only, always as /32 or /128.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Vip {
    /// The address.
    pub address: IpAddr,
    /// The interface that carries it on either node unless the node names another.
    pub interface: String,
}

/// Everything the pair file says, validated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// A name for reports and the menu's title.
    pub name: String,
    /// Profile of the SIP service: `kamailio`, `generic`, …
    pub profile: String,
    /// The two servers by role.
    pub nodes: BySide<Node>,
    /// Virtual addresses.
    pub vips: Vec<Vip>,
    /// Ports to block and allow; the profile's when empty.
    pub ports: Vec<Port>,
    /// What a blocked packet meets.
    pub block: BlockStyle,
    /// Who starts a takeover to the secondary.
    pub takeover: Takeover,
    /// By what the sides' health is compared.
    pub priority: Priority,
    /// NTP servers to configure on both nodes; none leaves time keeping alone.
    pub ntp: Vec<String>,
    /// Files of the controller to install on both nodes.
    pub files: Vec<ExtraFile>,
    /// Whether the passive side keeps up with the active one.
    pub standby: Standby,
    /// Whether data between the nodes travels encrypted.
    pub encrypted_link: bool,
    /// How backups are copied.
    pub copying: Copying,
}

/// A file of the controller that is installed on both nodes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ExtraFile {
    /// Path on the controller.
    pub source: String,
    /// Absolute path on the nodes.
    pub target: String,
}

impl Pair {
    /// The interface that carries `vip` on `side`.
    pub fn interface<'a>(&'a self, vip: &'a Vip, side: Side) -> &'a str {
        self.nodes[side].interface.as_deref().unwrap_or(&vip.interface)
    }

    /// The VIPs as an address set, the first of each family.
    pub fn vip_addresses(&self) -> Addresses {
        let mut found = Addresses::default();
        for vip in &self.vips {
            match vip.address {
                IpAddr::V4(v4) => found.v4 = found.v4.or(Some(v4)),
                IpAddr::V6(v6) => found.v6 = found.v6.or(Some(v6)),
            }
        }
        found
    }

    /// The side whose node has this host name.
    pub fn side_of(&self, hostname: &str) -> Option<Side> {
        Side::BOTH.into_iter().find(|&side| {
            let node = &self.nodes[side];
            node.hostname.as_str() == hostname || node.fqdn.as_str() == hostname
        })
    }

    /// The same pair with the roles swapped.
    #[must_use]
    pub fn reversed(mut self) -> Self {
        std::mem::swap(&mut self.nodes.primary, &mut self.nodes.secondary);
        self
    }
}
