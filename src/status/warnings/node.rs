//! What is wrong with one node.

use super::health::is_silent;
use super::{View, warning};
use crate::facts::Facts;
use crate::model::{Side, Traffic, paths};
use crate::plan::files::{guard_units, hosts};
use crate::plan::{configure, restart, wanted};
use crate::status::{Severity, Warning};

pub fn judge(view: &View<'_>, side: Side, facts: &Facts) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if let Some(why) = damaged(facts) {
        warnings.push(warning(
            Severity::Warning,
            "state_damaged",
            format!("what {} remembers of the pair is damaged: {why}", view.name(side)),
            "it starts blocked; `pairadm configure` writes it anew",
        ));
    } else if facts.state.is_none() {
        warnings.push(warning(
            Severity::Warning,
            "not_configured",
            format!("{} has no recorded state of the pair", view.name(side)),
            "run `pairadm configure`",
        ));
    } else {
        warnings.extend(record(view, side, facts));
        warnings.extend(guard(view, side, facts));
        warnings.extend(promotion(view, side, facts));
        warnings.extend(hosts_file(view, side, facts));
    }
    warnings.extend(services(view, side, facts));
    warnings.extend(links(view, side, facts));
    warnings.extend(left_over(view, side, facts));
    if facts.keepalived {
        warnings.push(warning(
            Severity::Warning,
            "keepalived_holds_vip",
            format!("keepalived on {} runs a VIP of the pair", view.name(side)),
            "take the VIP out of keepalived's configuration",
        ));
    }
    warnings
}

/// Why the recorded state cannot be read, where there is one.
pub(super) fn damaged(facts: &Facts) -> Option<&String> {
    let unread = |why: &&String| facts.state.is_none() && why.contains(paths::STATE_FILE);
    facts.gaps.iter().find(unread)
}

fn record(view: &View<'_>, side: Side, facts: &Facts) -> Option<Warning> {
    let obstacle = facts.state_obstacle.as_ref()?;
    let text = format!(
        "{} cannot record what it becomes, so takeovers are refused: {obstacle}",
        view.name(side)
    );
    let hint = obstacle.hint.as_deref().unwrap_or("take that obstacle away");
    Some(warning(Severity::Warning, "state_not_replaceable", text, hint))
}

fn services(view: &View<'_>, side: Side, facts: &Facts) -> Vec<Warning> {
    let active = view.status.nodes[side].traffic == Some(Traffic::Allowed);
    let severity = if active {
        Severity::Critical
    } else {
        Severity::Warning
    };
    let down = view
        .profile
        .services
        .iter()
        .filter_map(|service| facts.unit(service))
        .filter(|unit| unit.active != "active")
        .map(|unit| {
            warning(
                severity,
                "service_down",
                format!("{} on {} is {}", unit.name, view.name(side), unit.active),
                format!("see `journalctl -u {}` on {}", unit.name, view.name(side)),
            )
        });
    let mut warnings: Vec<Warning> = down.collect();
    if warnings.is_empty() && is_silent(facts) {
        warnings.push(warning(
            severity,
            "service_silent",
            format!(
                "{} runs on {}, but does not answer",
                view.profile.title,
                view.name(side)
            ),
            "a service that listens on the VIP only answers at no other address; else restart it",
        ));
    }
    warnings
}

fn links(view: &View<'_>, side: Side, facts: &Facts) -> Vec<Warning> {
    let answered = |address| {
        facts
            .reach
            .iter()
            .find(|(target, _)| *target == address)
            .map(|(_, time)| time.is_some())
    };
    let mut warnings = Vec::new();
    let peer: Vec<bool> = wanted::addresses(view.pair, side.other())
        .into_iter()
        .filter_map(answered)
        .collect();
    if view.both_reached() && peer.contains(&false) {
        let text = format!(
            "{} does not reach every address of {}",
            view.name(side),
            view.name(side.other())
        );
        warnings.push(warning(
            Severity::Warning,
            "link_down",
            text,
            "see the link between the nodes",
        ));
    }
    let control: Vec<bool> = view.pair.nodes[side]
        .health_check
        .iter()
        .filter_map(answered)
        .collect();
    if control.contains(&false) {
        warnings.push(warning(
            Severity::Warning,
            "control_address_silent",
            format!("the control address does not answer {}", view.name(side)),
            "after a start without its peer the node would stay passive: see its network",
        ));
    }
    warnings
}

fn guard(view: &View<'_>, side: Side, facts: &Facts) -> Option<Warning> {
    let off = |unit: &&str| facts.unit(unit).is_some_and(|unit| unit.enabled != "enabled");
    [guard_units::EARLY, guard_units::LATE]
        .iter()
        .find(|unit| off(unit))
        .map(|unit| {
            warning(
                Severity::Warning,
                "guard_not_enabled",
                format!(
                    "{unit} is not enabled on {}: after a start it may serve calls beside its peer",
                    view.name(side)
                ),
                "`pairadm configure` enables it",
            )
        })
}

/// After a start the hooks of the node that serves failed; traffic that moved on made them pointless.
fn promotion(view: &View<'_>, side: Side, facts: &Facts) -> Option<Warning> {
    let failed = facts
        .unit(guard_units::PROMOTE)
        .is_some_and(|unit| unit.active == "failed");
    let state = facts.state.as_ref()?;
    let serves = state.active.as_deref() == Some(view.name(side));
    (failed && serves).then(|| {
        warning(
            Severity::Warning,
            "promote_failed",
            format!("a promote hook failed on {} after its start", view.name(side)),
            "see `journalctl -u pairadm-promote` there, run the hook by hand, then `systemctl reset-failed pairadm-promote`",
        )
    })
}

fn hosts_file(view: &View<'_>, side: Side, facts: &Facts) -> Option<Warning> {
    facts.file(hosts::PATH)?;
    let text = configure::present(facts, hosts::PATH);
    (hosts::with_pair(&text, view.pair, None) != text).then(|| {
        warning(
            Severity::Warning,
            "hosts_changed",
            format!(
                "{} on {} no longer has the pair's entries",
                hosts::PATH,
                view.name(side)
            ),
            "`pairadm configure` puts them back",
        )
    })
}

fn left_over(view: &View<'_>, side: Side, facts: &Facts) -> Vec<Warning> {
    let Some(state) = &facts.state else {
        return Vec::new();
    };
    let mut warnings = Vec::new();
    for debt in &state.debts {
        warnings.push(warning(
            Severity::Warning,
            "debt",
            format!(
                "left over from operation {}: {} ({})",
                debt.op, debt.what, debt.node
            ),
            "the next `pairadm takeover` or `pairadm configure` with both nodes settles it",
        ));
    }
    if !state.pending_restart.is_empty() {
        warnings.push(warning(
            Severity::Warning,
            "restart_pending",
            format!(
                "{} on {} waits for its restart",
                state.pending_restart.join(", "),
                view.name(side)
            ),
            "`pairadm restart` makes it",
        ));
    }
    if let Some(text) = restart::repeated(facts) {
        warnings.push(warning(
            Severity::Warning,
            "repeated_restarts",
            text,
            "wait before the next restart",
        ));
    }
    warnings
}
