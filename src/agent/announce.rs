//! Tells the neighbours that addresses are at this node now: natively, because `arping` takes a second
//! to return and without an announcement calls go astray for half a minute.

use crate::error::Result;
use crate::plan::VipPlace;
use crate::probe::{Announcement, PacketSocket};
use std::time::Duration;

/// Announcements may get lost, and switches may be learning: the first goes out at once, these follow
/// from the background.
const AGAIN: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(900)];

/// Ready frames and the socket they leave by.
struct Herald {
    socket: PacketSocket,
    announcements: Vec<Announcement>,
}

impl Herald {
    fn speak(&self) -> Result<()> {
        for announcement in &self.announcements {
            for frame in announcement.frames() {
                self.socket.send(frame)?;
            }
        }
        Ok(())
    }
}

/// Announces `vips` at once, and twice more while the caller goes on.
pub fn announce(vips: &[VipPlace]) -> Result<()> {
    let mut interfaces: Vec<&str> = vips.iter().map(|vip| vip.interface.as_str()).collect();
    interfaces.sort_unstable();
    interfaces.dedup();
    let mut heralds = Vec::new();
    for interface in interfaces {
        let socket = PacketSocket::sender(interface)?;
        let on_it = vips.iter().filter(|vip| vip.interface == interface);
        let announcements = on_it
            .map(|vip| Announcement::of(vip.address, socket.mac()))
            .collect();
        let herald = Herald {
            socket,
            announcements,
        };
        herald.speak()?;
        heralds.push(herald);
    }
    std::thread::spawn(move || {
        for pause in AGAIN {
            std::thread::sleep(pause);
            // The first announcement went out; a repetition that fails leaves it standing.
            let _ = heralds.iter().try_for_each(Herald::speak);
        }
    });
    Ok(())
}
