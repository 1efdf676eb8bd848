//! Who holds an address and who can be reached, asked on a wire where the truth is known.

use super::{V4, V6, inside, vips};
use crate::support::wire::Wire;
use pairadm::agent::watch::Watch;
use pairadm::probe::{self, Announcement, PacketSocket};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

fn hold(wire: &Wire, host: &str) {
    wire.on(host, &format!("ip address add {V4}/32 dev eth0"));
    wire.on(host, &format!("ip address add {V6}/128 dev eth0 nodad"));
}

fn holders(seen: &[(IpAddr, Vec<String>)]) -> Vec<Vec<&str>> {
    seen.iter()
        .map(|(_, macs)| macs.iter().map(String::as_str).collect())
        .collect()
}

#[test]
fn every_holder_is_seen_and_silence_is_silence() {
    inside(
        "network::probe::every_holder_is_seen_and_silence_is_silence",
        |wire| {
            let ask = || probe::who_has(&vips(), probe::PROBE_TRIES, probe::PROBE_WAIT).unwrap();
            assert_eq!(holders(&ask()), [[""; 0], [""; 0]]);
            hold(wire, "beta");
            assert_eq!(holders(&ask()), [[Wire::mac("beta")]; 2]);
            hold(wire, "caller");
            assert_eq!(holders(&ask()), [[Wire::mac("beta"), Wire::mac("caller")]; 2]);
            wire.on("caller", &format!("ip address delete {V4}/32 dev eth0"));
            assert_eq!(holders(&ask())[0], [Wire::mac("beta")]);
        },
    );
}

/// Silence counts only after the third question: of a busy network, or a busy machine, one or two may be lost.
#[test]
fn silence_counts_after_the_third_question() {
    inside(
        "network::probe::silence_counts_after_the_third_question",
        |wire| {
            let soon = || Instant::now() + Duration::from_secs(60);
            let ears = [(V4, probe::ETHERTYPE_ARP), (V6, probe::ETHERTYPE_IPV6)];
            let hear = || ears.map(|(vip, kind)| (vip, PacketSocket::listener("eth0", kind).unwrap()));
            let ears = wire.within("beta", hear);
            // Nobody answers: what was asked is heard as a whole.
            probe::only_held_by(&vips(), &[]).unwrap();
            for (vip, ear) in &ears {
                let asked = || ear.receive(soon()).unwrap().expect("one question more");
                let mut questions = 0;
                while questions < 3 {
                    questions += usize::from(asks_for(&asked(), vip));
                }
                let rest = std::iter::from_fn(|| ear.receive(Instant::now()).unwrap());
                assert_eq!(rest.filter(|frame| asks_for(frame, vip)).count(), 0, "{vip}");
            }
            // Only the third question is answered.
            std::thread::scope(|scope| {
                for (vip, ear) in &ears {
                    scope.spawn(move || {
                        let mut questions = 0;
                        while questions < 3 {
                            let heard = ear.receive(soon()).unwrap().expect("one question more");
                            questions += usize::from(asks_for(&heard, vip));
                        }
                        for frame in Announcement::of(vip.parse().unwrap(), ear.mac()).frames() {
                            ear.send(frame).unwrap();
                        }
                    });
                }
                // Time enough for a busy machine.
                let seen = probe::who_has(&vips(), probe::PROBE_TRIES, Duration::from_secs(2)).unwrap();
                assert_eq!(holders(&seen), [[Wire::mac("beta")]; 2]);
            });
        },
    );
}

/// Whether the frame is an ARP request (RFC 826) or a neighbour solicitation (RFC 4861) for this address.
fn asks_for(frame: &[u8], address: &str) -> bool {
    match address.parse().unwrap() {
        IpAddr::V4(v4) => frame.get(20..22) == Some(&[0, 1]) && frame.get(38..42) == Some(&v4.octets()),
        IpAddr::V6(v6) => frame.get(54) == Some(&135) && frame.get(62..78) == Some(&v6.octets()),
    }
}

#[test]
fn asking_claims_nothing() {
    inside("network::probe::asking_claims_nothing", |wire| {
        hold(wire, "beta");
        for address in [V4, V6] {
            wire.ping("caller", address);
        }
        probe::who_has(&vips(), probe::PROBE_TRIES, probe::PROBE_WAIT).unwrap();
        for address in [V4, V6] {
            let belief = wire.on("caller", &format!("ip neighbour show {address} dev eth0"));
            assert!(belief.contains(Wire::mac("beta")), "{belief}");
        }
    });
}

#[test]
fn a_stranger_that_holds_a_vip_refuses() {
    inside("network::probe::a_stranger_that_holds_a_vip_refuses", |wire| {
        let beta = [Wire::mac("beta").to_uppercase()];
        probe::only_held_by(&vips(), &[]).unwrap();
        hold(wire, "beta");
        probe::only_held_by(&vips(), &beta).unwrap();
        assert_eq!(
            probe::only_held_by(&vips(), &[]).unwrap_err().code,
            "duplicate_vip"
        );
        wire.on("caller", &format!("ip address add {V6}/128 dev eth0 nodad"));
        let error = probe::only_held_by(&vips(), &beta).unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.kind.exit_code()),
            ("duplicate_vip", 2)
        );
        assert!(error.message.contains(Wire::mac("caller")), "{error}");
    });
}

#[test]
fn an_address_that_is_there_is_reached_and_one_that_is_not_costs_only_the_time_out() {
    inside(
        "network::probe::an_address_that_is_there_is_reached_and_one_that_is_not_costs_only_the_time_out",
        |_| {
            for host in ["beta", "caller", "alpha"] {
                for address in [Wire::v4(host), Wire::v6(host)] {
                    let rtt = probe::ping(address.parse().unwrap(), Duration::from_secs(60)).unwrap();
                    assert!(rtt.is_some(), "{address}");
                }
            }
            for nobody in [V4, V6, "192.0.2.1", "2001:db8::1"] {
                let started = Instant::now();
                let rtt = probe::ping(nobody.parse().unwrap(), Duration::from_millis(300)).unwrap();
                assert_eq!(rtt, None, "{nobody}");
                assert!(started.elapsed() < Duration::from_secs(60), "{nobody}");
            }
        },
    );
}

#[test]
fn sip_where_no_route_leads_is_silent_and_no_fault() {
    inside(
        "network::probe::sip_where_no_route_leads_is_silent_and_no_fault",
        |_| {
            for target in ["192.0.2.1:5060", "[2001:db8::1]:5060", "10.99.0.100:5060"] {
                let target: SocketAddr = target.parse().unwrap();
                assert_eq!(probe::options(target, Duration::from_millis(200)).unwrap(), None);
            }
        },
    );
}

#[test]
fn a_watch_of_a_vip_that_is_here_goes_on_when_it_is_elsewhere() {
    inside(
        "network::probe::a_watch_of_a_vip_that_is_here_goes_on_when_it_is_elsewhere",
        |wire| {
            hold(wire, "alpha");
            hold(wire, "beta");
            let target: SocketAddr = format!("{V4}:5060").parse().unwrap();
            let service = wire.within("beta", || std::net::UdpSocket::bind(target).unwrap());
            let (answered, answers) = std::sync::mpsc::channel();
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok((length, from)) = service.recv_from(&mut buffer) {
                    let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
                    let headers = text.split_once("\r\n").unwrap().1;
                    // The watcher may be gone by now.
                    let _ = service.send_to(format!("SIP/2.0 200 OK\r\n{headers}").as_bytes(), from);
                    let _ = answered.send(());
                }
            });
            let watch = Watch::start(target, 200).unwrap();
            wire.on("alpha", &format!("ip address delete {V4}/32 dev eth0"));
            for _ in 0..30 {
                answers
                    .recv_timeout(Duration::from_secs(60))
                    .expect("the watch asks on");
            }
            let seen = watch.stop().unwrap();
            assert!(seen.answered > 20, "{seen:?}");
        },
    );
}
