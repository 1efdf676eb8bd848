//! `/etc/hosts`: both nodes as `IP FQDN hostname`, in this order, see hosts(5). The lower server ID comes
//! first, so that reversing the roles leaves the file alone.

use super::lines::{Revised, exchange};
use crate::model::Pair;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Path on every node.
pub const PATH: &str = "/etc/hosts";

/// The new text. Names of the pair, and of the `previous` pair, are taken off all other lines: a
/// distribution's `127.0.1.1 alpha` would send the peer's name look-ups of alpha to itself.
pub fn with_pair(text: &str, pair: &Pair, previous: Option<&Pair>) -> String {
    let names: BTreeSet<String> = [Some(pair), previous]
        .into_iter()
        .flatten()
        .flat_map(names)
        .collect();
    let wanted = entries(pair);
    let asked: Vec<Entry> = wanted.iter().filter_map(|line| Entry::parse(line)).collect();
    let present: Vec<Entry> = text
        .lines()
        .filter_map(Entry::parse)
        .filter(|entry| entry.names_any(&names))
        .collect();
    if present == asked {
        return text.to_owned();
    }
    exchange(text, &wanted, |line| without(line, &names))
}

/// The text without the pair's names at the pair's own addresses: what `with_pair` wrote. The same names at
/// other addresses were there before.
pub fn without_pair(text: &str, pair: &Pair) -> String {
    let names = names(pair).collect();
    let ours = |line: &str| {
        let address = Entry::parse(line).and_then(|entry| entry.address.parse::<IpAddr>().ok());
        let mut nodes = pair.nodes.iter();
        address.is_some_and(|address| nodes.any(|(_, node)| node.address.iter().any(|own| own == address)))
    };
    exchange(text, &[], |line| {
        if ours(line) {
            without(line, &names)
        } else {
            Revised::Foreign
        }
    })
}

/// The lines that are wanted, IPv4 before IPv6.
fn entries(pair: &Pair) -> Vec<String> {
    let mut nodes = [&pair.nodes.primary, &pair.nodes.secondary];
    nodes.sort_by_key(|node| u32::from(node.server_id));
    nodes
        .into_iter()
        .flat_map(|node| {
            node.address.iter().map(|address| {
                if node.fqdn == node.hostname {
                    format!("{address} {}", node.hostname)
                } else {
                    format!("{address} {} {}", node.fqdn, node.hostname)
                }
            })
        })
        .collect()
}

fn names(pair: &Pair) -> impl Iterator<Item = String> + use<'_> {
    pair.nodes
        .iter()
        .flat_map(|(_, node)| [node.hostname.to_string(), node.fqdn.to_string()])
}

/// One line of the file: address and names in lower case, without its comment.
#[derive(PartialEq)]
struct Entry {
    address: String,
    names: Vec<String>,
}

impl Entry {
    fn parse(line: &str) -> Option<Self> {
        let data = line.split('#').next()?;
        let mut words = data.split_whitespace();
        let address = words.next()?.to_owned();
        Some(Self {
            address,
            names: words.map(str::to_ascii_lowercase).collect(),
        })
    }

    fn names_any(&self, names: &BTreeSet<String>) -> bool {
        self.names.iter().any(|name| names.contains(name))
    }
}

/// The line without the names; nothing of it when no name is left.
fn without(line: &str, names: &BTreeSet<String>) -> Revised {
    let Some(entry) = Entry::parse(line).filter(|entry| entry.names_any(names)) else {
        return Revised::Foreign;
    };
    let others: Vec<&str> = entry
        .names
        .iter()
        .filter(|name| !names.contains(*name))
        .map(String::as_str)
        .collect();
    let comment = line
        .find('#')
        .map_or(String::new(), |at| format!(" {}", &line[at..]));
    let rest = (!others.is_empty()).then(|| format!("{} {}{comment}", entry.address, others.join(" ")));
    Revised::Managed { rest }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sample;
    use proptest::prelude::*;

    const DEBIAN: &str =
        "127.0.0.1\tlocalhost\n127.0.1.1\talpha.example.net\talpha\n\n# IPv6\n::1 localhost ip6-localhost\n";

    #[test]
    fn both_nodes_stand_in_order_and_the_loopback_name_goes() {
        assert_eq!(
            with_pair(DEBIAN, &sample::office(), None),
            "127.0.0.1\tlocalhost\n192.0.2.11 alpha.example.net alpha\n192.0.2.12 beta.example.net beta\n\n# IPv6\n::1 localhost ip6-localhost\n"
        );
    }

    #[test]
    fn other_names_of_a_line_and_its_comment_stay() {
        let text = "192.0.2.11 pbx alpha # the old name\n";
        assert_eq!(
            with_pair(text, &sample::office(), None),
            "192.0.2.11 alpha.example.net alpha\n192.0.2.12 beta.example.net beta\n192.0.2.11 pbx # the old name\n"
        );
    }

    #[test]
    fn the_same_entries_in_another_spelling_are_left_alone() {
        let text = "192.0.2.11\tALPHA.example.net\talpha  # ours\n192.0.2.12  beta.example.net beta";
        assert_eq!(with_pair(text, &sample::office(), None), text);
    }

    #[test]
    fn entries_in_the_wrong_order_are_put_right() {
        let text = "192.0.2.11 alpha alpha.example.net\n192.0.2.12 beta.example.net beta\n";
        assert!(with_pair(text, &sample::office(), None).starts_with("192.0.2.11 alpha.example.net alpha\n"));
    }

    #[test]
    fn reversing_the_roles_leaves_the_file_alone() {
        let text = with_pair(DEBIAN, &sample::office(), None);
        assert_eq!(with_pair(&text, &sample::office().reversed(), None), text);
    }

    #[test]
    fn a_node_of_the_previous_pair_goes() {
        let mut previous = sample::office();
        previous.nodes.secondary = sample::node("gamma", 3, "192.0.2.13");
        let text = with_pair("", &previous, None);
        assert!(!with_pair(&text, &sample::office(), Some(&previous)).contains("gamma"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn a_second_run_changes_nothing_and_no_other_line_is_lost(
            lines in proptest::collection::vec(
                prop_oneof![
                    "[a-z# ]{0,12}",
                    "(192\\.0\\.2\\.1[0-3]|::1|127\\.0\\.[01]\\.1)[ \t]{1,2}(alpha|beta|Alpha\\.example\\.net|pbx)( (alpha|beta\\.example\\.net|sip))?( ?#.{0,5})?",
                ],
                0..8,
            ),
            terminated in any::<bool>(),
            pair in sample::pairs(),
        ) {
            let mut text = lines.join("\n");
            if terminated {
                text.push('\n');
            }
            for pair in [sample::office(), pair] {
                let once = with_pair(&text, &pair, None);
                prop_assert_eq!(&with_pair(&once, &pair, None), &once);
                let ours: BTreeSet<String> = names(&pair).collect();
                for line in text.split_terminator('\n').filter(|line| without(line, &ours) == Revised::Foreign) {
                    prop_assert!(once.split_terminator('\n').any(|kept| kept == line), "{} lost", line);
                }
                for line in entries(&pair) {
                    let wanted = Entry::parse(&line);
                    prop_assert!(once.lines().any(|line| Entry::parse(line) == wanted));
                }
            }
        }
    }
}
