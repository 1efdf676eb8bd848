//! root's `authorized_keys`: the peer's node key, which may start the agent, read what is offered to it, and nothing else, see sshd(8).

use super::lines::{Revised, exchange};
use crate::model::{Node, paths};

/// Path on every node.
pub const PATH: &str = "/root/.ssh/authorized_keys";

/// Comment by which pairadm knows its own line.
const COMMENT: &str = "pairadm-peer@";

/// The new text, with the key of `peer` as its only managed line.
pub fn with_peer(text: &str, peer: &Node, key: &str) -> String {
    let addresses: Vec<String> = peer
        .address
        .iter()
        .chain(peer.duplication.iter())
        .map(|address| address.to_string())
        .collect();
    let line = format!(
        "restrict,from=\"{}\",command=\"{} peer\" {key} {COMMENT}{}",
        addresses.join(","),
        paths::PROGRAM,
        peer.hostname
    );
    exchange(text, &[line], managed)
}

/// The text without pairadm's line.
pub fn without_peer(text: &str) -> String {
    exchange(text, &[], managed)
}

/// Whether the peer's key opens the node.
pub fn admits_peer(text: &str) -> bool {
    without_peer(text) != text
}

fn managed(line: &str) -> Revised {
    let ours = !line.trim_start().starts_with('#')
        && line
            .split_whitespace()
            .next_back()
            .is_some_and(|comment| comment.starts_with(COMMENT));
    if ours {
        Revised::Managed { rest: None }
    } else {
        Revised::Foreign
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sample;

    #[test]
    fn the_peer_may_do_what_a_peer_may_and_only_from_its_addresses() {
        let beta = sample::node("beta", 2, "192.0.2.12");
        let text = with_peer("ssh-rsa AAAA me@desk", &beta, "ssh-ed25519 BBBB");
        assert_eq!(
            text,
            "ssh-rsa AAAA me@desk\nrestrict,from=\"192.0.2.12\",command=\"/usr/local/sbin/pairadm peer\" \
             ssh-ed25519 BBBB pairadm-peer@beta\n"
        );
        assert_eq!(with_peer(&text, &beta, "ssh-ed25519 BBBB"), text);
        assert_eq!(without_peer(&text), "ssh-rsa AAAA me@desk\n");
    }

    #[test]
    fn a_new_key_takes_the_place_of_the_old_one() {
        let beta = sample::node("beta", 2, "192.0.2.12");
        let old = with_peer("", &beta, "ssh-ed25519 OLD") + "ssh-rsa AAAA me@desk\n";
        let new = with_peer(&old, &beta, "ssh-ed25519 NEW");
        assert!(!new.contains("OLD") && new.ends_with("ssh-rsa AAAA me@desk\n"));
        assert_eq!(new.matches(COMMENT).count(), 1);
    }
}
