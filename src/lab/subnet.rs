//! Chooses a lab's networks: the first numbered candidate that nothing on the host uses.

use crate::error::{Error, Result};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Labs that fit: 10.77.x to 10.176.x.
const CANDIDATES: u8 = 100;
/// Second octet of the first candidate.
const FIRST: u8 = 77;
/// Host parts: the host itself (control address), the third host, and the virtual address. The pair
/// has .11 and .12.
const HOST: u8 = 1;
const VIP: u8 = 100;

/// The networks of the lab with this number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Subnet {
    index: u8,
}

impl Subnet {
    /// All candidates in order.
    pub fn candidates() -> impl Iterator<Item = Self> {
        (0..CANDIDATES).map(|index| Self { index })
    }

    /// A number unique to the lab on this host, for interface names.
    pub fn number(self) -> u8 {
        self.index + 1
    }

    /// IPv4 of the SIP network.
    pub fn v4(self) -> Ipv4Net {
        Ipv4Net::new_assert(Ipv4Addr::new(10, FIRST + self.index, 0, 0), 24)
    }

    /// IPv6 of the SIP network.
    pub fn v6(self) -> Ipv6Net {
        Ipv6Net::new_assert(self.v6_address(0, 0), 64)
    }

    /// The host's end: gateway and control address.
    pub fn host_v4(self) -> Ipv4Addr {
        self.v4_address(0, HOST)
    }

    /// The host's end in IPv6.
    pub fn host_v6(self) -> Ipv6Addr {
        self.v6_address(0, HOST)
    }

    /// The virtual address; no node has it at first.
    pub fn vip_v4(self) -> Ipv4Addr {
        self.v4_address(0, VIP)
    }

    /// The virtual IPv6 address.
    pub fn vip_v6(self) -> Ipv6Addr {
        self.v6_address(0, VIP)
    }

    /// A host's IPv4 address: `link` 0 is the SIP network, 1 the duplication link.
    pub fn v4_address(self, link: u8, host: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, FIRST + self.index, link, host)
    }

    /// A host's IPv6 address. The host part is written in decimal digits, as in the IPv4 address.
    pub fn v6_address(self, link: u8, host: u8) -> Ipv6Addr {
        let host = u16::from(host);
        let digits = ((host / 100) << 8) | ((host / 10 % 10) << 4) | (host % 10);
        Ipv6Addr::new(
            0xfd77,
            u16::from(self.number()),
            u16::from(link),
            0,
            0,
            0,
            0,
            digits,
        )
    }

    /// True when any of `used` overlaps a network of this lab.
    fn overlaps(self, used: &[IpNet]) -> bool {
        let v4 = Ipv4Net::new_assert(self.v4().addr(), 16);
        let v6 = Ipv6Net::new_assert(self.v6().addr(), 32);
        used.iter().any(|net| match net {
            IpNet::V4(net) => net.contains(&v4) || v4.contains(net),
            IpNet::V6(net) => net.contains(&v6) || v6.contains(net),
        })
    }
}

/// The candidates that nothing in `routes` overlaps, best first.
///
/// A route to a wider private network, such as 10.0.0.0/8 of a VPN, covers every candidate; a lab
/// inside it is still harmless as it is a /24 that only this host sees, so those come last.
pub fn free(routes: &[IpNet]) -> Result<Vec<Subnet>> {
    let narrow: Vec<_> = routes
        .iter()
        .copied()
        .filter(|net| net.prefix_len() >= 16)
        .collect();
    let (clear, covered): (Vec<_>, Vec<_>) = Subnet::candidates()
        .filter(|s| !s.overlaps(&narrow))
        .partition(|s| !s.overlaps(routes));
    let all: Vec<_> = clear.into_iter().chain(covered).collect();
    if all.is_empty() {
        return Err(Error::refused(
            "lab_subnet",
            "no free network for a lab: 10.77.0.0 to 10.176.0.0 are in use",
        )
        .hint("stop a lab with `pairadm lab down --name NAME`"));
    }
    Ok(all)
}

/// The networks in the output of `ip -json route`, without default routes.
pub fn routes(json: &str) -> Vec<IpNet> {
    let entries: Vec<serde_json::Value> = serde_json::from_str(json).unwrap_or_default();
    entries
        .iter()
        .filter_map(|entry| entry.get("dst")?.as_str())
        .filter_map(|dst| {
            dst.parse()
                .ok()
                .or_else(|| dst.parse::<IpAddr>().ok().map(IpNet::from))
        })
        .filter(|net: &IpNet| net.prefix_len() > 0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_in_use_is_passed_over() {
        let used =
            routes(r#"[{"dst":"default"},{"dst":"10.77.0.0/24"},{"dst":"fd77:2::/64"},{"dst":"192.0.2.7"}]"#);
        assert_eq!(used.len(), 3);
        assert_eq!(free(&used).unwrap()[0].v4().to_string(), "10.79.0.0/24");
    }

    #[test]
    fn a_wide_route_does_not_leave_us_without_a_lab() {
        let used = ["10.0.0.0/8".parse().unwrap(), "10.77.0.0/16".parse().unwrap()];
        assert_eq!(free(&used).unwrap()[0].v4().to_string(), "10.78.0.0/24");
    }

    #[test]
    fn addresses_read_alike_in_both_families() {
        let subnet = Subnet { index: 0 };
        assert_eq!(subnet.v4_address(1, 12).to_string(), "10.77.1.12");
        assert_eq!(subnet.v6_address(1, 12).to_string(), "fd77:1:1::12");
        assert_eq!(subnet.vip_v6().to_string(), "fd77:1::100");
        assert_eq!(subnet.v6().to_string(), "fd77:1::/64");
    }
}
