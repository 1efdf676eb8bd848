//! Blocking and allowing, with both back ends of `iptables` and both families.

use crate::support::wire::{Wire, with_each_backend};
use pairadm::agent::traffic::{self, Gate};
use pairadm::model::{BlockStyle, Traffic};
use pairadm::plan::Change;
use std::io::ErrorKind;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

/// Rules of other people in every table, of the kinds that have let flows past a block before.
const OTHERS: [&str; 6] = [
    "-t raw -A PREROUTING -i eth9 -j ACCEPT",
    "-t raw -A OUTPUT -o eth9 -j ACCEPT",
    "-t mangle -A PREROUTING -i eth9 -j MARK --set-mark 7",
    "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "-A INPUT -p udp --dport 5060 -j ACCEPT",
    "-A FORWARD -j DROP",
];

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(120)
}

fn change(traffic: Traffic) -> Change {
    Change {
        traffic,
        ports: vec!["udp/5060".parse().unwrap(), "tcp/5060-5061".parse().unwrap()],
        style: BlockStyle::Drop,
        exempt: vec![
            Wire::v4("beta").parse().unwrap(),
            Wire::v6("beta").parse().unwrap(),
        ],
    }
}

fn add_rules_of_others(wire: &Wire) {
    for rule in OTHERS {
        wire.on("alpha", &format!("iptables {rule}"));
        wire.on("alpha", &format!("ip6tables {rule}"));
    }
}

/// Every rule of both families, without the counters and times that change by themselves.
fn saved(wire: &Wire) -> Vec<String> {
    let both = wire.on("alpha", "iptables-save") + &wire.on("alpha", "ip6tables-save");
    both.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split(" [").next().unwrap().to_owned())
        .collect()
}

fn without_ours(rules: Vec<String>) -> Vec<String> {
    rules
        .into_iter()
        .filter(|line| !line.contains("PAIRADM"))
        .collect()
}

/// A service on alpha's SIP port that sends back what it gets, for as long as the process lives.
fn echo(address: &str) {
    let socket = UdpSocket::bind((address, 5060)).unwrap();
    std::thread::spawn(move || {
        let mut buffer = [0; 64];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            // A client that is gone by now is no fault.
            let _ = socket.send_to(&buffer[..length], from);
        }
    });
}

/// A flow from `host` to alpha; the same socket is used all along, so that it is established.
struct Flow(UdpSocket);

impl Flow {
    fn open(wire: &Wire, host: &str, v6: bool) -> Self {
        let (from, to) = if v6 {
            (Wire::v6(host), Wire::v6("alpha"))
        } else {
            (Wire::v4(host), Wire::v4("alpha"))
        };
        let socket = wire.within(host, || {
            let socket = UdpSocket::bind((from.as_str(), 0)).unwrap();
            socket.connect((to.as_str(), 5060)).unwrap();
            socket
        });
        Self(socket)
    }

    /// What comes back, which has to be something.
    fn answers(&self) -> Result<(), ErrorKind> {
        self.answers_within(Duration::from_secs(120))
    }

    /// Nothing comes back, for as long as silence is listened to.
    fn is_held_back(&self) -> bool {
        self.answers_within(Duration::from_millis(200)) == Err(ErrorKind::WouldBlock)
    }

    fn answers_within(&self, time: Duration) -> Result<(), ErrorKind> {
        let mut buffer = [0; 64];
        self.0.set_read_timeout(Some(time)).unwrap();
        self.0.send(b"x").map_err(|error| error.kind())?;
        self.0.recv(&mut buffer).map(|_| ()).map_err(|error| error.kind())
    }
}

fn flows(wire: &Wire, host: &str) -> [Flow; 2] {
    [false, true].map(|v6| Flow::open(wire, host, v6))
}

#[test]
fn a_block_stops_established_flows_of_both_families_and_lets_the_peer_pass() {
    with_each_backend(
        "network::traffic::a_block_stops_established_flows_of_both_families_and_lets_the_peer_pass",
        |wire| {
            add_rules_of_others(wire);
            echo(&Wire::v4("alpha"));
            echo(&Wire::v6("alpha"));
            let callers = flows(wire, "caller");
            let peers = flows(wire, "beta");
            let mut gate = Gate::default();
            assert!(callers.iter().chain(&peers).all(|flow| flow.answers().is_ok()));
            assert!(gate.apply(&change(Traffic::Blocked), soon()).unwrap().changed);
            for flow in &callers {
                assert!(flow.is_held_back(), "an established flow still passes");
            }
            assert!(
                peers.iter().all(|flow| flow.answers().is_ok()),
                "the peer's probes must pass"
            );
            assert!(gate.apply(&change(Traffic::Allowed), soon()).unwrap().changed);
            assert!(callers.iter().all(|flow| flow.answers().is_ok()));
        },
    );
}

#[test]
fn rules_of_others_are_the_same_before_and_after() {
    with_each_backend(
        "network::traffic::rules_of_others_are_the_same_before_and_after",
        |wire| {
            add_rules_of_others(wire);
            let before = saved(wire);
            let mut gate = Gate::default();
            let reject = Change {
                style: BlockStyle::Reject,
                ..change(Traffic::Blocked)
            };
            for step in [
                change(Traffic::Blocked),
                change(Traffic::Allowed),
                reject,
                change(Traffic::Blocked),
            ] {
                gate.apply(&step, soon()).unwrap();
                assert_eq!(without_ours(saved(wire)), before, "after {step:?}");
            }
            gate.arm(&change(Traffic::Allowed), soon()).unwrap();
            gate.apply(&change(Traffic::Allowed), soon()).unwrap();
            assert_eq!(without_ours(saved(wire)), before, "after an armed change");
            assert!(traffic::remove(soon()).unwrap().changed);
            assert_eq!(saved(wire), before, "nothing of ours is left");
        },
    );
}

#[test]
fn what_is_as_wanted_is_not_touched_again() {
    with_each_backend(
        "network::traffic::what_is_as_wanted_is_not_touched_again",
        |wire| {
            let mut gate = Gate::default();
            for traffic in [Traffic::Blocked, Traffic::Allowed] {
                assert!(gate.apply(&change(traffic), soon()).unwrap().changed);
                let rules = saved(wire);
                assert!(!gate.apply(&change(traffic), soon()).unwrap().changed);
                gate.arm(&change(traffic), soon()).unwrap();
                assert!(!gate.apply(&change(traffic), soon()).unwrap().changed);
                assert_eq!(saved(wire), rules);
                let facts = traffic::read(soon()).unwrap();
                assert_eq!((facts.v4, facts.v6), (Some(traffic), Some(traffic)));
                assert_eq!(facts.faults, [""; 0]);
            }
        },
    );
}

#[test]
fn an_armed_change_changes_nothing_until_it_is_applied_or_forever_when_it_is_dropped() {
    with_each_backend(
        "network::traffic::an_armed_change_changes_nothing_until_it_is_applied_or_forever_when_it_is_dropped",
        |wire| {
            echo(&Wire::v4("alpha"));
            let caller = Flow::open(wire, "caller", false);
            let mut gate = Gate::default();
            gate.apply(&change(Traffic::Allowed), soon()).unwrap();
            let rules = saved(wire);
            gate.arm(&change(Traffic::Blocked), soon()).unwrap();
            caller.answers().unwrap();
            // Nobody else is kept waiting for a lock meanwhile.
            wire.on("alpha", "iptables -t raw -A OUTPUT -o eth9 -j ACCEPT");
            wire.on("alpha", "iptables -t raw -D OUTPUT -o eth9 -j ACCEPT");
            drop(gate);
            assert_eq!(saved(wire), rules);
            let mut gate = Gate::default();
            gate.arm(&change(Traffic::Blocked), soon()).unwrap();
            assert!(gate.apply(&change(Traffic::Blocked), soon()).unwrap().changed);
            assert!(caller.is_held_back());
        },
    );
}

#[test]
fn an_armed_block_holds_although_rules_changed_after_it_was_armed() {
    with_each_backend(
        "network::traffic::an_armed_block_holds_although_rules_changed_after_it_was_armed",
        |wire| {
            echo(&Wire::v4("alpha"));
            let caller = Flow::open(wire, "caller", false);
            let mut gate = Gate::default();
            gate.arm(&change(Traffic::Blocked), soon()).unwrap();
            wire.on("alpha", "iptables -t raw -F PREROUTING");
            // The jump is gone: the armed transaction alone would block nothing.
            gate.apply(&change(Traffic::Blocked), soon()).unwrap();
            assert!(caller.is_held_back(), "said to be blocked, and is not");
        },
    );
}

#[test]
fn a_chain_that_somebody_displaced_is_noticed_and_put_right() {
    with_each_backend(
        "network::traffic::a_chain_that_somebody_displaced_is_noticed_and_put_right",
        |wire| {
            let blocked = change(Traffic::Blocked);
            let mut gate = Gate::default();
            let damages = [
                ("iptables -t raw -I PREROUTING -p udp -j ACCEPT", "not the first"),
                ("ip6tables -t raw -F PREROUTING", "no jump"),
                ("iptables -t raw -I PAIRADM -j ACCEPT", "did not write"),
                ("ip6tables -t raw -F PAIRADM", "different ports"),
                (
                    "iptables -t raw -A PREROUTING -i eth9 -j PAIRADM",
                    "another rule leads",
                ),
            ];
            for (damage, fault) in damages {
                gate.apply(&blocked, soon()).unwrap();
                traffic::verify(&blocked, soon()).unwrap();
                wire.on("alpha", damage);
                let faults = traffic::read(soon()).unwrap().faults;
                assert!(
                    faults.iter().any(|line| line.contains(fault)),
                    "{damage}: {faults:?}"
                );
                let error = traffic::verify(&blocked, soon()).unwrap_err();
                assert_eq!(error.code, "traffic_not_verified", "{damage}");
                if fault == "another rule leads" {
                    // A rule of somebody else outside our chain is theirs to take away.
                    wire.on("alpha", &damage.replace("-A", "-D"));
                }
            }
            gate.apply(&blocked, soon()).unwrap();
            wire.on("alpha", "iptables -F");
            wire.on("alpha", "iptables -X");
            traffic::verify(&blocked, soon())
                .expect("a script that flushes the filter table does not open the block");
        },
    );
}

#[test]
fn a_refused_client_knows_at_once() {
    with_each_backend("network::traffic::a_refused_client_knows_at_once", |wire| {
        add_rules_of_others(wire);
        echo(&Wire::v4("alpha"));
        echo(&Wire::v6("alpha"));
        let callers = flows(wire, "caller");
        let peers = flows(wire, "beta");
        assert!(callers.iter().all(|flow| flow.answers().is_ok()));
        let reject = Change {
            style: BlockStyle::Reject,
            ..change(Traffic::Blocked)
        };
        let mut gate = Gate::default();
        gate.apply(&change(Traffic::Blocked), soon()).unwrap();
        gate.apply(&reject, soon()).unwrap();
        for flow in &callers {
            assert_eq!(flow.answers(), Err(ErrorKind::ConnectionRefused));
        }
        assert!(peers.iter().all(|flow| flow.answers().is_ok()));
        traffic::verify(&reject, soon()).unwrap();
        assert!(
            !saved(wire).contains(&"-A PREROUTING -j PAIRADM".to_owned()),
            "the other table is clear"
        );
    });
}

#[test]
fn a_node_asks_its_own_service_past_its_own_block() {
    with_each_backend(
        "network::traffic::a_node_asks_its_own_service_past_its_own_block",
        |wire| {
            echo(&Wire::v4("alpha"));
            Gate::default().apply(&change(Traffic::Blocked), soon()).unwrap();
            Flow::open(wire, "alpha", false).answers().unwrap();
        },
    );
}
