//! root's `known_hosts`: the peer's host keys under all its names, see sshd(8). Hashed lines, marked lines
//! and comments are left alone.

use super::lines::{Revised, exchange};
use crate::model::Node;
use std::collections::BTreeSet;

/// Path on every node.
pub const PATH: &str = "/root/.ssh/known_hosts";

/// Public host keys that an OpenSSH server may have.
pub const HOST_KEYS: [&str; 3] = [
    "/etc/ssh/ssh_host_ed25519_key.pub",
    "/etc/ssh/ssh_host_ecdsa_key.pub",
    "/etc/ssh/ssh_host_rsa_key.pub",
];

/// The new text, where `keys` are the contents of the peer's public host key files. Other keys recorded
/// for the peer's names go: a program that meets a wrong one refuses to talk to the peer.
pub fn with_peer(text: &str, peer: &Node, keys: &[&str]) -> String {
    let names = names(peer);
    let wanted: Vec<String> = keys
        .iter()
        .filter_map(|key| {
            let mut words = key.split_whitespace();
            Some(format!("{} {} {}", names.join(","), words.next()?, words.next()?))
        })
        .collect();
    let names = names.iter().map(String::as_str).collect();
    exchange(text, &wanted, |line| without(line, &names))
}

/// The text without the peer's names.
pub fn without_peer(text: &str, peer: &Node) -> String {
    let names = names(peer);
    let names = names.iter().map(String::as_str).collect();
    exchange(text, &[], |line| without(line, &names))
}

/// Host name, full name and addresses, as `[name]:port` unless the port is 22.
fn names(peer: &Node) -> Vec<String> {
    let mut names = vec![peer.hostname.to_string()];
    if peer.fqdn != peer.hostname {
        names.push(peer.fqdn.to_string());
    }
    names.extend(
        peer.address
            .iter()
            .chain(peer.duplication.iter())
            .map(|address| address.to_string()),
    );
    if peer.ssh.port != 22 {
        for name in &mut names {
            *name = format!("[{name}]:{}", peer.ssh.port);
        }
    }
    names
}

/// The line without the names; nothing of it when no name is left.
fn without(line: &str, names: &BTreeSet<&str>) -> Revised {
    let Some((patterns, key)) = line.split_once([' ', '\t']) else {
        return Revised::Foreign;
    };
    if patterns.starts_with(['#', '@', '|']) {
        return Revised::Foreign;
    }
    let others: Vec<&str> = patterns.split(',').filter(|name| !names.contains(name)).collect();
    if others.len() == patterns.split(',').count() {
        return Revised::Foreign;
    }
    let rest = (!others.is_empty()).then(|| format!("{} {key}", others.join(",")));
    Revised::Managed { rest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sample;

    const KEY: &str = "ssh-ed25519 BBBB root@beta\n";

    #[test]
    fn all_names_share_one_line_a_key() {
        let beta = sample::node("beta", 2, "192.0.2.12");
        let text = with_peer("# mine\n", &beta, &[KEY, "ssh-rsa CCCC\n"]);
        assert_eq!(
            text,
            "# mine\nbeta,beta.example.net,192.0.2.12 ssh-ed25519 BBBB\nbeta,beta.example.net,192.0.2.12 ssh-rsa CCCC\n"
        );
        assert_eq!(with_peer(&text, &beta, &[KEY, "ssh-rsa CCCC\n"]), text);
    }

    #[test]
    fn an_outdated_key_of_the_peer_goes_and_other_hosts_keep_theirs() {
        let beta = sample::node("beta", 2, "192.0.2.12");
        let text = "pbx,beta ssh-rsa OLD\n@revoked beta ssh-rsa BAD\n|1|abc=|def= ssh-rsa HASHED\n";
        assert_eq!(
            with_peer(text, &beta, &[KEY]),
            "beta,beta.example.net,192.0.2.12 ssh-ed25519 BBBB\npbx ssh-rsa OLD\n@revoked beta ssh-rsa BAD\n|1|abc=|def= ssh-rsa HASHED\n"
        );
    }

    #[test]
    fn another_port_is_part_of_the_name() {
        let mut beta = sample::node("beta", 2, "192.0.2.12");
        beta.ssh.port = 2222;
        assert!(
            with_peer("", &beta, &[KEY])
                .starts_with("[beta]:2222,[beta.example.net]:2222,[192.0.2.12]:2222 ")
        );
    }

    #[test]
    fn removal_leaves_the_lines_of_others() {
        let beta = sample::node("beta", 2, "192.0.2.12");
        let before = "pbx ssh-rsa AAAA\n";
        assert_eq!(without_peer(&with_peer(before, &beta, &[KEY]), &beta), before);
    }
}
