//! The third host: asks for SIP OPTIONS at the virtual address and tells the longest silence.

use crate::mover::Mover;
use pairadm::agent::watch::Watch;
use pairadm::lab::Lab;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::fs::File;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::time::Duration;

/// Requests a second.
const HZ: u32 = 1000;

/// Answers before the move, and after what the mover calls its end.
const AROUND: Duration = Duration::from_millis(200);

/// How long answers may stay away before it counts as an outage that does not end.
const LONGEST: Duration = Duration::from_secs(60);

/// Which of the two virtual addresses is probed.
#[derive(Debug, Clone, Copy)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// For the table.
    pub const fn label(self) -> &'static str {
        match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        }
    }

    fn target(self, lab: &Lab) -> SocketAddr {
        match self {
            Self::V4 => (lab.vip_v4, 5060).into(),
            Self::V6 => (lab.vip_v6, 5060).into(),
        }
    }
}

/// The longest silence around one move.
pub fn dark(lab: &Lab, family: Family, mover: &mut dyn Mover) -> Duration {
    let target = family.target(lab);
    let namespace = File::open(format!("/run/netns/{}", lab.namespace(Lab::THIRD))).expect("the third host");
    // A socket stays where the thread was that made it.
    let watch = std::thread::scope(|scope| {
        let started = scope.spawn(|| {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            Watch::start(target, HZ).expect("the watch starts")
        });
        started.join().unwrap()
    });
    std::thread::sleep(AROUND);
    mover.take_over();
    std::thread::sleep(AROUND);
    let seen = watch.stop().expect("the watch ends");
    assert!(
        seen.answered > 0 && seen.dark < LONGEST,
        "no answers at {target}: {seen:?}"
    );
    seen.dark
}
