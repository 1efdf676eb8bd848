//! The nodes are two machines, the ones that were named, of this pair and of no other.

use super::{Findings, Subject};
use crate::config::{pair_faults, parse_pair};
use crate::facts::Facts;
use crate::model::{Pair, Side, paths};

pub fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for fault in pair_faults(subject.pair) {
        findings.refuse("bad_pair", fault.key, fault.text);
    }
    let (primary, secondary) = (subject.facts.primary, subject.facts.secondary);
    if !primary.machine_id.is_empty() && primary.machine_id == secondary.machine_id {
        let text = format!(
            "`{}` and `{}` have one machine ID: they are one machine, or one is a copy of the other; accepted: two machines",
            primary.hostname, secondary.hostname
        );
        findings.refuse("same_machine", "secondary.address", text).hint =
            Some("on a copied machine: rm /etc/machine-id; systemd-machine-id-setup; restart it".to_owned());
    }
    for side in Side::BOTH {
        let facts = subject.facts[side];
        name(subject.pair, side, facts, findings);
        other_pair(subject.pair, side, facts, findings);
    }
}

fn name(pair: &Pair, side: Side, facts: &Facts, findings: &mut Findings) {
    let node = &pair.nodes[side];
    let own = facts.hostname.to_ascii_lowercase();
    if own != node.hostname.as_str() && own != node.fqdn.as_str() {
        let text = format!(
            "`{}`, but that machine calls itself `{}`; accepted: its own host name",
            node.hostname, facts.hostname
        );
        findings.refuse("wrong_hostname", format!("{side}.hostname"), text);
    }
}

/// A node that serves another pair, or whose pair file names another peer, is a third server.
fn other_pair(pair: &Pair, side: Side, facts: &Facts, findings: &mut Findings) {
    let Some(state) = &facts.state else {
        return;
    };
    if state.pair != pair.name {
        let text = format!(
            "`{}` belongs to the pair `{}` already; accepted: a server of no other pair",
            facts.hostname, state.pair
        );
        findings
            .refuse("other_pair", format!("{side}.hostname"), text)
            .hint = Some(format!("run `pairadm remove` for the pair {} first", state.pair));
        return;
    }
    let recorded = facts
        .file(paths::PAIR_FILE)
        .and_then(|file| String::from_utf8(file.content.as_ref()?.to_bytes().ok()?).ok())
        .and_then(|text| parse_pair(&text, paths::PAIR_FILE).ok());
    let Some(recorded) = recorded else {
        return;
    };
    for (_, node) in recorded.nodes.iter() {
        if pair.side_of(node.hostname.as_str()).is_none() {
            let text = format!(
                "`{}` is paired with `{}` already, and a pair has two servers; accepted: `{}`",
                facts.hostname, node.hostname, node.hostname
            );
            findings
                .refuse("third_server", format!("{}.hostname", side.other()), text)
                .hint = Some("run `pairadm remove` before a server is exchanged".to_owned());
        }
    }
    if state.side != side && pair.side_of(facts.hostname.as_str()) == Some(side) {
        let text = format!(
            "`{}` is the {} of this pair; accepted: the roles as they are",
            facts.hostname, state.side
        );
        findings
            .refuse("roles_swapped", format!("{side}.hostname"), text)
            .hint = Some("run `pairadm reverse` to swap the roles".to_owned());
    }
}
