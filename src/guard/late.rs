//! With the network: finds out what the decision needs, decides, and does it under the node's lock.

use super::{DECIDED, Decision, PeerView, decide, peer, promote, recorded_pair, rules};
use crate::agent::protocol::LockOwner;
use crate::agent::traffic::Gate;
use crate::agent::{self, NodePaths, Occasion, lock, reaction, state, vip};
use crate::error::{Error, Result};
use crate::facts::{FactsQuery, gather};
use crate::model::{Mode, NodeState, Pair, Side, Traffic};
use crate::plan::wanted;
use crate::probe;
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long an active node looks for its peer: both may be starting after one power cut.
const ACTIVE_WAIT: Duration = Duration::from_secs(10);

/// A passive node only wants news; its service waits for this.
const PASSIVE_WAIT: Duration = Duration::from_secs(3);

/// How long the control address is asked in all.
const NETWORK_WAIT: Duration = Duration::from_secs(5);

/// One ping.
const PING: Duration = Duration::from_secs(1);

/// Time for the packet filter.
const RULES: Duration = Duration::from_secs(10);

/// Time for all reactions.
const REACTIONS: Duration = Duration::from_secs(30);

/// Takes back what was not possible before the databases ran, decides and acts; returns what was done, for
/// the journal. The services are started afterwards.
pub fn late() -> Result<String> {
    let reverted = agent::revert_unconfirmed(super::occasion());
    let done = serve_or_not()?;
    // Timers do not outlive a start. An alarm that fails is told, and keeps no node from serving.
    let alarms = match agent::settle_alarms(Instant::now() + REACTIONS) {
        Ok(told) => told,
        Err(error) => error.to_string(),
    };
    reverted.map(|()| format!("{done}; {alarms}"))
}

fn serve_or_not() -> Result<String> {
    let paths = NodePaths::system();
    let Some(own) = state::read(&paths)? else {
        return Ok("this node belongs to no pair".to_owned());
    };
    let Some(pair) = recorded_pair() else {
        return Err(
            Error::unknown("no_pair", "the pair file cannot be read: SIP stays blocked")
                .hint("`pairadm configure` writes it anew"),
        );
    };
    let facts = gather(
        &FactsQuery {
            brief: true,
            ..FactsQuery::default()
        },
        Instant::now() + RULES,
    );
    let name = facts.hostname.as_str();
    // The pair file's own order counts for addresses: the roles may have been reversed since it was written.
    let side = pair.side_of(name).unwrap_or(own.side);
    // An operation that a person started meanwhile decides instead.
    let _lock = lock::Lock::take(&paths, &owner(name))?;
    let recorded_active = own.active.as_deref() == Some(name) && own.traffic == Traffic::Allowed;
    let wait = if recorded_active {
        ACTIVE_WAIT
    } else {
        PASSIVE_WAIT
    };
    let peer = peer::ask(&pair, side.other(), Instant::now() + wait);
    let network =
        peer != PeerView::Unreachable || (recorded_active && has_network(&pair, side, &facts.gateways));
    let silent = recorded_active && is_silent(&pair, side);
    let decision = decide(name, &own, &peer, network, silent);
    let mode = became(&decision, recorded_active);
    // Whoever starts the guard by hand on a node that serves already changes nothing.
    let places = wanted::places(&pair, side);
    let anew = super::occasion() == Occasion::Starting || vip::present(&places).is_err();
    let serves = matches!(decision, Decision::Serve { .. });
    let mut done = act(&paths, &pair, side, &own, decision)?;
    mark()?;
    if let Some(mode) = mode {
        let until = Instant::now() + REACTIONS;
        let told = reaction::react(&paths, mode, mode.code(pair.standby), until)?;
        done = format!("{done}; {}", told.detail);
    }
    if let Some(ordered) = (serves && anew).then(|| promote::order(&pair)).flatten() {
        done = format!("{done}; {ordered}");
    }
    Ok(done)
}

/// What is told of a decision: that a node which stood by still does is no news.
fn became(decision: &Decision, was_active: bool) -> Option<Mode> {
    match decision {
        Decision::Serve { .. } => Some(Mode::Active),
        Decision::Passive { .. } | Decision::Blocked { .. } if was_active => Some(Mode::Passive),
        Decision::Passive { .. } | Decision::Blocked { .. } => None,
    }
}

fn act(paths: &NodePaths, pair: &Pair, side: Side, own: &NodeState, decision: Decision) -> Result<String> {
    match decision {
        Decision::Blocked { why } => Ok(format!("SIP stays blocked: {why}; see `pairadm status`")),
        Decision::Passive { state } => {
            record(paths, own, &state)?;
            apply(pair, side, Traffic::Blocked)?;
            let active = state.active.as_deref().unwrap_or("nobody");
            Ok(format!(
                "passive; {active} serves calls, generation {}",
                state.generation
            ))
        }
        Decision::Serve { state } => {
            record(paths, own, &state)?;
            let places = wanted::places(pair, side);
            if !places.is_empty() {
                vip::acquire(&places)?;
            }
            let allowed = apply(pair, side, Traffic::Allowed)?;
            Ok(format!("active, generation {}; {allowed}", state.generation))
        }
    }
}

fn record(paths: &NodePaths, own: &NodeState, state: &NodeState) -> Result<()> {
    if own != state {
        state::apply(paths, state.last_op, state)?;
    }
    Ok(())
}

fn apply(pair: &Pair, side: Side, traffic: Traffic) -> Result<String> {
    let change = rules(Some(pair), side, traffic);
    Ok(Gate::default().apply(&change, Instant::now() + RULES)?.detail)
}

/// True when a control address answers: the node's own entries, else its gateways.
fn has_network(pair: &Pair, side: Side, gateways: &[IpAddr]) -> bool {
    let named: Vec<IpAddr> = pair.nodes[side].health_check.iter().collect();
    let targets = if named.is_empty() {
        gateways.to_vec()
    } else {
        named
    };
    let until = Instant::now() + NETWORK_WAIT;
    while !targets.is_empty() && Instant::now() < until {
        if targets
            .iter()
            .any(|&target| matches!(probe::ping(target, PING), Ok(Some(_))))
        {
            return true;
        }
    }
    false
}

/// True when nobody answers for any VIP. An interface that cannot be asked on proves nothing.
fn is_silent(pair: &Pair, side: Side) -> bool {
    let places = wanted::places(pair, side);
    places.is_empty() || probe::only_held_by(&places, &[]).is_ok()
}

fn owner(name: &str) -> LockOwner {
    LockOwner {
        who: format!("boot guard of {name}"),
        pid: std::process::id(),
        operation: "start".to_owned(),
        since: chrono::Local::now().to_rfc3339(),
    }
}

/// From now on the recorded rules hold, also when the early unit is started again.
fn mark() -> Result<()> {
    let failed = |error: std::io::Error| {
        Error::unknown("guard_not_marked", "the decision cannot be marked as made")
            .at(DECIDED)
            .because(error)
    };
    if let Some(directory) = Path::new(DECIDED).parent() {
        fs::create_dir_all(directory).map_err(failed)?;
    }
    fs::write(DECIDED, "").map_err(failed)
}
