//! Gathers [`Facts`] on the node itself. What needs a program or the network runs on a thread of its own
//! until the deadline; what could not be had is named in [`Facts::gaps`], never guessed.

mod configured;
mod data;
mod network;
mod node_key;
mod record;
mod root_login;
mod service;
mod ssh_ports;
mod system;
mod units;

use super::{Facts, FactsQuery, SYSCTLS};
use crate::agent::data::survey;
use crate::agent::traffic;
use crate::probe;
use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

/// A part of the facts that is written in when its thread is done.
type Part = Box<dyn FnOnce(&mut Facts) + Send>;

/// What a thread runs to come by its part.
type Slow<'a> = Box<dyn FnOnce() -> Part + Send + 'a>;

/// How long an answer to SIP or a ping is waited for: the second SIP request leaves after 500 ms.
const WAIT: Duration = Duration::from_millis(1500);

/// The same for live status, where a dead service must not hold up the living; but a busy one is not dead,
/// and is asked twice.
const BRIEF_WAIT: Duration = Duration::from_millis(1000);

/// Describes this node. Never fails: a part that is missing at `deadline` is a gap.
pub fn gather(query: &FactsQuery, deadline: Instant) -> Facts {
    let mut facts = Facts::default();
    thread::scope(|scope| {
        let slow: Vec<_> = slow_parts(query, deadline)
            .into_iter()
            .map(|part| scope.spawn(part))
            .collect();
        quick_parts(query, &mut facts);
        for part in slow {
            match part.join() {
                Ok(write) => write(&mut facts),
                Err(_) => facts.gaps.push("a part of the facts crashed".to_owned()),
            }
        }
    });
    facts
}

/// Everything that only reads files and asks the kernel.
fn quick_parts(query: &FactsQuery, facts: &mut Facts) {
    system::describe(facts);
    match network::read() {
        Ok(network) => {
            facts.interfaces = network.interfaces;
            facts.addresses = network.addresses;
            facts.gateways = network.gateways;
        }
        Err(why) => facts.gaps.push(why),
    }
    match record::state() {
        Ok(state) => facts.state = state,
        Err(why) => facts.gaps.push(why),
    }
    facts.runs = record::runs();
    facts.keepalived = configured::keepalived_holds(&query.vips);
    facts.sysctl = SYSCTLS
        .iter()
        .filter_map(|&name| {
            let value = fs::read_to_string(format!("/proc/sys/{}", name.replace('.', "/"))).ok()?;
            Some((name.to_owned(), value.trim().to_owned()))
        })
        .collect();
    if !query.brief {
        facts.ssh_ports = ssh_ports::read();
        facts.vip_in_configuration = configured::network_files(&query.vips);
    }
}

/// Everything that waits for a program or an answer; each on its own thread.
fn slow_parts<'a>(query: &'a FactsQuery, deadline: Instant) -> Vec<Slow<'a>> {
    let mut parts: Vec<Slow<'a>> = vec![
        Box::new(move || {
            let units = units::read(&query.units, deadline);
            Box::new(move |facts| keep(units, &mut facts.gaps, &mut facts.units))
        }),
        Box::new(move || {
            let firewall = traffic::read(deadline).map_err(|error| error.to_string());
            Box::new(move |facts| keep(firewall, &mut facts.gaps, &mut facts.firewall))
        }),
    ];
    if !query.liveness_command.is_empty() {
        parts.push(Box::new(move || {
            let alive = service::alive(&query.liveness_command, deadline);
            Box::new(move |facts| facts.alive = Some(alive))
        }));
    }
    if let Some(asked) = &query.data {
        parts.push(Box::new(move || {
            let data = data::read(asked, deadline);
            Box::new(move |facts| facts.data = Some(data))
        }));
    }
    if let Some(source) = query.newest_mirror {
        parts.push(Box::new(move || {
            let newest = data::newest_mirror(source);
            Box::new(move |facts| facts.newest_mirror = newest)
        }));
    }
    if let Some(asked) = &query.survey {
        parts.push(Box::new(move || {
            let found = survey(asked, deadline)
                .map(Some)
                .map_err(|error| error.to_string());
            Box::new(move |facts| keep(found, &mut facts.gaps, &mut facts.survey))
        }));
    }
    parts.extend(probe_parts(query, deadline));
    if query.brief {
        return parts;
    }
    parts.extend(service_parts(query, deadline));
    if query.setup {
        parts.extend(setup_parts(query, deadline));
    }
    parts
}

/// What only setting up the node looks at.
fn setup_parts(query: &FactsQuery, deadline: Instant) -> Vec<Slow<'_>> {
    let mut parts: Vec<Slow<'_>> = vec![
        Box::new(move || {
            let synchronised = units::clock_synchronised(deadline);
            Box::new(move |facts| keep(synchronised, &mut facts.gaps, &mut facts.clock_synchronised))
        }),
        Box::new(move || {
            let key = if query.ensure_node_key {
                node_key::ensure(deadline).map(Some)
            } else {
                Ok(node_key::read())
            };
            Box::new(move |facts| keep(key, &mut facts.gaps, &mut facts.node_key))
        }),
        Box::new(|| {
            let sha256 = record::program_sha256();
            Box::new(move |facts| facts.agent_sha256 = sha256)
        }),
    ];
    if let Some(peer) = query.login_from {
        parts.push(Box::new(move || {
            let bars = root_login::bars(peer, deadline);
            Box::new(move |facts| keep(bars, &mut facts.gaps, &mut facts.root_login))
        }));
    }
    parts
}

/// Version and counters of the service.
fn service_parts<'a>(query: &'a FactsQuery, deadline: Instant) -> Vec<Slow<'a>> {
    let mut parts: Vec<Slow<'a>> = Vec::new();
    if !query.version_command.is_empty() {
        parts.push(Box::new(move || {
            let version = service::version(&query.version_command, deadline).map(Some);
            Box::new(move |facts| keep(version, &mut facts.gaps, &mut facts.version))
        }));
    }
    for counter in &query.counters {
        parts.push(Box::new(move || {
            let count = service::counter(counter, deadline);
            let name = counter.name.clone();
            Box::new(move |facts| match count {
                Ok(count) => facts.counters.push((name, count)),
                Err(why) => facts.gaps.push(why),
            })
        }));
    }
    parts
}

/// Questions to the network: SIP at the node's own addresses, pings.
fn probe_parts<'a>(query: &'a FactsQuery, deadline: Instant) -> Vec<Slow<'a>> {
    let left = deadline.saturating_duration_since(Instant::now());
    let timeout = left.min(if query.brief { BRIEF_WAIT } else { WAIT });
    let mut parts: Vec<Slow<'a>> = Vec::new();
    if let Some(port) = query.sip_port {
        for &target in &query.sip_targets {
            parts.push(Box::new(move || {
                let answer = probe::options(SocketAddr::new(target, port), timeout);
                Box::new(move |facts| heard(target, answer, &mut facts.gaps, &mut facts.sip))
            }));
        }
    }
    for &target in &query.reach {
        parts.push(Box::new(move || {
            let answer = probe::ping(target, timeout);
            Box::new(move |facts| heard(target, answer, &mut facts.gaps, &mut facts.reach))
        }));
    }
    parts
}

/// Notes how long an answer took, in microseconds, or that there was none.
fn heard(
    target: IpAddr,
    answer: crate::error::Result<Option<Duration>>,
    gaps: &mut Vec<String>,
    place: &mut Vec<(IpAddr, Option<u64>)>,
) {
    match answer {
        Ok(time) => {
            let micros = time.map(|time| u64::try_from(time.as_micros()).unwrap_or(u64::MAX));
            place.push((target, micros));
        }
        Err(error) => gaps.push(error.to_string()),
    }
}

fn keep<T>(part: Result<T, String>, gaps: &mut Vec<String>, place: &mut T) {
    match part {
        Ok(value) => *place = value,
        Err(why) => gaps.push(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_hangs_costs_the_deadline_and_its_own_fact_only() {
        let query = FactsQuery {
            version_command: vec!["sleep".to_owned(), "60".to_owned()],
            ..FactsQuery::default()
        };
        let started = Instant::now();
        let facts = gather(&query, started + Duration::from_millis(200));
        assert!(started.elapsed() < Duration::from_secs(30));
        assert_eq!(facts.version, None);
        assert!(
            facts.gaps.iter().any(|gap| gap.contains("sleep")),
            "{:?}",
            facts.gaps
        );
        assert!(!facts.hostname.is_empty());
    }

    #[test]
    fn brief_facts_leave_out_what_is_slow() {
        let query = FactsQuery {
            version_command: vec!["sleep".to_owned(), "60".to_owned()],
            brief: true,
            ..FactsQuery::default()
        };
        let facts = gather(&query, Instant::now() + Duration::from_secs(5));
        assert!(facts.version.is_none() && facts.gaps.iter().all(|gap| !gap.contains("sleep")));
    }
}
