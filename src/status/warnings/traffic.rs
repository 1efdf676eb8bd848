//! Who serves calls: exactly one side should hold the VIPs with traffic allowed.

use super::{View, warning};
use crate::facts::Facts;
use crate::model::{Side, Traffic};
use crate::status::{Severity, Warning};

pub fn judge(view: &View<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (vip, holders) in &view.status.vips {
        if holders.len() == 2 {
            warnings.push(warning(
                Severity::Critical,
                "vip_on_both",
                format!("{vip} is on both nodes"),
                "`pairadm takeover` to the side that shall be active takes it off the other",
            ));
        }
        if holders.is_empty() && view.both_reached() {
            warnings.push(warning(
                Severity::Critical,
                "vip_nowhere",
                format!("{vip} is on neither node: nobody is reached at it"),
                "`pairadm takeover` to the side that shall be active brings it up",
            ));
        }
    }
    warnings.extend(both(view));
    for (side, facts) in view.reached() {
        warnings.extend(holder_without_traffic(view, side));
        warnings.extend(not_as_recorded(view, side, facts));
        warnings.extend(rules(view, side, facts));
    }
    warnings
}

fn both(view: &View<'_>) -> Option<Warning> {
    let traffic = |side: Side| view.status.nodes[side].traffic;
    match (traffic(Side::Primary)?, traffic(Side::Secondary)?) {
        (Traffic::Allowed, Traffic::Allowed) => Some(warning(
            Severity::Critical,
            "both_allowed",
            "traffic is allowed on both sides".to_owned(),
            "`pairadm traffic block --side` blocks the side that shall be passive",
        )),
        (Traffic::Blocked, Traffic::Blocked) => Some(warning(
            Severity::Critical,
            "both_blocked",
            "traffic is blocked on both sides: no call comes in".to_owned(),
            "`pairadm traffic allow --side` allows the side that shall be active",
        )),
        _ => None,
    }
}

fn holder_without_traffic(view: &View<'_>, side: Side) -> Option<Warning> {
    let node = &view.status.nodes[side];
    let peer_allowed = view.status.nodes[side.other()].traffic == Some(Traffic::Allowed);
    (!node.holds.is_empty() && node.traffic == Some(Traffic::Blocked) && peer_allowed).then(|| {
        warning(
            Severity::Critical,
            "vip_on_blocked_side",
            format!(
                "{} holds a VIP, but traffic is allowed on the other side",
                view.name(side)
            ),
            format!(
                "`pairadm takeover --to {side}` or `--to {}` brings both to one side",
                side.other()
            ),
        )
    })
}

/// The kernel does not do what the node remembers.
fn not_as_recorded(view: &View<'_>, side: Side, facts: &Facts) -> Option<Warning> {
    let recorded = facts.state.as_ref()?.traffic;
    let text = match view.status.nodes[side].traffic {
        Some(traffic) if traffic == recorded => return None,
        Some(traffic) => format!(
            "traffic on {} is {traffic}, recorded is {recorded}",
            view.name(side)
        ),
        None if recorded == Traffic::Allowed && facts.firewall.v4.is_none() => return None,
        None => format!(
            "pairadm's rules on {} are not complete; recorded is {recorded}",
            view.name(side)
        ),
    };
    let verb = match recorded {
        Traffic::Allowed => "allow",
        Traffic::Blocked => "block",
    };
    Some(warning(
        Severity::Critical,
        "traffic_not_as_recorded",
        text,
        format!("`pairadm traffic {verb} --side {side}` puts the rules in order"),
    ))
}

fn rules(view: &View<'_>, side: Side, facts: &Facts) -> Option<Warning> {
    (!facts.firewall.faults.is_empty()).then(|| {
        warning(
            Severity::Warning,
            "rules_faulty",
            format!(
                "pairadm's rules on {}: {}",
                view.name(side),
                facts.firewall.faults.join("; ")
            ),
            "`pairadm configure` puts them in order; see which other program writes rules",
        )
    })
}
