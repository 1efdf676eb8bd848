//! Ethernet frames by which addresses are announced and asked for: ARP (RFC 826, probes and
//! announcements by RFC 5227) and neighbour discovery (RFC 4861). Pure bytes in and out.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Ethernet type of ARP.
pub const ETHERTYPE_ARP: u16 = 0x0806;
/// Ethernet type of IPv6.
pub const ETHERTYPE_IPV6: u16 = 0x86dd;

const BROADCAST: Mac = Mac([0xff; 6]);
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const ICMPV6: u8 = 58;
const NEIGHBOUR_SOLICITATION: u8 = 135;
const NEIGHBOUR_ADVERTISEMENT: u8 = 136;
/// The flag by which an advertisement replaces what a neighbour has cached.
const OVERRIDE: [u8; 4] = [0x20, 0, 0, 0];
const TARGET_LINK_LAYER_ADDRESS: u8 = 2;
/// Lengths of the headers, bytes.
const ETHERNET: usize = 14;
const IPV6: usize = 40;

/// An Ethernet address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, byte) in self.0.iter().enumerate() {
            let colon = if place == 0 { "" } else { ":" };
            write!(f, "{colon}{byte:02x}")?;
        }
        Ok(())
    }
}

/// Frames that tell every neighbour at once that `address` is at `mac` now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement(Vec<Vec<u8>>);

impl Announcement {
    /// For IPv4 both forms of gratuitous ARP, because some equipment heeds only one; for IPv6 an
    /// unsolicited advertisement with the override flag.
    pub fn of(address: IpAddr, mac: Mac) -> Self {
        Self(match address {
            IpAddr::V4(v4) => vec![
                arp(1, mac, v4, Mac([0; 6]), v4, BROADCAST),
                arp(2, mac, v4, mac, v4, BROADCAST),
            ],
            IpAddr::V6(v6) => vec![advertisement(v6, mac)],
        })
    }

    /// The frames in order.
    pub fn frames(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice)
    }
}

/// A question who holds `address`, asked without claiming it: the sender's protocol address is empty.
pub fn question(address: IpAddr, from: Mac) -> Vec<u8> {
    match address {
        IpAddr::V4(v4) => arp(1, from, Ipv4Addr::UNSPECIFIED, Mac([0; 6]), v4, BROADCAST),
        IpAddr::V6(v6) => solicitation(v6, from),
    }
}

/// The address that a frame's sender claims, and the sender: of an ARP reply, announcement or request,
/// or of a neighbour advertisement.
pub fn claim(frame: &[u8]) -> Option<(IpAddr, Mac)> {
    let ethertype = u16::from_be_bytes(array(frame, 12)?);
    let payload = frame.get(ETHERNET..)?;
    match ethertype {
        ETHERTYPE_ARP => {
            // Ethernet and IPv4 with their address lengths.
            if payload.get(..6)? != [0, 1, 8, 0, 6, 4] {
                return None;
            }
            let address = Ipv4Addr::from(array::<4>(payload, 14)?);
            (!address.is_unspecified()).then_some((address.into(), Mac(array(payload, 8)?)))
        }
        ETHERTYPE_IPV6 => {
            let icmp = payload.get(IPV6..)?;
            if payload.get(6) != Some(&ICMPV6) || icmp.first() != Some(&NEIGHBOUR_ADVERTISEMENT) {
                return None;
            }
            let target = Ipv6Addr::from(array::<16>(icmp, 8)?);
            let mac = array::<6>(icmp, 26).filter(|_| icmp.get(24) == Some(&TARGET_LINK_LAYER_ADDRESS));
            Some((target.into(), Mac(mac.or_else(|| array(frame, 6))?)))
        }
        _ => None,
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

fn ethernet(to: Mac, from: Mac, ethertype: u16, payload: &[u8]) -> Vec<u8> {
    [&to.0[..], &from.0, &ethertype.to_be_bytes(), payload].concat()
}

fn arp(
    operation: u8,
    sender: Mac,
    sender_ip: Ipv4Addr,
    target: Mac,
    target_ip: Ipv4Addr,
    to: Mac,
) -> Vec<u8> {
    let body = [
        &[0, 1, 8, 0, 6, 4, 0, operation][..],
        &sender.0,
        &sender_ip.octets(),
        &target.0,
        &target_ip.octets(),
    ]
    .concat();
    ethernet(to, sender, ETHERTYPE_ARP, &body)
}

fn advertisement(address: Ipv6Addr, mac: Mac) -> Vec<u8> {
    let option = [&[TARGET_LINK_LAYER_ADDRESS, 1][..], &mac.0].concat();
    let body = [&OVERRIDE[..], &address.octets(), &option].concat();
    icmpv6(NEIGHBOUR_ADVERTISEMENT, &body, address, ALL_NODES, mac)
}

/// As duplicate address detection asks: from `::`, to the address's solicited-node group.
fn solicitation(address: Ipv6Addr, from: Mac) -> Vec<u8> {
    let [.., a, b, c] = address.octets();
    let group = Ipv6Addr::new(
        0xff02,
        0,
        0,
        0,
        0,
        1,
        0xff00 | u16::from(a),
        u16::from_be_bytes([b, c]),
    );
    let body = [&[0; 4][..], &address.octets()].concat();
    icmpv6(NEIGHBOUR_SOLICITATION, &body, Ipv6Addr::UNSPECIFIED, group, from)
}

/// An ICMPv6 message with the hop limit of 255 that neighbour discovery demands.
fn icmpv6(kind: u8, body: &[u8], source: Ipv6Addr, group: Ipv6Addr, from: Mac) -> Vec<u8> {
    let mut message = [&[kind, 0, 0, 0][..], body].concat();
    let length = u16::try_from(message.len()).unwrap_or(u16::MAX).to_be_bytes();
    let pseudo = [
        &source.octets()[..],
        &group.octets(),
        &[0, 0],
        &length,
        &[0, 0, 0, ICMPV6],
    ]
    .concat();
    let sum = checksum(&[&pseudo[..], &message].concat());
    message[2..4].copy_from_slice(&sum.to_be_bytes());
    let header = [
        &[0x60, 0, 0, 0][..],
        &length,
        &[ICMPV6, 255],
        &source.octets(),
        &group.octets(),
    ]
    .concat();
    let [.., a, b, c, d] = group.octets();
    ethernet(
        Mac([0x33, 0x33, a, b, c, d]),
        from,
        ETHERTYPE_IPV6,
        &[header, message].concat(),
    )
}

/// The Internet checksum of RFC 1071 over an even number of bytes.
pub fn checksum(bytes: &[u8]) -> u16 {
    let mut sum: u32 = bytes
        .chunks(2)
        .map(|pair| u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)])))
        .sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: Mac = Mac([2, 0, 0, 0, 0, 0x2a]);

    #[test]
    fn an_announcement_claims_the_address_in_every_frame() {
        for address in ["10.0.0.100", "fd00::100"] {
            let address: IpAddr = address.parse().unwrap();
            let announcement = Announcement::of(address, MAC);
            for frame in announcement.frames() {
                assert_eq!(claim(frame), Some((address, MAC)));
            }
        }
        assert_eq!(
            Announcement::of("10.0.0.1".parse().unwrap(), MAC)
                .frames()
                .count(),
            2
        );
    }

    #[test]
    fn a_question_claims_nothing() {
        assert_eq!(claim(&question("10.0.0.100".parse().unwrap(), MAC)), None);
        assert_eq!(claim(&question("fd00::100".parse().unwrap(), MAC)), None);
    }

    #[test]
    fn an_arp_question_is_as_rfc_5227_draws_it() {
        let frame = question("10.0.0.100".parse().unwrap(), MAC);
        assert_eq!(&frame[..6], &[0xff; 6]);
        assert_eq!(&frame[20..22], &[0, 1], "operation: request");
        assert_eq!(&frame[28..32], &[0; 4], "sender address: empty");
        assert_eq!(&frame[38..42], &[10, 0, 0, 100]);
    }

    #[test]
    fn neighbour_discovery_has_hop_limit_255_the_right_group_and_a_valid_checksum() {
        let frame = question("fd00::12:3456".parse().unwrap(), MAC);
        assert_eq!(&frame[..6], &[0x33, 0x33, 0xff, 0x12, 0x34, 0x56]);
        assert_eq!(frame[21], 255);
        let (addresses, message) = (&frame[22..54], &frame[54..]);
        let pseudo = [addresses, &[0, 0, 0, 24, 0, 0, 0, 58], message].concat();
        assert_eq!(checksum(&pseudo), 0, "a checksum over itself is zero");
        let advert = Announcement::of("fd00::1".parse().unwrap(), MAC);
        let frame = advert.frames().next().unwrap();
        assert_eq!(frame[58] & 0x20, 0x20, "override flag");
    }

    #[test]
    fn shortened_frames_claim_nothing() {
        for address in ["10.0.0.100", "fd00::100"] {
            let announcement = Announcement::of(address.parse().unwrap(), MAC);
            let frame = announcement.frames().next().unwrap();
            let needed = if frame[12] == 8 { 42 } else { 78 };
            for length in 0..needed.min(28) {
                assert_eq!(claim(&frame[..length]), None);
            }
        }
    }
}
