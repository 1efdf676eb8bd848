//! The nodes' way to each other: root's login with the peer's key, over which a node that starts asks
//! its peer who serves.
//!
//! This is all that pairadm wants of sshd, and it never edits `sshd_config`: what an administrator has
//! barred is for an administrator to open, as narrowly as the refusal says. `/etc/services` is left alone
//! too: everything between the nodes goes over SSH, or is a protocol of its own (VRRP), so there is no
//! port that a name could be given to.

use super::{Findings, Subject};
use crate::model::Side;

pub fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for side in Side::BOTH {
        let facts = subject.facts[side];
        let peer = &subject.pair.nodes[side.other()];
        let addresses: Vec<String> = peer.address.iter().map(|address| address.to_string()).collect();
        for line in &facts.root_login {
            let text = format!(
                "sshd of `{}` has `{line}` for root from {}: the peer cannot ask it who serves; accepted: root by key from there",
                facts.hostname, peer.hostname
            );
            findings.refuse("peer_barred", format!("{side}.ssh"), text).hint = Some(format!(
                "set what lets root in by key, such as `PermitRootLogin forced-commands-only`, in a block `Match User root Address {}` at the end of /etc/ssh/sshd_config, and reload sshd",
                addresses.join(",")
            ));
        }
    }
}
