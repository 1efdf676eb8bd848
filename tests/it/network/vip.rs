//! Moving addresses: what is on the interface, and what the neighbours believe.

use super::{V4, V6, inside, vips};
use crate::support::wire::Wire;
use pairadm::agent::traffic::Gate;
use pairadm::agent::vip;
use pairadm::model::{BlockStyle, Traffic};
use pairadm::plan::Change;
use std::time::{Duration, Instant};

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(120)
}

fn addresses(wire: &Wire) -> String {
    wire.on("alpha", "ip -o address show dev eth0 scope global")
}

/// What the caller believes of `address`, as soon as it believes `mac`, or after some time in which nobody asks anew.
fn believes(wire: &Wire, address: &str, mac: &str) -> String {
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let belief = wire.on("caller", &format!("ip neighbour show {address} dev eth0"));
        if belief.contains(mac) || Instant::now() > until {
            return belief;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn neighbours_that_knew_the_old_holder_know_the_new_one_at_once() {
    inside(
        "network::vip::neighbours_that_knew_the_old_holder_know_the_new_one_at_once",
        |wire| {
            for address in [V4, V6] {
                let bits = if address == V4 { "32" } else { "128 nodad" };
                wire.on("beta", &format!("ip address add {address}/{bits} dev eth0"));
                wire.ping("caller", address);
                assert!(believes(wire, address, Wire::mac("beta")).contains(Wire::mac("beta")));
                wire.on(
                    "beta",
                    &format!(
                        "ip address delete {}/{} dev eth0",
                        address,
                        &bits[..bits.len().min(3)]
                    ),
                );
            }
            let report = vip::acquire(&vips()).unwrap();
            assert!(
                report.changed && report.detail.contains("announced"),
                "{report:?}"
            );
            for address in [V4, V6] {
                let belief = believes(wire, address, Wire::mac("alpha"));
                assert!(belief.contains(Wire::mac("alpha")), "{address}: {belief}");
                wire.ping("caller", address);
            }
        },
    );
}

#[test]
fn a_vip_is_a_host_route_usable_at_once_and_never_a_source() {
    inside(
        "network::vip::a_vip_is_a_host_route_usable_at_once_and_never_a_source",
        |wire| {
            vip::acquire(&vips()).unwrap();
            let shown = addresses(wire);
            assert!(shown.contains("inet 10.99.0.100/32"), "{shown}");
            assert!(shown.contains("inet6 fd99::100/128"), "{shown}");
            assert!(
                !shown.contains("tentative") && !shown.contains("dadfailed"),
                "{shown}"
            );
            for target in [Wire::v4("caller"), Wire::v6("caller")] {
                let route = wire.on("alpha", &format!("ip route get {target}"));
                let source = if target.contains(':') {
                    Wire::v6("alpha")
                } else {
                    Wire::v4("alpha")
                };
                assert!(route.contains(&format!("src {source} ")), "{route}");
            }
            assert!(
                !vip::acquire(&vips()).unwrap().changed,
                "the second time changes nothing"
            );
            vip::present(&vips()).unwrap();
            assert_eq!(vip::absent(&vips()).unwrap_err().code, "vip_not_verified");
        },
    );
}

#[test]
fn a_release_blocks_first_and_takes_the_address_off_wherever_it_is() {
    inside(
        "network::vip::a_release_blocks_first_and_takes_the_address_off_wherever_it_is",
        |wire| {
            vip::acquire(&vips()).unwrap();
            wire.on("alpha", "ip address add 10.99.0.100/32 dev lo");
            let block = Change {
                traffic: Traffic::Blocked,
                ports: vec!["udp/5060".parse().unwrap()],
                style: BlockStyle::Drop,
                exempt: Vec::new(),
            };
            let mut gate = Gate::default();
            gate.arm(&block, soon()).unwrap();
            let report = vip::release(&mut gate, &vips(), Some(&block), soon()).unwrap();
            assert!(
                report.changed && report.detail.contains("blocked") && report.detail.contains("absent"),
                "{report:?}"
            );
            assert!(
                wire.on("alpha", "iptables -t raw -S PAIRADM")
                    .contains("--dport 5060 -j DROP")
            );
            let shown = wire.on("alpha", "ip -o address show");
            assert!(!shown.contains(V4) && !shown.contains(V6), "{shown}");
            assert!(
                shown.contains(&Wire::v4("alpha")),
                "the node keeps its own address: {shown}"
            );
            assert!(
                !vip::release(&mut gate, &vips(), Some(&block), soon())
                    .unwrap()
                    .changed
            );
            vip::absent(&vips()).unwrap();
            assert_eq!(vip::present(&vips()).unwrap_err().code, "vip_not_verified");
        },
    );
}

#[test]
fn an_address_is_not_released_when_the_block_cannot_be_verified() {
    inside(
        "network::vip::an_address_is_not_released_when_the_block_cannot_be_verified",
        |_| {
            vip::acquire(&vips()).unwrap();
            let nothing_to_block = Change {
                traffic: Traffic::Blocked,
                ports: Vec::new(),
                style: BlockStyle::Drop,
                exempt: Vec::new(),
            };
            vip::release(&mut Gate::default(), &vips(), Some(&nothing_to_block), soon()).unwrap_err();
            vip::present(&vips()).unwrap();
        },
    );
}

#[test]
fn an_interface_that_is_not_there_is_named_and_nothing_is_added() {
    inside(
        "network::vip::an_interface_that_is_not_there_is_named_and_nothing_is_added",
        |wire| {
            let mut places = vips();
            places[1].interface = "eth7".to_owned();
            let error = vip::acquire(&places).unwrap_err();
            assert_eq!(
                (error.code.as_str(), error.subject.as_deref()),
                ("no_interface", Some("eth7"))
            );
            assert!(!addresses(wire).contains(V4));
        },
    );
}

#[test]
fn only_an_address_that_is_here_is_announced() {
    inside("network::vip::only_an_address_that_is_here_is_announced", |_| {
        assert_eq!(vip::announce(&vips()).unwrap_err().code, "vip_not_verified");
        vip::acquire(&vips()).unwrap();
        vip::announce(&vips()).unwrap();
    });
}

/// A takeover back within a second: the first holder's repeated announcement must not undo the second's.
#[test]
fn an_address_that_moved_on_is_not_announced_again() {
    inside(
        "network::vip::an_address_that_moved_on_is_not_announced_again",
        |wire| {
            vip::acquire(&vips()).unwrap();
            for address in [V4, V6] {
                wire.ping("caller", address);
            }
            vip::release(&mut Gate::default(), &vips(), None, soon()).unwrap();
            wire.within("beta", || vip::acquire(&vips()).unwrap());
            let until = Instant::now() + Duration::from_millis(1300);
            while Instant::now() < until {
                for address in [V4, V6] {
                    let belief = wire.on("caller", &format!("ip neighbour show {address} dev eth0"));
                    assert!(!belief.contains(Wire::mac("alpha")), "{address}: {belief}");
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        },
    );
}
