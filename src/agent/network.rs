//! Steps that change the node's network: traffic rules and virtual addresses. What they found is
//! remembered with the intent, so that the way back leads to it and not to a guess.

use super::found::Found;
use super::protocol::StepReport;
use super::traffic::{self, Gate};
use super::vip;
use crate::error::{Error, Result};
use crate::facts::Firewall;
use crate::model::Traffic;
use crate::plan::{Action, Change, VipPlace};
use crate::probe;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What a step found, if this module carries it out.
pub fn find(action: &Action, deadline: Instant) -> Result<Option<Found>> {
    let found = match action {
        Action::Traffic(change) => Found::Network {
            rules: rules_now(change, deadline)?,
            vips: Vec::new(),
        },
        Action::Release { vips, block } => Found::Network {
            rules: match block {
                Some(change) => rules_now(change, deadline)?,
                None => None,
            },
            vips: carried(vips),
        },
        Action::Acquire { vips } => Found::Network {
            rules: None,
            vips: carried(vips),
        },
        Action::ArmTraffic(_)
        | Action::RemoveChain { .. }
        | Action::ProbeVip { .. }
        | Action::Announce { .. }
        | Action::SipCheck { .. } => Found::Nothing,
        _ => return Ok(None),
    };
    Ok(Some(found))
}

/// Carries a step out.
pub fn apply(gate: &mut Gate, action: &Action, deadline: Instant) -> Result<StepReport> {
    match action {
        Action::Traffic(change) => gate.apply(change, deadline),
        Action::ArmTraffic(change) => gate.arm(change, deadline),
        Action::RemoveChain { .. } => traffic::remove(deadline),
        Action::Release { vips, block } => vip::release(gate, vips, block.as_ref(), deadline),
        Action::Acquire { vips } => vip::acquire(vips),
        Action::Announce { vips } => vip::announce(vips),
        _ => look(action, deadline),
    }
}

/// Reads a step back.
pub fn verify(action: &Action, deadline: Instant) -> Result<StepReport> {
    match action {
        Action::Traffic(change) => traffic::verify(change, deadline),
        Action::Release { vips, block } => {
            if let Some(block) = block {
                traffic::verify(block, deadline)?;
            }
            vip::absent(vips)
        }
        Action::Acquire { vips } | Action::Announce { vips } => vip::present(vips),
        Action::ArmTraffic(_) | Action::RemoveChain { .. } => Ok(unchanged("nothing to read back")),
        _ => look(action, deadline),
    }
}

/// Takes a step back to what it found.
pub fn revert(gate: &mut Gate, action: &Action, found: &Found, deadline: Instant) -> Result<StepReport> {
    let Found::Network { rules, vips: before } = found else {
        return match action {
            Action::RemoveChain { was } => gate.apply(was, deadline),
            Action::ArmTraffic(_) => {
                gate.disarm();
                Ok(unchanged("not armed any more"))
            }
            _ => Ok(unchanged("changed nothing that could be taken back")),
        };
    };
    match action {
        Action::Traffic(_) => give_back(gate, rules.as_ref(), deadline),
        Action::Release { block, .. } => {
            let mut report = give_back_vips(before)?;
            if block.is_some() {
                let rules = give_back(gate, rules.as_ref(), deadline)?;
                report.changed |= rules.changed;
                report.detail = format!("{}; {}", report.detail, rules.detail);
            }
            Ok(report)
        }
        Action::Acquire { vips } => {
            let added: Vec<VipPlace> = vips.iter().filter(|vip| !before.contains(vip)).cloned().collect();
            vip::release(gate, &added, None, deadline)
        }
        _ => Err(Error::bug("this step has no network state to give back")),
    }
}

/// Runs a probe: the steps that change nothing.
pub fn look(action: &Action, deadline: Instant) -> Result<StepReport> {
    match action {
        Action::ProbeVip { vips, holders } => {
            probe::only_held_by(vips, holders).map(|detail| unchanged(&detail))
        }
        Action::SipCheck {
            target,
            port,
            timeout_ms,
        } => {
            let target = SocketAddr::new(*target, *port);
            let timeout =
                Duration::from_millis(*timeout_ms).min(deadline.saturating_duration_since(Instant::now()));
            match probe::options(target, timeout)? {
                Some(took) => Ok(unchanged(&format!(
                    "{target} answered OPTIONS after {} µs",
                    took.as_micros()
                ))),
                None => Err(Error::incomplete(
                    "sip_silent",
                    format!("no answer to OPTIONS within {} ms", timeout.as_millis()),
                )
                .at(target)
                .hint("see whether the SIP service runs on this node and listens there")),
            }
        }
        _ => Err(Error::bug("only probes run outside an operation")),
    }
}

/// S1: nobody else may hold an address that is about to be put back.
fn give_back_vips(before: &[VipPlace]) -> Result<StepReport> {
    if before.is_empty() || vip::present(before).is_ok() {
        return Ok(unchanged("the node carries what it carried"));
    }
    probe::only_held_by(before, &[])?;
    vip::acquire(before)
}

fn give_back(gate: &mut Gate, rules: Option<&Change>, deadline: Instant) -> Result<StepReport> {
    match rules {
        Some(rules) => gate.apply(rules, deadline),
        None => traffic::remove(deadline),
    }
}

/// What our chain does now, as a change that would make it so; `None` without a chain.
fn rules_now(wanted: &Change, deadline: Instant) -> Result<Option<Change>> {
    let Firewall { v4, v6, blocked, .. } = traffic::read(deadline)?;
    let now = match (v4, v6) {
        (None, None) => return Ok(None),
        (Some(one), None) | (None, Some(one)) => one,
        // The families disagree: the way back must not let in what one of them kept out (S2).
        (Some(Traffic::Allowed), Some(Traffic::Allowed)) => Traffic::Allowed,
        (Some(_), Some(_)) => Traffic::Blocked,
    };
    Ok(Some(Change {
        traffic: now,
        ports: if blocked.is_empty() {
            wanted.ports.clone()
        } else {
            blocked
        },
        ..wanted.clone()
    }))
}

/// Those of the addresses that the node carries where they belong.
fn carried(vips: &[VipPlace]) -> Vec<VipPlace> {
    vips.iter()
        .filter(|vip| vip::present(std::slice::from_ref(vip)).is_ok())
        .cloned()
        .collect()
}

fn unchanged(detail: &str) -> StepReport {
    StepReport {
        changed: false,
        detail: detail.to_owned(),
        backup: None,
    }
}
