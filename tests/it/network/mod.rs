//! What an agent does to the kernel's network, proved from the hosts around it.

mod probe;
mod traffic;
mod vip;

use crate::support::wire::{Backend, Wire, with_backend};
use pairadm::plan::VipPlace;

/// The pair's VIPs on the wire of these tests.
const V4: &str = "10.99.0.100";
const V6: &str = "fd99::100";

/// Runs `body` where no rules of others are.
fn inside(test: &str, body: impl Fn(&Wire)) {
    with_backend(test, Backend::Nft, body);
}

/// Both on the interface that carries them on either node.
fn vips() -> Vec<VipPlace> {
    let place = |address: &str| VipPlace {
        address: address.parse().unwrap(),
        interface: "eth0".to_owned(),
    };
    vec![place(V4), place(V6)]
}
