//! Tells a plan's facts from newer ones: the engine refuses a plan when what it was made from has changed.

use crate::facts::Facts;
use crate::model::{BySide, digest};
use serde_json::{Value, json};

/// SHA-256 over everything a planner decides by, and nothing that changes by itself: clocks, counters,
/// round trips and free space are left out.
pub fn fingerprint(facts: BySide<Option<&Facts>>) -> String {
    let both = json!([facts.primary.map(lasting), facts.secondary.map(lasting)]);
    digest::sha256(both.to_string().as_bytes())
}

fn lasting(facts: &Facts) -> Value {
    let mut addresses: Vec<String> = facts
        .addresses
        .iter()
        .map(|entry| format!("{} {}/{}", entry.interface, entry.address, entry.prefix))
        .collect();
    addresses.sort();
    let files: Vec<Value> = facts
        .files
        .iter()
        .map(|file| json!([file.path, file.sha256, file.mode, file.owner, file.obstacle]))
        .collect();
    let units: Vec<Value> = facts
        .units
        .iter()
        .map(|unit| json!([unit.name, unit.load, unit.active, unit.enabled]))
        .collect();
    json!({
        "hostname": facts.hostname,
        "machine_id": facts.machine_id,
        "boot_id": facts.boot_id,
        "addresses": addresses,
        "interfaces": facts.interfaces,
        "gateways": facts.gateways,
        "firewall": facts.firewall,
        "units": units,
        "version": facts.version,
        "files": files,
        "vip_in_configuration": facts.vip_in_configuration,
        "sysctl": facts.sysctl,
        "keepalived": facts.keepalived,
        "ssh_ports": facts.ssh_ports,
        "state": facts.state,
        "loaded": facts.loaded,
        "node_key": facts.node_key,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::InterfaceAddress;

    fn of(facts: &Facts) -> String {
        fingerprint(BySide {
            primary: Some(facts),
            secondary: None,
        })
    }

    #[test]
    fn what_changes_by_itself_does_not_count_and_an_address_does() {
        let facts = Facts::default();
        let mut later = Facts {
            clock_us: 1,
            uptime_s: 9,
            counters: vec![("calls".to_owned(), 3)],
            ..Facts::default()
        };
        assert_eq!(of(&facts), of(&later));
        later.addresses.push(InterfaceAddress {
            interface: "eth0".to_owned(),
            address: [192, 0, 2, 10].into(),
            prefix: 32,
        });
        assert_ne!(of(&facts), of(&later));
    }

    #[test]
    fn the_sides_are_not_interchangeable() {
        let facts = Facts::default();
        let swapped = fingerprint(BySide {
            primary: None,
            secondary: Some(&facts),
        });
        assert_ne!(of(&facts), swapped);
    }
}
