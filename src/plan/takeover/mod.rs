//! Plans a takeover: traffic moves to the other side, roles stay.
//!
//! ```text
//!  check new side, probe for strangers    calls run on the old side
//!  demote old, arm both, lease on new     calls run on the old side
//!  ── dark ── release on old (block, verify, VIPs off, verify)
//!             acquire on new (VIPs on, verify, announce), allow on new (verify)
//!  ── after ── record on new who is active, announce again, promote new
//!             prove from the old side: one holder, SIP answers at the VIPs; record on old
//! ```
//!
//! Everything that can be found out before the window is found out before it: a stranger that holds a
//! VIP shows while the old side still does. S1 and S2 hold because the stage that releases is verified
//! before the stage that acquires and allows begins. What comes up on the new side is on a lease (see
//! `agent::lease`), so that they hold as well when the way to the new side is cut after that: it takes
//! itself down before calls return to the old one.

mod checks;
mod query;
#[cfg(test)]
mod tests;

pub use query::query;

use super::{Action, Basis, Change, Draft, Lease, Plan, VipPlace, Window, alarms};
use crate::config::Hook;
use crate::error::Result;
use crate::intent::TakeoverIntent;
use crate::model::{Debt, Mode, NodeState, OpId, Side, Traffic};
use std::net::IpAddr;

/// How long the service may take to answer OPTIONS, milliseconds: three transmissions by RFC 3261.
pub(super) const SIP_ANSWER_MS: u64 = 2_000;

/// How long the controller may be silent before the new side takes itself down, seconds: longer than a busy
/// node's disk or a lost packet holds up one call; not longer than a lost node is waited for anyway.
const LEASE_S: u32 = 6;

/// What a takeover is planned from.
#[derive(Debug, Clone, Copy)]
pub struct TakeoverInput<'a> {
    /// Pair, profile and facts.
    pub basis: Basis<'a>,
    /// Where to, and whether the peer is lost.
    pub intent: TakeoverIntent,
}

/// Plans it, or refuses and says why. A plan without steps means that traffic is where it shall be.
pub fn plan(input: &TakeoverInput<'_>) -> Result<Plan> {
    let TakeoverInput { basis, intent } = input;
    let new = intent.to;
    let old = new.other();
    checks::refuse(basis, *intent)?;
    let mut draft = Draft::default();
    let done = is_done(basis, *intent);
    if !done {
        if intent.peer_lost {
            alone(&mut draft, basis, new)?;
        } else {
            together(&mut draft, basis, new)?;
        }
    }
    let sides = if intent.peer_lost {
        vec![new]
    } else {
        Side::BOTH.to_vec()
    };
    Ok(Plan {
        operation: "takeover".to_owned(),
        title: format!("take over to {}", basis.label(new)),
        asked: vec![
            ("to".to_owned(), new.to_string()),
            ("peer_lost".to_owned(), yes_no(intent.peer_lost).to_owned()),
        ],
        facts: basis.fingerprint(),
        notice: notice(basis, *intent, done),
        stages: draft.finish(),
        sides,
        service_affecting: !done,
        how_to_undo: format!("pairadm takeover --to {old} moves traffic back"),
    })
}

/// True when the new side serves, alone, and everybody concerned has it on record.
fn is_done(basis: &Basis<'_>, intent: TakeoverIntent) -> bool {
    let new = intent.to;
    let old = new.other();
    let recorded = |side: Side, traffic: Traffic| {
        let state = basis.facts[side].and_then(|facts| facts.state.as_ref());
        state
            .is_some_and(|state| state.active.as_deref() == Some(basis.name(new)) && state.traffic == traffic)
    };
    let in_place = basis.facts[new].is_some_and(|facts| {
        basis
            .vips(new)
            .iter()
            .all(|vip| facts.carrier(vip.address) == Some(vip.interface.as_str()))
    });
    let serves = in_place && basis.traffic(new) == Some(Traffic::Allowed) && recorded(new, Traffic::Allowed);
    let other_is_off = basis.traffic(old) == Some(Traffic::Blocked)
        && basis.holds(old).is_empty()
        && recorded(old, Traffic::Blocked);
    serves && (intent.peer_lost || other_is_off)
}

/// The takeover with both sides at hand.
fn together(draft: &mut Draft, basis: &Basis<'_>, new: Side) -> Result<()> {
    let old = new.other();
    let block = basis.change(old, Traffic::Blocked);
    let allow = basis.change(new, Traffic::Allowed);
    let holders = if basis.holds(old).is_empty() {
        Vec::new()
    } else {
        basis.macs(old)?
    };
    before(draft, basis, new, holders);
    if basis.traffic(new) != Some(Traffic::Blocked) {
        draft.stage("Close the new side");
        let closed = Action::Traffic(basis.change(new, Traffic::Blocked));
        draft.step(new, format!("block the {new} until it takes over"), closed);
    }
    draft.stage("Demote the old side");
    hooks(draft, old, &basis.profile.demote);
    draft.stage("Ready both sides");
    draft.step(old, "ready the block", Action::ArmTraffic(block.clone()));
    draft.step(new, "ready the allowance", Action::ArmTraffic(allow.clone()));
    draft.step(
        new,
        format!("lease: down by itself after {LEASE_S} s without a word"),
        Action::Lease(lease(basis, new)),
    );
    draft.stage_in(Window::Dark, "Release on the old side");
    let vips = basis.vips(old);
    let title = format!("block traffic, take {} off", addresses(&vips));
    let release = Action::Release {
        vips,
        block: Some(block.clone()),
    };
    draft.step(old, title, release);
    bring_up(draft, basis, new, &allow);
    after(draft, basis, new)?;
    proof(draft, basis, old, basis.macs(new)?);
    draft.stage_in(Window::After, "Record it on the old side");
    draft.step(old, "verify the block in full", Action::Traffic(block));
    record(draft, basis, old, new)?;
    draft.stage_in(Window::After, "Tell what changed");
    tell(draft, basis, new, Mode::Active);
    tell(draft, basis, old, Mode::Passive);
    Ok(())
}

/// The takeover without the old side: silence on the network stands for its absence.
fn alone(draft: &mut Draft, basis: &Basis<'_>, new: Side) -> Result<()> {
    let old = new.other();
    let allow = basis.change(new, Traffic::Allowed);
    before(draft, basis, new, Vec::new());
    draft.stage("Ready the new side");
    draft.step(new, "ready the allowance", Action::ArmTraffic(allow.clone()));
    bring_up(draft, basis, new, &allow);
    after(draft, basis, new)?;
    proof(draft, basis, new, Vec::new());
    draft.stage_in(Window::After, "Note what is left to do");
    let debt = Debt {
        op: OpId::default(),
        node: basis.name(old).to_owned(),
        what: format!(
            "traffic was taken over to {} without this node; once it can be reached, `pairadm takeover` or `pairadm configure` tells it",
            basis.label(new)
        ),
    };
    let note = Action::Note {
        pending_restart: Vec::new(),
        debt: Some(debt),
    };
    draft.step(
        new,
        format!("note that {} still has to be told", basis.name(old)),
        note,
    );
    tell(draft, basis, new, Mode::Active);
    Ok(())
}

/// Before the window: the new service is alive, and nobody but `holders` has a VIP.
fn before(draft: &mut Draft, basis: &Basis<'_>, new: Side, holders: Vec<String>) {
    draft.stage("Check the new side");
    for target in basis.pair.nodes[new].address.iter() {
        sip_check(draft, basis, new, target);
    }
    let vips = basis.vips(new);
    if vips.is_empty() {
        return;
    }
    let title = if holders.is_empty() {
        format!("probe that {} is silent", addresses(&vips))
    } else {
        format!("probe that nobody but the old side holds {}", addresses(&vips))
    };
    draft.step(new, title, Action::ProbeVip { vips, holders });
}

/// What comes up on the new side goes down again when the new side is cut off.
fn lease(basis: &Basis<'_>, new: Side) -> Lease {
    let pair = basis.pair;
    let named: Vec<IpAddr> = pair.nodes[new].health_check.iter().collect();
    let gateways = basis.facts[new].map_or(&[][..], |facts| &facts.gateways);
    let control = if named.is_empty() { gateways } else { &named };
    Lease {
        vips: basis.vips(new),
        block: basis.change(new, Traffic::Blocked),
        witnesses: pair.nodes[new.other()]
            .address
            .iter()
            .chain(control.iter().copied())
            .collect(),
        seconds: LEASE_S,
    }
}

fn bring_up(draft: &mut Draft, basis: &Basis<'_>, new: Side, allow: &Change) {
    draft.stage_in(Window::Dark, "Bring up the new side");
    let vips = basis.vips(new);
    if !vips.is_empty() {
        draft.step(
            new,
            format!("put {} on, announce", addresses(&vips)),
            Action::Acquire { vips },
        );
    }
    draft.step(new, "allow traffic", Action::Traffic(allow.clone()));
}

/// Right after the window the new side has it on record first: a generation newer than the old side's
/// keeps the old side passive if it goes away and returns.
fn after(draft: &mut Draft, basis: &Basis<'_>, new: Side) -> Result<()> {
    draft.stage_in(Window::After, "Record who is active");
    record(draft, basis, new, new)?;
    let vips = basis.vips(new);
    if !vips.is_empty() {
        draft.step(new, "announce again", Action::Announce { vips });
    }
    draft.stage_in(Window::After, "Promote the new side");
    hooks(draft, new, &basis.profile.promote);
    Ok(())
}

/// From `witness`: nobody but `holders` has a VIP, and SIP answers there.
fn proof(draft: &mut Draft, basis: &Basis<'_>, witness: Side, holders: Vec<String>) {
    let vips = basis.vips(witness);
    if vips.is_empty() {
        return;
    }
    draft.stage_in(Window::After, "Prove it from outside");
    let title = format!("prove that {} has one holder", addresses(&vips));
    let targets: Vec<IpAddr> = vips.iter().map(|vip| vip.address).collect();
    draft.step(witness, title, Action::ProbeVip { vips, holders });
    for target in targets {
        sip_check(draft, basis, witness, target);
    }
}

fn tell(draft: &mut Draft, basis: &Basis<'_>, side: Side, mode: Mode) {
    let standby = basis.pair.standby;
    let title = format!("tell that it is {mode}, event {}", mode.code(standby));
    draft.step(side, title, Action::React { mode, standby });
}

fn sip_check(draft: &mut Draft, basis: &Basis<'_>, side: Side, target: IpAddr) {
    if let Some(port) = basis.profile.sip_port {
        let action = Action::SipCheck {
            target,
            port,
            timeout_ms: SIP_ANSWER_MS,
        };
        draft.step(side, format!("ask SIP at {target}"), action);
    }
}

fn hooks(draft: &mut Draft, side: Side, hooks: &[Hook]) {
    for hook in hooks {
        let action = Action::Hook {
            argv: hook.argv.clone(),
            undo: hook.undo.clone(),
            timeout_ms: hook.timeout_ms,
        };
        draft.step(side, format!("run {}", hook.argv.join(" ")), action);
    }
}

/// The state of `side` once `active` serves.
fn record(draft: &mut Draft, basis: &Basis<'_>, side: Side, active: Side) -> Result<()> {
    let traffic = if side == active {
        Traffic::Allowed
    } else {
        Traffic::Blocked
    };
    let state = NodeState {
        side,
        active: Some(basis.name(active).to_owned()),
        generation: basis.generation().next(),
        traffic,
        ..basis.state(side)?.clone()
    };
    let title = format!(
        "record generation {}: {} is active",
        state.generation,
        basis.name(active)
    );
    draft.step(side, title, Action::State { state });
    Ok(())
}

fn notice(basis: &Basis<'_>, intent: TakeoverIntent, done: bool) -> Vec<String> {
    let (new, old) = (intent.to, intent.to.other());
    if done {
        return vec![format!(
            "Nothing to do: {} serves calls already.",
            basis.label(new)
        )];
    }
    let mut lines =
        vec!["Service affecting: calls at the VIPs are interrupted for some milliseconds.".to_owned()];
    if intent.peer_lost {
        lines.push(format!(
            "{} is not blocked, because it cannot be reached. If it still runs, both sides may serve calls.",
            basis.label(old)
        ));
    }
    let counters = basis.facts[old].map_or(&[][..], |facts| &facts.counters);
    for (name, count) in counters.iter().filter(|(_, count)| *count > 0) {
        lines.push(format!("{}: {count} {name} now.", basis.label(old)));
    }
    let version = |side: Side| basis.facts[side].and_then(|facts| facts.version.as_deref());
    if let (Some(from), Some(to)) = (version(old), version(new))
        && from != to
    {
        lines.push(format!(
            "The versions differ: {from} on the {old}, {to} on the {new}."
        ));
    }
    lines.push(alarms::at_passive(&basis.label(old)));
    lines.extend(checks::warnings(basis, intent));
    lines
}

fn addresses(vips: &[VipPlace]) -> String {
    if vips.is_empty() {
        return "no VIP".to_owned();
    }
    let addresses: Vec<String> = vips.iter().map(|vip| vip.address.to_string()).collect();
    addresses.join(" and ")
}

const fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}
