//! Blocking SIP is possible, cannot cut off the login path (S9), and others that write rules are known.

use super::{Findings, Subject};
use crate::model::{Side, Transport};
use crate::plan::wanted;
use std::collections::BTreeSet;

pub fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for side in Side::BOTH {
        let facts = subject.facts[side];
        if facts.firewall.backend.is_none() {
            let text = format!(
                "`{}` has no iptables to block traffic with; accepted: iptables installed",
                facts.hostname
            );
            findings
                .refuse("no_iptables", format!("{side}.address"), text)
                .hint = Some("install the package iptables".to_owned());
        }
        let mut ssh: BTreeSet<u16> = facts.ssh_ports.iter().copied().collect();
        ssh.insert(subject.pair.nodes[side].ssh.port);
        for port in wanted::ports(subject.pair, subject.profile) {
            let hit = ssh
                .iter()
                .find(|&&ssh| port.transport == Transport::Tcp && (port.first..=port.last).contains(&ssh));
            if let Some(hit) = hit {
                let text = format!(
                    "`{port}` contains the SSH port {hit} of `{}`: blocking it would cut off every login; accepted: ports without it",
                    facts.hostname
                );
                findings.refuse("locks_out", "ports", text);
            }
        }
        for manager in &facts.firewall.managers {
            findings.warn(format!(
                "{manager} on {} writes packet filter rules too and may take pairadm's chain away; `pairadm status` shows when it did",
                facts.hostname
            ));
        }
    }
}
