//! Measures from the controller how long the VIPs are dark while they move.

use crate::agent::watch::Watch as Watcher;
use crate::config::Profile;
use crate::model::Pair;
use std::net::{IpAddr, SocketAddr};

/// Requests a second: the gap is known to a millisecond, and a small server still idles.
const HZ: u32 = 1000;

/// Watchers at every VIP.
pub struct Watch(Vec<(IpAddr, Watcher)>);

impl Watch {
    /// Starts watching; `None` when the service does not answer OPTIONS or nothing can be watched
    /// from here: a measurement that fails must not stop a takeover.
    pub fn start(pair: &Pair, profile: &Profile) -> Option<Self> {
        let port = profile.sip_port?;
        let watch = |vip: &crate::model::Vip| {
            let target = SocketAddr::new(vip.address, port);
            Some((vip.address, Watcher::start(target, HZ).ok()?))
        };
        let watchers: Vec<_> = pair.vips.iter().filter_map(watch).collect();
        (!watchers.is_empty()).then_some(Self(watchers))
    }

    /// Stops, and tells the longest darkness in microseconds of each VIP that answered at all.
    pub fn stop(self) -> Vec<(IpAddr, u64)> {
        let seen = self
            .0
            .into_iter()
            .map(|(vip, watcher)| (vip, watcher.stop().unwrap_or_default()));
        let answered = seen.filter(|(_, seen)| seen.answered > 0);
        answered
            .map(|(vip, seen)| (vip, u64::try_from(seen.dark.as_micros()).unwrap_or(u64::MAX)))
            .collect()
    }
}
