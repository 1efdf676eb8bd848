//! `traffic` without a pair: block or allow SIP on this machine or on a server that is named.

use super::traffic::{action, action_field};
use super::{Answers, Field, Form, read};
use crate::error::Result;
use crate::model::syntax::{host, login, shown, tcp_port};
use crate::model::{
    Addresses, BlockStyle, BySide, Copying, Hostname, Node, Pair, Port, Priority, SshTarget, Standby,
    Takeover, Traffic,
};
use std::net::{IpAddr, Ipv6Addr};

/// Traffic to block or allow on one server that is in no pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AloneIntent {
    /// What the server's rules shall do.
    pub traffic: Traffic,
    /// How to log in; `None` is the machine this runs on.
    pub server: Option<SshTarget>,
    /// Name of the profile.
    pub profile: String,
    /// Ports; the profile's when empty.
    pub ports: Vec<Port>,
}

/// The questions.
pub fn form(profiles: &[String]) -> Form {
    const SERVER_HELP: &str = "The server whose rules change; empty means the one this runs on.
Accepted: NAME or ADDRESS, with USER@ before it and :PORT behind it where
the login is not root or SSH does not listen on port 22.";
    const PROFILE_HELP: &str = "The profile of the SIP service: its ports are blocked and its calls
counted.";
    const PORTS_HELP: &str = "Ports to block instead of the profile's.
Accepted: udp/5060, tcp/5061, udp/16384-32768, separated by commas.
The ports of SSH are refused.";
    let choices = profiles.iter().map(|name| (name.clone(), name.clone()));
    let mut profile = Field::choice("profile", "Profile of the SIP service", PROFILE_HELP, choices);
    let usual = profiles.iter().find(|name| *name == "generic");
    profile.default = usual.cloned();
    Form {
        title: "Block or allow traffic on a server without a pair".to_owned(),
        fields: vec![
            action_field(),
            Field::text("server", "Server (empty: this one)", SERVER_HELP)
                .check(|value, _| server(value).map(drop)),
            profile,
            Field::list("ports", "Ports (empty: the profile's)", PORTS_HELP)
                .check(|value, _| parse_ports(value).map(drop)),
        ],
    }
}

/// The change that completed answers describe.
pub fn resolve(answers: &Answers) -> Result<AloneIntent> {
    Ok(AloneIntent {
        traffic: read::needed(answers, "action", action)?,
        server: read::value(answers, "server", server)?,
        profile: read::needed(answers, "profile", |name| Ok(name.to_owned()))?,
        ports: read::values(answers, "ports", str::parse)?,
    })
}

impl AloneIntent {
    /// The server as a pair with itself, of which only the primary takes part: so everything that
    /// carries a plan out serves it as well. `own` is the name of this machine.
    pub fn pair(&self, own: &Hostname) -> Result<Pair> {
        let server = self.server.clone().unwrap_or_default();
        // Whoever names this machine means the way that needs no login.
        let server = match &server.host {
            Some(host) if host == own.as_str() => SshTarget::default(),
            _ => server,
        };
        let hostname = server.host.as_deref().map_or_else(|| Ok(own.clone()), name_of);
        let bad = |why: String| crate::error::Error::refused("bad_answer", why).at("server");
        let hostname = hostname.map_err(bad)?;
        let node = Node {
            fqdn: hostname.clone(),
            hostname: hostname.clone(),
            server_id: 1.try_into().map_err(bad)?,
            address: Addresses::default(),
            duplication: Addresses::default(),
            health_check: Addresses::default(),
            interface: None,
            ssh: server,
        };
        Ok(Pair {
            name: hostname.to_string(),
            profile: self.profile.clone(),
            nodes: BySide::new(|_| node.clone()),
            vips: Vec::new(),
            ports: self.ports.clone(),
            block: BlockStyle::default(),
            takeover: Takeover::default(),
            priority: Priority::default(),
            ntp: Vec::new(),
            files: Vec::new(),
            standby: Standby::default(),
            encrypted_link: false,
            copying: Copying::default(),
        })
    }
}

/// What a server is called before it has told its name: an address as a name that can stand in a path.
fn name_of(host: &str) -> std::result::Result<Hostname, String> {
    match host.parse::<IpAddr>() {
        Ok(address) => format!("ip-{address}")
            .replace(['.', ':'], "-")
            .trim_end_matches('-')
            .parse(),
        Err(_) => host.parse(),
    }
}

/// `[USER@]HOST[:PORT]`; an IPv6 address with a port stands in brackets.
fn server(text: &str) -> std::result::Result<SshTarget, String> {
    let (user, place) = text
        .rsplit_once('@')
        .map_or((None, text), |(user, place)| (Some(user), place));
    let (name, port) = match place.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, "")) => (address, None),
        Some((address, port)) => (address, port.strip_prefix(':')),
        None if place.parse::<Ipv6Addr>().is_ok() => (place, None),
        None => place
            .split_once(':')
            .map_or((place, None), |(name, port)| (name, Some(port))),
    };
    if place.starts_with('[') && name.parse::<Ipv6Addr>().is_err() {
        return Err(format!(
            "`{}` is not a server; accepted: [USER@]HOST[:PORT], with an IPv6 address in brackets before a port",
            shown(text)
        ));
    }
    let usual = SshTarget::default();
    Ok(SshTarget {
        host: Some(host(name)?),
        port: port.map(tcp_port).transpose()?.unwrap_or(usual.port),
        user: user.map(login).transpose()?.unwrap_or(usual.user),
        ..usual
    })
}

fn parse_ports(text: &str) -> std::result::Result<Vec<Port>, String> {
    text.split(',').map(|port| port.trim().parse()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_server_is_a_name_or_an_address_with_login_and_port_where_they_differ() {
        for (text, user, name, port) in [
            ("alpha", "root", "alpha", 22),
            ("ops@alpha.example.net:2222", "ops", "alpha.example.net", 2222),
            ("192.0.2.11:2222", "root", "192.0.2.11", 2222),
            ("2001:db8::11", "root", "2001:db8::11", 22),
            ("ops@[2001:db8::11]:2222", "ops", "2001:db8::11", 2222),
            ("[2001:db8::11]", "root", "2001:db8::11", 22),
        ] {
            let ssh = server(text).unwrap();
            assert_eq!(
                (ssh.user.as_str(), ssh.host.as_deref(), ssh.port),
                (user, Some(name), port),
                "{text}"
            );
        }
        for text in [
            "",
            "a b",
            "alpha:0",
            "alpha:x",
            "[alpha]:22",
            "[::1",
            "-oX@alpha",
            "@alpha",
        ] {
            assert!(server(text).unwrap_err().contains("accepted"), "{text}");
        }
    }

    #[test]
    fn an_address_has_a_name_to_be_filed_under() {
        let own: Hostname = "gamma".parse().unwrap();
        let named = |text: &str| {
            let mut answers = Answers::default();
            for (key, value) in [("action", "block"), ("profile", "generic"), ("server", text)] {
                answers.set(key, value);
            }
            resolve(&answers).unwrap().pair(&own).unwrap().name
        };
        assert_eq!(named("192.0.2.11"), "ip-192-0-2-11");
        assert_eq!(named("fd00::"), "ip-fd00");
        assert_eq!(named("beta"), "beta");
        assert_eq!(named(""), "gamma");
    }
}
