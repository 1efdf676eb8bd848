//! A packet socket on one Ethernet interface: sends and receives whole frames.

use super::frame::Mac;
use crate::error::{Error, Result};
use nix::sys::socket::{LinkAddr, SockaddrStorage};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{AddressFamily, Protocol, RecvFlags, SendFlags, SocketFlags, SocketType};
use std::num::NonZeroU32;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Instant;

/// The longest frame that is looked at, bytes; ARP and neighbour discovery are far shorter.
const LONGEST: usize = 2048;

/// A bound packet socket.
///
/// Closing one waits for the kernel's grace period (some 10 ms), so [`PacketSocket::dismiss`] it where
/// time counts.
#[derive(Debug)]
pub struct PacketSocket {
    fd: OwnedFd,
    mac: Mac,
}

/// The link address of an Ethernet interface.
pub fn link(interface: &str) -> Result<LinkAddr> {
    let missing = || {
        Error::refused(
            "no_interface",
            format!("there is no Ethernet interface `{interface}`"),
        )
    };
    nix::ifaddrs::getifaddrs()
        .map_err(|error| missing().because(error))?
        .filter(|entry| entry.interface_name == interface)
        .find_map(|entry| {
            entry
                .address
                .as_ref()
                .and_then(SockaddrStorage::as_link_addr)
                .copied()
        })
        .ok_or_else(missing)
}

impl PacketSocket {
    /// A socket that only sends: it is bound without the grace period that a listener costs.
    pub fn sender(interface: &str) -> Result<Self> {
        Self::open(interface, None)
    }

    /// A socket that receives frames of one Ethernet type as well.
    pub fn listener(interface: &str, ethertype: u16) -> Result<Self> {
        let socket = Self::open(interface, NonZeroU32::new(u32::from(ethertype.to_be())))?;
        // Between creation and binding it heard every interface.
        let mut frame = [0; LONGEST];
        while rustix::net::recv(&socket.fd, &mut frame, RecvFlags::DONTWAIT).is_ok() {}
        Ok(socket)
    }

    fn open(interface: &str, protocol: Option<NonZeroU32>) -> Result<Self> {
        let address = link(interface)?;
        let fault = |error: &dyn std::fmt::Display| {
            let message = format!("no packet socket on `{interface}`");
            Error::refused("no_packet_socket", message).because(error)
        };
        let fd = rustix::net::socket_with(
            AddressFamily::PACKET,
            SocketType::RAW,
            SocketFlags::CLOEXEC,
            protocol.map(Protocol::from_raw),
        )
        .map_err(|error| fault(&error))?;
        nix::sys::socket::bind(fd.as_raw_fd(), &address).map_err(|error| fault(&error))?;
        let mac = Mac(address.addr().unwrap_or_default());
        Ok(Self { fd, mac })
    }

    /// The interface's own address.
    pub fn mac(&self) -> Mac {
        self.mac
    }

    /// Sends one frame.
    pub fn send(&self, frame: &[u8]) -> Result<()> {
        rustix::net::send(&self.fd, frame, SendFlags::empty())
            .map(|_| ())
            .map_err(|error| Error::incomplete("frame_not_sent", "a frame could not be sent").because(error))
    }

    /// The next frame; `None` when none came until `deadline`.
    pub fn receive(&self, deadline: Instant) -> Result<Option<Vec<u8>>> {
        let fault =
            |error| Error::unknown("frame_not_received", "frames could not be received").because(error);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let timeout = Timespec::try_from(left).map_err(fault_of_clock)?;
            match poll(&mut [PollFd::new(&self.fd, PollFlags::IN)], Some(&timeout)) {
                Ok(0) => return Ok(None),
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(fault(error)),
            }
            let mut frame = vec![0; LONGEST];
            match rustix::net::recv(&self.fd, &mut frame, RecvFlags::DONTWAIT) {
                Ok((length, _)) => {
                    frame.truncate(length);
                    return Ok(Some(frame));
                }
                Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => {}
                Err(error) => return Err(fault(error)),
            }
        }
    }

    /// Closes it in the background.
    pub fn dismiss(self) {
        std::thread::spawn(move || drop(self));
    }
}

fn fault_of_clock(error: impl std::fmt::Display) -> Error {
    Error::bug("a time-out is out of range").because(error)
}
