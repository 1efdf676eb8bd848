//! Whether the passive side would serve calls better than the active one, by the pair's priority. It is
//! told, never acted on: a takeover is an operator's.

use super::{View, warning};
use crate::facts::Facts;
use crate::model::{Priority, Side};
use crate::status::{Severity, Warning};

/// What there is to compare of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Health {
    /// Its services run and answer.
    serves: bool,
    /// Control addresses that answer it; `None` where none was asked.
    control: Option<usize>,
    /// VIPs whose interface there has a link.
    links: usize,
}

pub fn judge(view: &View<'_>) -> Option<Warning> {
    let active = view.status.active?;
    let passive = active.other();
    let health = |side: Side| Some(health(view, side, view.facts[side]?));
    let (ours, theirs) = (health(active)?, health(passive)?);
    // Wherever the calls go, nobody would answer them there.
    if !theirs.serves {
        return None;
    }
    let reasons = match view.pair.priority {
        Priority::High => best(&ours, &theirs),
        Priority::Equal => connectivity(&ours, &theirs),
        Priority::Ignore => None,
    }?;
    Some(warning(
        Severity::Warning,
        "passive_healthier",
        format!(
            "{}, which is passive, is healthier than {}: {reasons}",
            view.name(passive),
            view.name(active)
        ),
        format!(
            "`pairadm takeover --to {passive}` moves the calls; with `pairadm settings set priority=ignore` this is not told"
        ),
    ))
}

fn health(view: &View<'_>, side: Side, facts: &Facts) -> Health {
    let services = view.profile.services.iter().filter_map(|name| facts.unit(name));
    let running = services.clone().all(|unit| unit.active == "active");
    let control: Vec<bool> = view.pair.nodes[side]
        .health_check
        .iter()
        .filter_map(|address| facts.reach.iter().find(|(target, _)| *target == address))
        .map(|(_, time)| time.is_some())
        .collect();
    let linked = |name: &str| facts.interfaces.iter().any(|one| one.name == name && one.up);
    let vips = view.pair.vips.iter();
    Health {
        serves: running && !is_silent(facts),
        control: (!control.is_empty()).then(|| control.iter().filter(|answers| **answers).count()),
        links: vips.filter(|vip| linked(view.pair.interface(vip, side))).count(),
    }
}

/// The service does not answer, be it SIP or its own liveness command.
pub fn is_silent(facts: &Facts) -> bool {
    let asked = !facts.sip.is_empty() && facts.sip.iter().all(|(_, time)| time.is_none());
    asked || facts.alive.as_ref().is_some_and(|(alive, _)| !alive)
}

/// The first of service, control address and links that differs decides; why, if for the passive side.
fn best(active: &Health, passive: &Health) -> Option<String> {
    if !active.serves {
        return Some("its service answers, the other's does not".to_owned());
    }
    match (active.control, passive.control) {
        (Some(ours), Some(theirs)) if theirs > ours => {
            return Some(format!(
                "{theirs} control address(es) answer it, the other {ours}"
            ));
        }
        (Some(ours), Some(theirs)) if theirs < ours => return None,
        _ => {}
    }
    (passive.links > active.links).then(|| {
        format!(
            "of its VIPs {} lie on an interface with a link, of the other's {}",
            passive.links, active.links
        )
    })
}

/// The greater number of control addresses that answer and of links; why, if it is the passive side's.
fn connectivity(active: &Health, passive: &Health) -> Option<String> {
    // Where only one side has a control address, it says nothing about which is better.
    let (ours, theirs) = match (active.control, passive.control) {
        (Some(ours), Some(theirs)) => (ours, theirs),
        _ => (0, 0),
    };
    let (ours, theirs) = (ours + active.links, theirs + passive.links);
    (theirs > ours).then(|| {
        format!("it counts {theirs} control addresses that answer and VIPs with a link, the other {ours}")
    })
}
