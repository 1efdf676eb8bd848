//! One ICMP or ICMPv6 echo: is an address reachable, and how far away is it.

use super::frame::checksum;
use super::patience::{Patience, Try};
use crate::error::{Error, Result};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, ipproto, sockopt};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

const ECHO_REQUEST_V4: u8 = 8;
const ECHO_REPLY_V4: u8 = 0;
const ECHO_REQUEST_V6: u8 = 128;
const ECHO_REPLY_V6: u8 = 129;

/// An echo that got lost is sent again after this long.
const AGAIN: Duration = Duration::from_millis(200);

/// Tells the echoes of one process apart.
static SEQUENCE: AtomicU16 = AtomicU16::new(1);

/// Round-trip time to `target`; `None` when nothing came back within `timeout`. Needs a raw socket.
pub fn ping(target: IpAddr, timeout: Duration) -> Result<Option<Duration>> {
    let mut patience = Patience::of(timeout);
    let fault = |error: rustix::io::Errno| {
        Error::unknown("ping_failed", format!("{target} cannot be asked for an echo")).because(error)
    };
    let socket = open(target).map_err(fault)?;
    let to = SocketAddr::new(target, 0);
    let [first, second] = SEQUENCE.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let [.., third, fourth] = std::process::id().to_be_bytes();
    let label = [third, fourth, first, second];
    while let Some(mut tried) = patience.next(AGAIN) {
        let sent = Instant::now();
        match rustix::net::sendto(&socket, &request(target, label), SendFlags::empty(), &to) {
            Ok(_) => {}
            // No route or no link: the address is not reachable, which is an answer.
            Err(
                rustix::io::Errno::NETUNREACH | rustix::io::Errno::HOSTUNREACH | rustix::io::Errno::NETDOWN,
            ) => {
                return Ok(None);
            }
            Err(error) => return Err(fault(error)),
        }
        if await_reply(&socket, target, label, &mut tried).map_err(fault)? {
            return Ok(Some(sent.elapsed()));
        }
        patience.in_vain(&tried);
    }
    Ok(None)
}

fn open(target: IpAddr) -> rustix::io::Result<OwnedFd> {
    let (family, protocol) = match target {
        IpAddr::V4(_) => (AddressFamily::INET, ipproto::ICMP),
        IpAddr::V6(_) => (AddressFamily::INET6, ipproto::ICMPV6),
    };
    rustix::net::socket_with(family, SocketType::RAW, SocketFlags::CLOEXEC, Some(protocol))
}

/// The kernel fills in the checksum of ICMPv6 itself.
fn request(target: IpAddr, label: [u8; 4]) -> [u8; 8] {
    let [a, b, c, d] = label;
    let kind = if target.is_ipv4() {
        ECHO_REQUEST_V4
    } else {
        ECHO_REQUEST_V6
    };
    let mut message = [kind, 0, 0, 0, a, b, c, d];
    let sum = checksum(&message).to_be_bytes();
    message[2..4].copy_from_slice(&sum);
    message
}

fn await_reply(
    socket: &OwnedFd,
    target: IpAddr,
    label: [u8; 4],
    tried: &mut Try,
) -> rustix::io::Result<bool> {
    let mut buffer = [0; 512];
    while let Some(left) = tried.left() {
        sockopt::set_socket_timeout(socket, sockopt::Timeout::Recv, Some(left))?;
        match rustix::net::recvfrom(socket, &mut buffer, RecvFlags::empty()) {
            Ok((length, _, from)) => {
                let from = from.and_then(|from| SocketAddr::try_from(from).ok());
                if from.is_some_and(|from| from.ip() == target) && is_reply(&buffer[..length], target, label)
                {
                    return Ok(true);
                }
            }
            Err(rustix::io::Errno::AGAIN) => {
                if tried.is_over() {
                    break;
                }
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(false)
}

/// A raw ICMP socket hands over the IPv4 header too, a raw ICMPv6 socket does not hand over that of IPv6.
fn is_reply(packet: &[u8], target: IpAddr, label: [u8; 4]) -> bool {
    let (message, kind) = match target {
        IpAddr::V4(_) => {
            let header = packet.first().map_or(0, |byte| usize::from(byte & 0x0f) * 4);
            (packet.get(header..), ECHO_REPLY_V4)
        }
        IpAddr::V6(_) => (Some(packet), ECHO_REPLY_V6),
    };
    message.is_some_and(|message| message.first() == Some(&kind) && message.get(4..8) == Some(&label[..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_reply_to_our_own_echo_counts() {
        let v4 = IpAddr::from([10, 0, 0, 1]);
        let mut packet = vec![0x45; 20];
        packet.extend([ECHO_REPLY_V4, 0, 0, 0, 1, 2, 3, 4]);
        assert!(is_reply(&packet, v4, [1, 2, 3, 4]));
        assert!(!is_reply(&packet, v4, [1, 2, 3, 5]));
        assert!(!is_reply(&packet[..24], v4, [1, 2, 3, 4]));
        assert!(!is_reply(&[], v4, [1, 2, 3, 4]));
        let v6: IpAddr = "fd00::1".parse().unwrap();
        assert!(is_reply(&[ECHO_REPLY_V6, 0, 0, 0, 1, 2, 3, 4], v6, [1, 2, 3, 4]));
        assert!(!is_reply(
            &[ECHO_REQUEST_V6, 0, 0, 0, 1, 2, 3, 4],
            v6,
            [1, 2, 3, 4]
        ));
    }

    #[test]
    fn the_checksum_of_a_request_is_valid() {
        assert_eq!(checksum(&request(IpAddr::from([10, 0, 0, 1]), [1, 2, 3, 4])), 0);
    }
}
