//! What an entry of the table is about: one address, or one address with a prefix length.

use crate::model::syntax::shown;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

/// An address, or an address in CIDR notation, in canonical form: an IPv4 address written as
/// `::ffff:10.0.0.1` is that IPv4 address (RFC 4291, 2.5.5.2).
///
/// CIDR notation keeps its host bits: `10.0.0.1/24`, an interface's address, is not `10.0.0.0/24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Subject {
    /// One address.
    Address(IpAddr),
    /// An address with a prefix length; stands for exactly this notation, not for what is in it.
    Network(IpNet),
}

impl Subject {
    const ACCEPTED: &str = "an IPv4 or IPv6 address, such as 192.0.2.11 or 2001:db8::11, or one with a prefix length, such as 192.0.2.0/24";

    /// The address part.
    pub fn address(self) -> IpAddr {
        match self {
            Self::Address(address) => address,
            Self::Network(network) => network.addr(),
        }
    }

    /// Whether `other` can stand where this stands: same family, both or neither with a prefix length.
    pub fn same_kind(self, other: Self) -> bool {
        matches!(self, Self::Network(_)) == matches!(other, Self::Network(_))
            && self.address().is_ipv4() == other.address().is_ipv4()
    }

    /// "an IPv4 address", "an IPv6 network": for messages.
    pub fn kind(self) -> &'static str {
        match (self, self.address()) {
            (Self::Address(_), IpAddr::V4(_)) => "an IPv4 address",
            (Self::Address(_), IpAddr::V6(_)) => "an IPv6 address",
            (Self::Network(_), IpAddr::V4(_)) => "an IPv4 network",
            (Self::Network(_), IpAddr::V6(_)) => "an IPv6 network",
        }
    }
}

impl From<IpAddr> for Subject {
    fn from(address: IpAddr) -> Self {
        Self::Address(address.to_canonical())
    }
}

impl From<IpNet> for Subject {
    fn from(network: IpNet) -> Self {
        const MAPPED: u8 = 96;
        let v4 = match network {
            IpNet::V6(v6) if v6.prefix_len() >= MAPPED => mapped(v6.addr(), v6.prefix_len() - MAPPED),
            IpNet::V6(_) | IpNet::V4(_) => None,
        };
        Self::Network(v4.unwrap_or(network))
    }
}

fn mapped(address: Ipv6Addr, prefix: u8) -> Option<IpNet> {
    IpNet::new(address.to_ipv4_mapped()?.into(), prefix).ok()
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Network(network) => network.fmt(f),
        }
    }
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || {
            let shown = shown(text);
            format!("`{shown}` is not an address; accepted: {}", Self::ACCEPTED)
        };
        if text.contains('/') {
            text.parse::<IpNet>().map(Self::from).map_err(|_| refused())
        } else {
            text.parse::<IpAddr>().map(Self::from).map_err(|_| refused())
        }
    }
}

impl TryFrom<String> for Subject {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_address_is_one_subject() {
        for (spelling, canonical) in [
            ("192.0.2.11", "192.0.2.11"),
            ("2001:DB8:0:0::11", "2001:db8::11"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("10.0.0.1/24", "10.0.0.1/24"),
            ("2001:DB8::/32", "2001:db8::/32"),
            ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ] {
            let subject: Subject = spelling.parse().unwrap();
            assert_eq!(subject.to_string(), canonical);
            let json = serde_json::to_string(&subject).unwrap();
            assert_eq!(serde_json::from_str::<Subject>(&json).unwrap(), subject);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_what_is_accepted() {
        for text in [
            "",
            "10.0.0",
            "10.0.0.256",
            "010.0.0.1",
            "10.0.0.0/33",
            "10.0.0.0/",
            "fe80::1%eth0",
            "host",
            " 10.0.0.1",
        ] {
            let message = text.parse::<Subject>().unwrap_err();
            assert!(message.contains("accepted: an IPv4 or IPv6 address"), "{message}");
        }
        assert!(
            !"\u{202e}\u{1b}[0m"
                .parse::<Subject>()
                .unwrap_err()
                .contains('\u{1b}')
        );
    }
}
