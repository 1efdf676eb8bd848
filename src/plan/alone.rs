//! Plans blocking or allowing SIP on one server that is in no pair. There is no other side to verify and
//! no boot guard: the rules last until the server's next start, and nothing else on it changes.

use super::traffic::{capital, counts, verb};
use super::{Action, Change, Draft, Plan, fingerprint, wanted};
use crate::config::Profile;
use crate::error::{Error, Result};
use crate::facts::{Facts, FactsQuery};
use crate::model::{BySide, Pair, Port, Side, SshTarget, Traffic, Transport};

/// The side that stands for the server.
pub const SERVER: Side = Side::Primary;

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct AloneInput<'a> {
    /// The server as a pair with itself.
    pub pair: &'a Pair,
    /// Its profile.
    pub profile: &'a Profile,
    /// What it is like.
    pub facts: &'a Facts,
    /// What its rules shall do.
    pub traffic: Traffic,
}

/// What has to be known of the server: rules, SSH ports and how many calls there are.
pub fn query(profile: &Profile) -> FactsQuery {
    super::traffic::query(profile)
}

/// Plans it, or refuses. A plan without steps means that the server is as asked.
pub fn plan(input: &AloneInput<'_>) -> Result<Plan> {
    let AloneInput { facts, traffic, .. } = *input;
    refuse(input)?;
    let name = facts.hostname.as_str();
    let mut draft = Draft::default();
    let done = is_done(input);
    if !done {
        draft.stage(&format!("{} {name}", capital(verb(traffic))));
        let (title, action) = match traffic {
            Traffic::Blocked => ("block traffic", Action::Traffic(change(input))),
            Traffic::Allowed => {
                let was = Change {
                    traffic: facts.firewall.v4.or(facts.firewall.v6).unwrap_or(traffic),
                    ports: facts.firewall.blocked.clone(),
                    ..change(input)
                };
                ("remove pairadm's chain", Action::RemoveChain { was })
            }
        };
        draft.step(SERVER, title, action);
    }
    Ok(Plan {
        operation: "traffic".to_owned(),
        title: format!("{} traffic on {name}", verb(traffic)),
        asked: vec![
            ("action".to_owned(), verb(traffic).to_owned()),
            (Plan::SERVER.to_owned(), name.to_owned()),
        ],
        facts: fingerprint(BySide {
            primary: Some(facts),
            secondary: None,
        }),
        notice: notice(input, done),
        stages: draft.finish(),
        sides: vec![SERVER],
        service_affecting: !done && traffic == Traffic::Blocked,
        how_to_undo: format!(
            "pairadm traffic {}{}",
            match traffic {
                Traffic::Blocked => "allow",
                Traffic::Allowed => "block",
            },
            flag(input)
        ),
    })
}

/// How the server is named on the command line.
fn flag(input: &AloneInput<'_>) -> String {
    let ssh = &input.pair.nodes[SERVER].ssh;
    let Some(host) = &ssh.host else {
        return String::new();
    };
    let usual = SshTarget::default();
    let user = if ssh.user == usual.user {
        String::new()
    } else {
        format!("{}@", ssh.user)
    };
    match (ssh.port == usual.port, host.contains(':')) {
        (true, _) => format!(" --node {user}{host}"),
        (false, true) => format!(" --node {user}[{host}]:{}", ssh.port),
        (false, false) => format!(" --node {user}{host}:{}", ssh.port),
    }
}

fn change(input: &AloneInput<'_>) -> Change {
    Change {
        traffic: input.traffic,
        ports: wanted::ports(input.pair, input.profile).to_vec(),
        style: input.pair.block,
        exempt: Vec::new(),
    }
}

fn refuse(input: &AloneInput<'_>) -> Result<()> {
    let facts = input.facts;
    if let Some(state) = &facts.state {
        let message = format!(
            "the server belongs to the pair {}, whose other side has to be looked at first",
            state.pair
        );
        return Err(Error::refused("in_a_pair", message)
            .on(&facts.hostname)
            .hint("run pairadm on that server, or name a copy of its /etc/pairadm/pair.toml with --pair"));
    }
    if facts.firewall.backend.is_none() {
        return Err(
            Error::refused("no_iptables", "there is no iptables to block traffic with")
                .on(&facts.hostname)
                .hint("install the package `iptables`"),
        );
    }
    if input.traffic == Traffic::Allowed {
        return Ok(());
    }
    let own = input.pair.nodes[SERVER].ssh.port;
    let ssh = || facts.ssh_ports.iter().copied().chain([own]);
    for port in wanted::ports(input.pair, input.profile) {
        let hit = |ssh: &u16| port.transport == Transport::Tcp && (port.first..=port.last).contains(ssh);
        if let Some(hit) = ssh().find(hit) {
            let message = format!(
                "`{port}` contains the SSH port {hit}: blocking it would cut off every login; accepted: ports without it"
            );
            return Err(Error::refused("locks_out", message)
                .on(&facts.hostname)
                .at("ports"));
        }
    }
    Ok(())
}

/// True when both families are as asked and nothing is wrong with them.
fn is_done(input: &AloneInput<'_>) -> bool {
    let firewall = &input.facts.firewall;
    match input.traffic {
        Traffic::Allowed => firewall.v4.is_none() && firewall.v6.is_none() && firewall.faults.is_empty(),
        Traffic::Blocked => {
            let sorted = |ports: &[Port]| {
                let mut ports = ports.to_vec();
                ports.sort_unstable();
                ports.dedup();
                ports
            };
            // A kernel without IPv6 has no chain for it, and nothing to block.
            firewall.v4 == Some(Traffic::Blocked)
                && firewall.v6.is_none_or(|v6| v6 == Traffic::Blocked)
                && firewall.faults.is_empty()
                && sorted(&firewall.blocked) == sorted(wanted::ports(input.pair, input.profile))
        }
    }
}

fn notice(input: &AloneInput<'_>, done: bool) -> Vec<String> {
    let name = input.facts.hostname.as_str();
    if done {
        return vec![format!(
            "Nothing to do: traffic is {} on {name} already.",
            input.traffic
        )];
    }
    let alone = format!("{name} is in no pair: its rules last until its next start, then SIP gets in again.");
    match input.traffic {
        Traffic::Blocked => {
            let ports: Vec<String> = wanted::ports(input.pair, input.profile)
                .iter()
                .map(ToString::to_string)
                .collect();
            let mut lines = vec![
                format!("Service affecting: calls on {name} end."),
                format!("Blocked from now on: {}.", ports.join(" ")),
                alone,
            ];
            lines.extend(counts(name, input.facts));
            lines
        }
        Traffic::Allowed => vec![format!(
            "No other server is looked at: if one serves the same addresses or numbers, block it first."
        )],
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::{profile, sample};
    use crate::facts::Firewall;
    use crate::plan::sample::Sample;

    struct Server {
        pair: Pair,
        profile: Profile,
        facts: Facts,
    }

    impl Server {
        fn new() -> Self {
            let mut pair = sample::office();
            pair.ports = vec!["udp/5060".parse().unwrap(), "tcp/5061".parse().unwrap()];
            Self {
                pair,
                profile: profile("generic", std::path::Path::new("/nonexistent")).unwrap(),
                facts: Facts {
                    hostname: "gamma".to_owned(),
                    ssh_ports: vec![22],
                    firewall: Firewall {
                        backend: Some("nf_tables".to_owned()),
                        ..Firewall::default()
                    },
                    ..Facts::default()
                },
            }
        }

        fn plan(&self, traffic: Traffic) -> Result<Plan> {
            plan(&AloneInput {
                pair: &self.pair,
                profile: &self.profile,
                facts: &self.facts,
                traffic,
            })
        }

        fn blocked(mut self) -> Self {
            let firewall = &mut self.facts.firewall;
            (firewall.v4, firewall.v6) = (Some(Traffic::Blocked), Some(Traffic::Blocked));
            firewall.blocked.clone_from(&self.pair.ports);
            self
        }
    }

    #[test]
    fn a_block_is_one_step_that_says_how_long_it_lasts_and_records_nothing() {
        let plan = Server::new().plan(Traffic::Blocked).unwrap();
        let steps: Vec<&Action> = plan.steps().map(|step| &step.action).collect();
        assert!(matches!(steps[..], [Action::Traffic(change)] if change.ports.len() == 2));
        assert_eq!((plan.server(), &plan.sides[..]), (Some("gamma"), &[SERVER][..]));
        assert!(plan.notice.iter().any(|line| line.contains("next start")));
        assert!(plan.service_affecting);
    }

    #[test]
    fn allowing_takes_the_chain_off_and_knows_what_it_was() {
        let server = Server::new().blocked();
        let plan = server.plan(Traffic::Allowed).unwrap();
        let steps: Vec<&Action> = plan.steps().map(|step| &step.action).collect();
        assert!(
            matches!(steps[..], [Action::RemoveChain { was }] if was.traffic == Traffic::Blocked && was.ports == server.pair.ports)
        );
        assert!(plan.notice[0].contains("No other server"));
        assert!(!plan.service_affecting);
    }

    #[test]
    fn a_server_that_is_as_asked_has_nothing_to_do_and_other_ports_are_something() {
        assert!(Server::new().plan(Traffic::Allowed).unwrap().is_empty());
        let mut server = Server::new().blocked();
        server.pair.ports.reverse();
        assert!(server.plan(Traffic::Blocked).unwrap().is_empty());
        server.pair.ports.pop();
        assert!(!server.plan(Traffic::Blocked).unwrap().is_empty());
    }

    #[test]
    fn a_server_of_a_pair_is_refused_either_way() {
        let mut server = Server::new();
        server.facts.state = Sample::default().facts.primary.unwrap().state;
        for traffic in [Traffic::Blocked, Traffic::Allowed] {
            let error = server.plan(traffic).unwrap_err();
            assert_eq!((error.code.as_str(), error.kind.exit_code()), ("in_a_pair", 2));
        }
    }

    #[test]
    fn the_port_of_ssh_is_never_blocked() {
        let mut server = Server::new();
        server.pair.ports = vec!["tcp/1-5061".parse().unwrap()];
        server.facts.ssh_ports.clear();
        assert_eq!(server.plan(Traffic::Blocked).unwrap_err().code, "locks_out");
        assert!(server.plan(Traffic::Allowed).is_ok());
    }
}
