//! Asking from outside: does the SIP service answer, is an address reachable, who holds it on the
//! network. Every probe has a deadline and changes nothing.

mod frame;
mod neighbour;
mod packet;
mod patience;
mod ping;
mod sip;

pub use frame::{Announcement, ETHERTYPE_ARP, ETHERTYPE_IPV6, Mac};
pub use neighbour::{PROBE_TRIES, PROBE_WAIT, only_held_by, who_has};
pub use packet::{PacketSocket, link};
pub use ping::ping;
pub use sip::{Options, options};
