//! Each check refuses what it is there for, by field, value and what is accepted; and nothing else.

#![allow(clippy::unwrap_used)]

use super::run;
use super::sample::{Nodes, image, unit};
use crate::config::render_pair;
use crate::facts::InterfaceAddress;
use crate::model::{Generation, NodeState, OpId, Side, Traffic, paths};

/// Codes, fields and texts of the refusals.
fn refusals(nodes: &Nodes) -> Vec<(String, String, String)> {
    run(&nodes.subject())
        .refusals
        .into_iter()
        .map(|refusal| (refusal.code, refusal.subject.unwrap_or_default(), refusal.message))
        .collect()
}

/// The one refusal is this one, and its text says what is accepted.
#[track_caller]
fn refused(bend: impl FnOnce(&mut Nodes), code: &str, field: &str, part: &str) {
    let mut nodes = Nodes::default();
    bend(&mut nodes);
    let refusals = refusals(&nodes);
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    let (found, subject, text) = &refusals[0];
    assert_eq!((found.as_str(), subject.as_str()), (code, field), "{text}");
    assert!(text.contains(part) && text.contains("accepted: "), "{text}");
}

/// Nothing is refused, and a warning says this.
#[track_caller]
fn warned(bend: impl FnOnce(&mut Nodes), part: &str) {
    let mut nodes = Nodes::default();
    bend(&mut nodes);
    let findings = run(&nodes.subject());
    assert!(findings.refusals.is_empty(), "{:?}", findings.refusals);
    assert!(
        findings.warnings.iter().any(|warning| warning.contains(part)),
        "{:?}",
        findings.warnings
    );
}

fn state(pair: &str, side: Side) -> NodeState {
    NodeState {
        pair: pair.to_owned(),
        side,
        active: Some("alpha".to_owned()),
        generation: Generation(1),
        traffic: Traffic::Allowed,
        last_op: OpId(1),
        pending_restart: Vec::new(),
        debts: Vec::new(),
        restarts: Vec::new(),
    }
}

#[test]
fn two_sound_nodes_pass() {
    let findings = run(&Nodes::default().subject());
    assert!(findings.refusals.is_empty(), "{:?}", findings.refusals);
    assert!(findings.warnings.is_empty(), "{:?}", findings.warnings);
}

#[test]
fn one_machine_is_no_pair() {
    refused(
        |nodes| nodes.facts.secondary.machine_id = nodes.facts.primary.machine_id.clone(),
        "same_machine",
        "secondary.address",
        "`alpha` and `beta`",
    );
}

#[test]
fn one_address_for_both_is_refused() {
    let mut nodes = Nodes::default();
    nodes.pair.nodes.secondary.address = nodes.pair.nodes.primary.address;
    assert!(refusals(&nodes).iter().any(|(code, field, text)| {
        code == "bad_pair" && field == "secondary.address.v4" && text.contains("accepted")
    }));
}

#[test]
fn one_server_id_for_both_is_refused() {
    refused(
        |nodes| nodes.pair.nodes.secondary.server_id = nodes.pair.nodes.primary.server_id,
        "bad_pair",
        "secondary.server_id",
        "`1`",
    );
}

#[test]
fn duplication_addresses_belong_to_both_sides_or_none() {
    refused(
        |nodes| {
            nodes.pair.nodes.primary.duplication.v4 = Some([10, 0, 0, 1].into());
            nodes.facts.primary.addresses.push(InterfaceAddress {
                interface: "eth1".to_owned(),
                address: [10, 0, 0, 1].into(),
                prefix: 24,
            });
        },
        "bad_pair",
        "secondary.duplication.v4",
        "on both sides",
    );
}

#[test]
fn another_host_name_is_refused() {
    refused(
        |nodes| nodes.facts.secondary.hostname = "gamma".to_owned(),
        "wrong_hostname",
        "secondary.hostname",
        "`gamma`",
    );
}

#[test]
fn a_node_of_another_pair_is_refused() {
    refused(
        |nodes| nodes.facts.secondary.state = Some(state("branch", Side::Secondary)),
        "other_pair",
        "secondary.hostname",
        "`branch`",
    );
}

#[test]
fn a_third_server_is_refused() {
    refused(
        |nodes| {
            let mut with_gamma = nodes.pair.clone();
            with_gamma.nodes.secondary = crate::config::sample::node("gamma", 3, "192.0.2.13");
            nodes.facts.primary.state = Some(state("office", Side::Primary));
            let text = render_pair(None, &with_gamma).unwrap();
            nodes.write(Side::Primary, paths::PAIR_FILE, &text);
        },
        "third_server",
        "secondary.hostname",
        "`gamma`",
    );
}

#[test]
fn swapped_roles_are_left_to_reverse() {
    refused(
        |nodes| {
            nodes.facts.primary.state = Some(state("office", Side::Secondary));
            let text = render_pair(None, &nodes.pair.clone().reversed()).unwrap();
            nodes.write(Side::Primary, paths::PAIR_FILE, &text);
        },
        "roles_swapped",
        "primary.hostname",
        "secondary of this pair",
    );
}

#[test]
fn different_and_unknown_versions_are_refused() {
    refused(
        |nodes| nodes.facts.secondary.version = Some("version: kamailio 5.7.0".to_owned()),
        "different_versions",
        "secondary.address",
        "5.7.0",
    );
    refused(
        |nodes| nodes.facts.primary.version = None,
        "no_version",
        "profile",
        "`alpha`",
    );
}

#[test]
fn a_smaller_secondary_is_refused_and_a_hair_smaller_one_is_not() {
    let field = "secondary.address";
    refused(
        |nodes| nodes.facts.secondary.cpus = 1,
        "too_small",
        field,
        "1 processors",
    );
    refused(
        |nodes| nodes.facts.secondary.memory = 1 << 30,
        "too_small",
        field,
        "1024 MiB of memory",
    );
    refused(
        |nodes| nodes.facts.secondary.disk.1 = 8 << 30,
        "too_small",
        field,
        "8192 MiB of disk",
    );
    let mut nodes = Nodes::default();
    nodes.facts.secondary.memory -= nodes.facts.secondary.memory / 50;
    assert!(refusals(&nodes).is_empty());
}

#[test]
fn a_full_disk_is_refused() {
    refused(
        |nodes| nodes.facts.primary.disk.0 = 1 << 20,
        "disk_full",
        "primary.address",
        "1024 KiB free",
    );
}

#[test]
fn clocks_apart_need_ntp() {
    refused(
        |nodes| nodes.facts.secondary.clock_us += 3_200_000,
        "clocks_differ",
        "ntp",
        "3.2 s apart",
    );
    refused(
        |nodes| nodes.facts.secondary.time_zone = ("Europe/Berlin".to_owned(), 3600),
        "zones_differ",
        "ntp",
        "Europe/Berlin",
    );
    warned(
        |nodes| {
            nodes.facts.secondary.clock_us += 3_200_000;
            nodes.facts.secondary.time_zone = ("Europe/Berlin".to_owned(), 3600);
            nodes.pair.ntp = vec!["192.0.2.1".to_owned()];
        },
        "time zones differ",
    );
}

#[test]
fn ntp_servers_need_chrony() {
    refused(
        |nodes| {
            nodes.pair.ntp = vec!["192.0.2.1".to_owned()];
            nodes
                .facts
                .primary
                .units
                .retain(|unit| unit.name != "chrony.service");
        },
        "no_chrony",
        "ntp",
        "`alpha`",
    );
}

#[test]
fn an_address_that_the_node_has_not_is_refused() {
    refused(
        |nodes| nodes.pair.nodes.primary.address.v4 = Some([192, 0, 2, 77].into()),
        "not_its_address",
        "primary.address.v4",
        "accepted: 192.0.2.11",
    );
}

#[test]
fn a_silent_control_address_is_refused_and_a_silent_gateway_warned_of() {
    refused(
        |nodes| {
            nodes.pair.nodes.primary.health_check.v4 = Some([192, 0, 2, 200].into());
            nodes.facts.primary.reach = vec![([192, 0, 2, 200].into(), None)];
        },
        "control_address_silent",
        "primary.health_check.v4",
        "192.0.2.200",
    );
    warned(
        |nodes| nodes.facts.primary.reach = vec![([192, 0, 2, 1].into(), None)],
        "gateway does not answer",
    );
    warned(
        |nodes| nodes.facts.secondary.gateways.clear(),
        "no control address",
    );
}

#[test]
fn a_vip_lies_in_the_network_of_an_interface_that_is_up() {
    let vip = |address: [u8; 4]| move |nodes: &mut Nodes| nodes.pair.vips[0].address = address.into();
    let mut nodes = Nodes::default();
    vip([198, 51, 100, 10])(&mut nodes);
    let found = refusals(&nodes);
    assert_eq!(found.len(), 2, "on both sides: {found:?}");
    assert!(
        found
            .iter()
            .all(|(code, field, text)| code == "vip_not_in_network"
                && field == "vips.v4"
                && text.contains("192.0.2.0/24"))
    );
    for edge in [[192, 0, 2, 0], [192, 0, 2, 255]] {
        let mut nodes = Nodes::default();
        vip(edge)(&mut nodes);
        assert!(
            refusals(&nodes)
                .iter()
                .all(|(code, _, _)| code == "vip_not_a_host")
        );
        assert_eq!(refusals(&nodes).len(), 2);
    }
    refused(
        |nodes| nodes.pair.nodes.primary.interface = Some("eth9".to_owned()),
        "no_interface",
        "primary.interface",
        "accepted: eth0",
    );
    refused(
        |nodes| nodes.facts.secondary.interfaces[0].up = false,
        "interface_down",
        "secondary.interface",
        "eth0",
    );
}

#[test]
fn an_address_of_a_node_is_no_vip() {
    refused(
        |nodes| {
            nodes.facts.secondary.addresses.push(InterfaceAddress {
                interface: "eth0".to_owned(),
                address: [192, 0, 2, 10].into(),
                prefix: 24,
            });
        },
        "vip_is_node_address",
        "vips.v4",
        "/24 of eth0",
    );
}

#[test]
fn a_vip_that_others_configure_or_move_is_refused() {
    refused(
        |nodes| nodes.facts.primary.vip_in_configuration = vec!["/etc/network/interfaces".to_owned()],
        "vip_in_configuration",
        "vips",
        "/etc/network/interfaces of `alpha`",
    );
    refused(
        |nodes| nodes.facts.primary.keepalived = true,
        "keepalived_holds_vip",
        "primary.address",
        "`alpha`",
    );
}

#[test]
fn a_vip_of_a_third_host_is_refused_and_a_nodes_own_answer_is_not() {
    let holders = |mac: &str| vec![([192, 0, 2, 10].into(), vec![mac.to_owned()])];
    refused(
        |nodes| nodes.holders = holders("02:00:00:00:00:ff"),
        "vip_in_use",
        "vips.v4",
        "02:00:00:00:00:ff",
    );
    let mut nodes = Nodes::default();
    nodes.holders = holders("02:00:00:00:00:0a");
    assert!(refusals(&nodes).is_empty());
}

#[test]
fn a_service_that_is_not_there_is_refused() {
    refused(
        |nodes| nodes.facts.secondary.units[0] = unit("kamailio.service", "not-found", "inactive", ""),
        "no_service",
        "profile",
        "not-found on `beta`",
    );
    warned(
        |nodes| nodes.facts.secondary.units[0] = unit("kamailio.service", "loaded", "active", "disabled"),
        "not enabled on beta",
    );
}

#[test]
fn a_node_without_iptables_is_refused() {
    refused(
        |nodes| nodes.facts.primary.firewall.backend = None,
        "no_iptables",
        "primary.address",
        "`alpha`",
    );
}

#[test]
fn ports_that_contain_a_login_path_are_refused() {
    refused(
        |nodes| {
            nodes.facts.primary.ssh_ports = vec![5061];
        },
        "locks_out",
        "ports",
        "5061 of `alpha`",
    );
}

#[test]
fn other_managers_and_calls_are_warned_of() {
    warned(
        |nodes| nodes.facts.primary.firewall.managers = vec!["ufw.service".to_owned()],
        "ufw.service on alpha",
    );
    warned(
        |nodes| nodes.facts.primary.counters = vec![("calls".to_owned(), 3)],
        "alpha has 3 calls now",
    );
}

#[test]
fn every_refusal_is_told_at_once() {
    let mut nodes = Nodes::default();
    nodes.facts.secondary.cpus = 1;
    nodes.facts.primary.firewall.backend = None;
    nodes.facts.primary.files.push(image("/unrelated", None));
    let error = run(&nodes.subject()).into_warnings().unwrap_err();
    let text = error.to_string();
    assert_eq!(error.code, "checks_failed");
    assert!(
        text.contains("2 checks failed") && text.contains("iptables") && text.contains("processors"),
        "{text}"
    );
}

#[test]
fn an_sshd_that_bars_the_peer_is_refused_with_its_line_and_how_to_open_it() {
    refused(
        |nodes| nodes.facts.secondary.root_login = vec!["permitrootlogin no".to_owned()],
        "peer_barred",
        "secondary.ssh",
        "`permitrootlogin no`",
    );
}
