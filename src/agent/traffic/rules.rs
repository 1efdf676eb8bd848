//! The rules of pairadm's own chain as text, exactly as `iptables -S` prints them, so that what was
//! written can be compared with what is read.

use crate::model::{BlockStyle, Port, Traffic, Transport};
use crate::plan::Change;
use std::net::IpAddr;

/// Our chain's name in every table and family.
pub const CHAIN: &str = "PAIRADM";

/// IPv4 and IPv6 have separate rule sets and separate programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// `iptables`.
    V4,
    /// `ip6tables`.
    V6,
}

impl Family {
    /// The program that lists and changes rules.
    pub const fn program(self) -> &'static str {
        match self {
            Self::V4 => "iptables",
            Self::V6 => "ip6tables",
        }
    }

    /// The program that applies a whole text of rules as one transaction a table.
    pub const fn restore_program(self) -> &'static str {
        match self {
            Self::V4 => "iptables-restore",
            Self::V6 => "ip6tables-restore",
        }
    }

    /// `IPv4` or `IPv6`, for messages.
    pub const fn label(self) -> &'static str {
        match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        }
    }

    fn unreachable(self) -> &'static str {
        match self {
            Self::V4 => "icmp-port-unreachable",
            Self::V6 => "icmp6-port-unreachable",
        }
    }
}

/// A table and the built-in chain of it from which our chain is reached by its first rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `raw PREROUTING` comes before connection tracking, so open flows stop as well, and scripts that
    /// flush the filter table leave it alone.
    Raw,
    /// `filter INPUT`: the only one of the two where `REJECT` may be used.
    Filter,
}

impl Place {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Raw, Self::Filter];

    /// Where a block of this style lives.
    pub const fn of(style: BlockStyle) -> Self {
        match style {
            BlockStyle::Drop => Self::Raw,
            BlockStyle::Reject => Self::Filter,
        }
    }

    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::Raw => Self::Filter,
            Self::Filter => Self::Raw,
        }
    }

    /// Name of the table.
    pub const fn table(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Filter => "filter",
        }
    }

    /// Name of the built-in chain.
    pub const fn base(self) -> &'static str {
        match self {
            Self::Raw => "PREROUTING",
            Self::Filter => "INPUT",
        }
    }

    /// The rule that leads to our chain.
    pub fn jump(self) -> String {
        format!("-A {} -j {CHAIN}", self.base())
    }
}

/// Every rule wanted in our chain for one family, in order; none when traffic is allowed.
pub fn rules(change: &Change, family: Family) -> Vec<String> {
    if change.traffic == Traffic::Allowed {
        return Vec::new();
    }
    let mut exempt: Vec<IpAddr> = change
        .exempt
        .iter()
        .copied()
        .filter(|address| address.is_ipv4() == (family == Family::V4))
        .collect();
    exempt.sort_unstable();
    exempt.dedup();
    let mut ports = change.ports.clone();
    ports.sort_unstable();
    ports.dedup();
    let pass = exempt.into_iter().map(pass_rule);
    let stop = ports
        .into_iter()
        .map(|port| stop_rule(port, change.style, family));
    pass.chain(stop).collect()
}

/// Lets everything from one address go on to the rules of others.
fn pass_rule(address: IpAddr) -> String {
    let bits = if address.is_ipv4() { 32 } else { 128 };
    format!("-A {CHAIN} -s {address}/{bits} -j RETURN")
}

/// Stops one port or range. Loopback is left alone: the node asks its own service over it.
fn stop_rule(port: Port, style: BlockStyle, family: Family) -> String {
    let (protocol, with) = match port.transport {
        Transport::Udp => ("udp", family.unreachable()),
        Transport::Tcp => ("tcp", "tcp-reset"),
    };
    let ports = if port.first == port.last {
        port.first.to_string()
    } else {
        format!("{}:{}", port.first, port.last)
    };
    let verdict = match style {
        BlockStyle::Drop => "DROP".to_owned(),
        BlockStyle::Reject => format!("REJECT --reject-with {with}"),
    };
    format!("-A {CHAIN} ! -i lo -p {protocol} -m {protocol} --dport {ports} -j {verdict}")
}

/// What one rule of our chain does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Exempts an address.
    Pass,
    /// Stops a port or range.
    Stop(Port),
    /// A rule that pairadm does not write.
    Foreign,
}

/// Reads one rule back. A rule counts as ours only if writing it again gives the same text.
pub fn meaning(rule: &str, family: Family) -> Meaning {
    let word_after = |key: &str| {
        let mut words = rule.split_whitespace().skip_while(|word| *word != key);
        words.nth(1)
    };
    let source = word_after("-s").and_then(|net| net.split('/').next()?.parse().ok());
    if source.is_some_and(|address| pass_rule(address) == rule) {
        return Meaning::Pass;
    }
    let port = word_after("-p")
        .zip(word_after("--dport"))
        .and_then(|(protocol, ports)| format!("{protocol}/{}", ports.replace(':', "-")).parse().ok());
    match port {
        Some(port)
            if [BlockStyle::Drop, BlockStyle::Reject]
                .into_iter()
                .any(|style| stop_rule(port, style, family) == rule) =>
        {
            Meaning::Stop(port)
        }
        _ => Meaning::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(style: BlockStyle) -> Change {
        Change {
            traffic: Traffic::Blocked,
            ports: ["udp/5060", "tcp/5060-5061", "udp/5060"]
                .map(|port| port.parse().unwrap())
                .to_vec(),
            style,
            exempt: vec!["fd00::2".parse().unwrap(), "10.0.0.2".parse().unwrap()],
        }
    }

    #[test]
    fn a_block_exempts_the_peer_of_its_family_and_names_each_port_once() {
        assert_eq!(
            rules(&change(BlockStyle::Drop), Family::V4),
            [
                "-A PAIRADM -s 10.0.0.2/32 -j RETURN",
                "-A PAIRADM ! -i lo -p udp -m udp --dport 5060 -j DROP",
                "-A PAIRADM ! -i lo -p tcp -m tcp --dport 5060:5061 -j DROP",
            ]
        );
        assert_eq!(
            rules(&change(BlockStyle::Drop), Family::V6)[0],
            "-A PAIRADM -s fd00::2/128 -j RETURN"
        );
    }

    #[test]
    fn a_reject_answers_in_the_language_of_family_and_transport() {
        let v6 = rules(&change(BlockStyle::Reject), Family::V6);
        assert!(
            v6[1].ends_with("-j REJECT --reject-with icmp6-port-unreachable"),
            "{v6:?}"
        );
        assert!(v6[2].ends_with("-j REJECT --reject-with tcp-reset"), "{v6:?}");
    }

    #[test]
    fn every_rule_that_is_written_is_understood_when_read() {
        for style in [BlockStyle::Drop, BlockStyle::Reject] {
            for family in [Family::V4, Family::V6] {
                for rule in rules(&change(style), family) {
                    assert_ne!(meaning(&rule, family), Meaning::Foreign, "{rule}");
                }
            }
        }
    }

    #[test]
    fn a_rule_of_somebody_else_is_foreign_however_alike() {
        for rule in [
            "-A PAIRADM -p udp -m udp --dport 5060 -j DROP",
            "-A PAIRADM ! -i lo -p udp -m udp --dport 5060 -j ACCEPT",
            "-A PAIRADM -s 10.0.0.0/24 -j RETURN",
            "-A PAIRADM -j RETURN",
        ] {
            assert_eq!(meaning(rule, Family::V4), Meaning::Foreign, "{rule}");
        }
    }
}
