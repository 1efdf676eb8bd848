//! Pairs for tests: one to read easily, and a generator of all kinds of valid ones.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

use super::pair_rules::pair_faults;
use crate::model::{
    Addresses, BlockStyle, BySide, Copying, ExtraFile, Node, Pair, Port, Priority, ServerId, SshTarget,
    Standby, Takeover, Vip,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Alpha and beta with one VIP.
pub fn office() -> Pair {
    Pair {
        name: "office".to_owned(),
        profile: "kamailio".to_owned(),
        nodes: BySide {
            primary: node("alpha", 1, "192.0.2.11"),
            secondary: node("beta", 2, "192.0.2.12"),
        },
        vips: vec![Vip {
            address: "192.0.2.10".parse().unwrap(),
            interface: "eth0".to_owned(),
        }],
        ports: Vec::new(),
        block: BlockStyle::Drop,
        takeover: Takeover::Manual,
        priority: Priority::default(),
        ntp: Vec::new(),
        files: Vec::new(),
        standby: Standby::default(),
        encrypted_link: true,
        copying: Copying::default(),
    }
}

/// A node with an IPv4 address only.
pub fn node(name: &str, server_id: u32, v4: &str) -> Node {
    Node {
        hostname: name.parse().unwrap(),
        fqdn: format!("{name}.example.net").parse().unwrap(),
        server_id: ServerId::try_from(server_id).unwrap(),
        address: Addresses {
            v4: Some(v4.parse().unwrap()),
            v6: None,
        },
        duplication: Addresses::default(),
        health_check: Addresses::default(),
        interface: None,
        ssh: SshTarget::default(),
    }
}

/// Any pair that keeps the rules.
pub fn pairs() -> impl Strategy<Value = Pair> {
    let settings = (
        "[a-z][a-z0-9._-]{0,15}",
        prop_oneof![Just(BlockStyle::Drop), Just(BlockStyle::Reject)],
        vec("[a-z]{1,8}\\.example\\.net", 0..3),
        (
            prop_oneof![Just(Standby::Hot), Just(Standby::Warm)],
            any::<bool>(),
            copying(),
            prop_oneof![
                Just(Priority::High),
                Just(Priority::Equal),
                Just(Priority::Ignore)
            ],
        ),
        vec((6000_u16..6100, 0_u16..50).prop_map(port), 0..3),
        vec("/(etc|opt)/[a-z \"'#]{1,8}", 0..3),
    );
    let families = (any::<bool>(), any::<bool>(), any::<bool>());
    let nodes = (
        side(1),
        side(2),
        families,
        vec((any::<bool>(), interface()), 0..4),
    );
    (settings, nodes)
        .prop_map(|(settings, (mut primary, mut secondary, families, vips))| {
            let (both, duplication, checked) = families;
            for node in [&mut primary, &mut secondary] {
                if !both {
                    node.address.v6 = None;
                }
                if !duplication {
                    node.duplication = Addresses::default();
                }
                if !checked {
                    node.health_check = Addresses::default();
                }
            }
            let (name, block, ntp, (standby, encrypted_link, copying, priority), ports, paths) = settings;
            Pair {
                name,
                profile: "generic".to_owned(),
                nodes: BySide { primary, secondary },
                vips: (0_u8..).zip(vips).map(vip).collect(),
                ports,
                block,
                takeover: Takeover::Manual,
                priority,
                ntp,
                files: (0..).zip(paths).map(extra_file).collect(),
                standby,
                encrypted_link,
                copying,
            }
        })
        .prop_filter("keeps the rules", |pair| pair_faults(pair).is_empty())
}

fn copying() -> impl Strategy<Value = Copying> {
    (1_u32..=30, 1_u32..100, option::of(1_u32..1_000_000)).prop_map(|(keep, max_age_h, limit)| Copying {
        keep,
        max_age_h,
        limit,
    })
}

fn side(number: u8) -> impl Strategy<Value = Node> {
    let ssh = (
        option::of("[a-z]{1,5}\\.example"),
        1_u16..5000,
        "[a-z_][a-z0-9-]{0,7}",
        option::of("/root/[a-z]{1,6}"),
        option::of("[A-Za-z0-9+/]{43}"),
    )
        .prop_map(|(host, port, user, identity, digest)| SshTarget {
            host,
            port,
            user,
            identity,
            host_key: digest.map(|digest| format!("ssh-ed25519 SHA256:{digest}")),
        });
    let ssh = prop_oneof![Just(SshTarget::default()), ssh];
    (option::of(interface()), ssh).prop_map(move |(interface, ssh)| Node {
        address: addresses(0, number),
        duplication: addresses(1, number),
        health_check: addresses(2, number),
        interface,
        ssh,
        ..node(&format!("n{number}"), u32::from(number), "192.0.2.1")
    })
}

fn addresses(net: u8, host: u8) -> Addresses {
    Addresses {
        v4: Some([10, 0, net, host].into()),
        v6: Some([0xfd00, u16::from(net), 0, 0, 0, 0, 0, u16::from(host)].into()),
    }
}

fn interface() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9.-]{0,14}"
}

fn port((first, more): (u16, u16)) -> Port {
    format!("udp/{first}-{}", first + more).parse().unwrap()
}

fn vip((number, (v6, interface)): (u8, (bool, String))) -> Vip {
    let address = if v6 {
        [0xfd00, 9, 0, 0, 0, 0, 0, u16::from(number)].into()
    } else {
        [10, 9, 0, number].into()
    };
    Vip { address, interface }
}

fn extra_file((number, path): (usize, String)) -> ExtraFile {
    ExtraFile {
        target: format!("{path}-{number}"),
        source: path,
    }
}
