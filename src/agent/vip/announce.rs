//! Tells the neighbours that addresses are at this node now: natively, because `arping` takes a second
//! to return and without an announcement calls go astray for half a minute.

use super::rtnetlink::Rtnetlink;
use crate::error::Result;
use crate::plan::VipPlace;
use crate::probe::{Announcement, PacketSocket};
use std::net::IpAddr;
use std::time::Duration;

/// Announcements may get lost, and switches may be learning: the first goes out at once, these follow
/// from the background.
const AGAIN: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(900)];

/// Ready frames and the socket they leave by.
struct Herald {
    socket: PacketSocket,
    announcements: Vec<(IpAddr, Announcement)>,
}

impl Herald {
    /// Announces every address for which `here` holds.
    fn speak(&self, here: impl Fn(IpAddr) -> bool) -> Result<()> {
        for (_, announcement) in self.announcements.iter().filter(|(address, _)| here(*address)) {
            for frame in announcement.frames() {
                self.socket.send(frame)?;
            }
        }
        Ok(())
    }
}

/// Announces `vips` at once, and twice more while the caller goes on.
pub(super) fn announce(vips: &[VipPlace]) -> Result<()> {
    let mut interfaces: Vec<&str> = vips.iter().map(|vip| vip.interface.as_str()).collect();
    interfaces.sort_unstable();
    interfaces.dedup();
    let mut heralds = Vec::new();
    for interface in interfaces {
        let socket = PacketSocket::sender(interface)?;
        let on_it = vips.iter().filter(|vip| vip.interface == interface);
        let announcements = on_it
            .map(|vip| (vip.address, Announcement::of(vip.address, socket.mac())))
            .collect();
        let herald = Herald {
            socket,
            announcements,
        };
        herald.speak(|_| true)?;
        heralds.push(herald);
    }
    std::thread::spawn(move || {
        for pause in AGAIN {
            std::thread::sleep(pause);
            repeat(&heralds);
        }
    });
    Ok(())
}

/// Speaks again for what is still here: an address that moved on meanwhile is the next holder's to
/// announce. Faults are passed over, because the first announcement stands.
fn repeat(heralds: &[Herald]) {
    let Ok(carried) = Rtnetlink::open().and_then(|mut kernel| kernel.addresses()) else {
        return;
    };
    let here = |address: IpAddr| carried.iter().any(|entry| entry.address == address);
    for herald in heralds {
        // As above.
        let _ = herald.speak(here);
    }
}
