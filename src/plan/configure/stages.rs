//! The stages of a configuration, in the order that keeps the promises: no side is allowed before the
//! other is blocked (S2), no VIP comes up before it was seen absent and silent (S1).

use super::managed::Managed;
use super::refresh::Refresh;
use super::{ConfigureInput, Outlook, outlook};
use crate::facts::Facts;
use crate::intent::RestartChoice;
use crate::model::{BySide, Port, Side, Traffic, paths};
use crate::plan::checks::chrony_unit;
use crate::plan::files::{authorized_keys, chrony, guard_units, sysctl};
use crate::plan::{Action, Change, Content, Draft, FilePut, Keep, UnitVerb, VipPlace, restart, wanted};

/// Milliseconds that a restarted service has to answer SIP: a large configuration takes seconds to load.
const SERVICE_START_MS: u64 = 20_000;

/// Files, units and kernel parameters, on both nodes at once.
pub fn files(input: &ConfigureInput<'_>, changes: &BySide<Managed>, draft: &mut Draft) {
    draft.stage("Install files");
    for (side, managed) in changes.iter() {
        program(input, side, draft);
        for file in &managed.files {
            put(side, file, draft);
        }
    }
    draft.stage("Put files into effect");
    for (side, managed) in changes.iter() {
        units(input.facts[side], side, managed, draft);
        kernel(input, side, draft);
    }
}

/// pairadm itself, so that the boot guard runs and either node can administer after a disaster.
fn program(input: &ConfigureInput<'_>, side: Side, draft: &mut Draft) {
    let present = &input.facts[side].agent_sha256;
    let Some(wanted) = input.program.filter(|wanted| present.as_deref() != Some(*wanted)) else {
        return;
    };
    let file = FilePut {
        path: paths::PROGRAM.to_owned(),
        content: Some(Content::Program(wanted.to_owned())),
        mode: 0o755,
        force_mode: true,
        owner: None,
        before: present.clone(),
        diff: String::new(),
        keep: Keep::Aside,
    };
    put(side, &file, draft);
}

/// One file; what opens or closes a login path is armed.
pub fn put(side: Side, file: &FilePut, draft: &mut Draft) {
    let verb = match (&file.before, &file.content) {
        (None, _) => "create",
        (Some(_), Some(_)) => "change",
        (Some(_), None) => "remove",
    };
    let title = format!("{verb} {}", file.path);
    if file.path == authorized_keys::PATH {
        draft.armed(side, title, Action::File(file.clone()));
    } else {
        draft.step(side, title, Action::File(file.clone()));
    }
}

fn units(facts: &Facts, side: Side, managed: &Managed, draft: &mut Draft) {
    let guard = [guard_units::EARLY, guard_units::LATE];
    // systemd reads units that it has not run yet when it starts them: at the next boot.
    let stale = |name: &&str| {
        let ran = facts.unit(name).is_some_and(|unit| unit.active == "active");
        ran && managed.changes(&guard_units::path(name))
    };
    if guard.iter().any(stale) {
        unit(side, "", UnitVerb::DaemonReload, "read unit files again", draft);
    }
    for name in guard {
        if facts.unit(name).is_none_or(|unit| unit.enabled != "enabled") {
            unit(side, name, UnitVerb::Enable, &format!("enable {name}"), draft);
        }
    }
    let time = chrony::MAIN_FILES
        .into_iter()
        .chain([chrony::SOURCES, chrony::CONF]);
    if time.into_iter().any(|path| managed.changes(path))
        && let Some(name) = chrony_unit(facts)
    {
        unit(side, name, UnitVerb::Restart, &format!("restart {name}"), draft);
    }
}

fn unit(side: Side, name: &str, verb: UnitVerb, title: &str, draft: &mut Draft) {
    let action = Action::Unit {
        unit: name.to_owned(),
        verb,
    };
    draft.step(side, title, action);
}

fn kernel(input: &ConfigureInput<'_>, side: Side, draft: &mut Draft) {
    let facts = input.facts[side];
    let mut values = sysctl::values(facts);
    values.retain(|value| !facts.sysctl.contains(value));
    if input.binds_early() && !values.is_empty() {
        let action = Action::Sysctl { values };
        draft.step(side, "let services bind VIPs before the node holds them", action);
    }
}

/// Blocks, then VIPs, then what is allowed.
pub fn traffic(input: &ConfigureInput<'_>, outlook: &Outlook, draft: &mut Draft) {
    let active = outlook.active;
    let gone = dropped_vips(input);
    let missing: Vec<VipPlace> = wanted::places(input.pair, active)
        .into_iter()
        .filter(|place| input.facts[active].carrier(place.address).is_none())
        .collect();
    draft.stage("Block the passive side");
    for side in [active.other(), active] {
        if outlook.traffic[side] == Traffic::Blocked {
            rules(input, side, Traffic::Blocked, draft);
        }
    }
    if !missing.is_empty() {
        let action = Action::Release {
            vips: wanted::places(input.pair, active.other()),
            block: None,
        };
        draft.step(active.other(), "make sure that it holds no VIP", action);
    }
    for (side, vips) in gone.iter().filter(|(_, vips)| !vips.is_empty()) {
        let action = Action::Release {
            vips: vips.clone(),
            block: None,
        };
        draft.step(side, format!("take off {}", list(vips)), action);
    }
    draft.stage("Bring up the VIPs");
    if !missing.is_empty() {
        let title = format!("see that nobody holds {}", list(&missing));
        let probe = Action::ProbeVip {
            vips: missing.clone(),
            holders: Vec::new(),
        };
        draft.step(active, title, probe);
        let title = format!("bring up and announce {}", list(&missing));
        draft.step(active, title, Action::Acquire { vips: missing });
    }
    draft.stage("Allow the active side");
    for side in Side::BOTH {
        if outlook.traffic[side] == Traffic::Allowed {
            rules(input, side, Traffic::Allowed, draft);
        }
    }
}

/// VIPs that nodes hold and the pair no longer has.
fn dropped_vips(input: &ConfigureInput<'_>) -> BySide<Vec<VipPlace>> {
    BySide::new(|side| {
        let wanted = wanted::places(input.pair, side);
        let before = input
            .previous
            .map(|pair| wanted::places(pair, side))
            .unwrap_or_default();
        before
            .into_iter()
            .filter(|place| wanted.iter().all(|wanted| wanted.address != place.address))
            .filter(|place| input.facts[side].carrier(place.address).is_some())
            .collect()
    })
}

fn list(vips: &[VipPlace]) -> String {
    let addresses: Vec<String> = vips.iter().map(|vip| vip.address.to_string()).collect();
    addresses.join(", ")
}

fn rules(input: &ConfigureInput<'_>, side: Side, traffic: Traffic, draft: &mut Draft) {
    let change = wanted::change(input.pair, input.profile, side, traffic);
    let before = input
        .previous
        .map(|pair| wanted::change(pair, input.profile, side, traffic));
    let altered = traffic == Traffic::Blocked && before.is_some_and(|before| before != change);
    if altered || !in_force(input.facts[side], &change) {
        let verb = match traffic {
            Traffic::Allowed => "allow",
            Traffic::Blocked => "block",
        };
        let ports: Vec<String> = change.ports.iter().map(ToString::to_string).collect();
        draft.armed(
            side,
            format!("{verb} {}", ports.join(", ")),
            Action::Traffic(change),
        );
    }
}

/// True when the kernel has these rules, as far as the facts tell.
fn in_force(facts: &Facts, change: &Change) -> bool {
    let firewall = &facts.firewall;
    let wanted = Some(change.traffic);
    let has_v6 = facts.sysctl.iter().any(|(name, _)| name.starts_with("net.ipv6."));
    let v6 = firewall.v6 == wanted || (firewall.v6.is_none() && !has_v6);
    let sorted = |ports: &[Port]| {
        let mut ports = ports.to_vec();
        ports.sort_unstable();
        ports.dedup();
        ports
    };
    let ports = change.traffic == Traffic::Allowed || sorted(&firewall.blocked) == sorted(&change.ports);
    firewall.v4 == wanted && v6 && ports && firewall.faults.is_empty()
}

/// The passive side first: when its service does not come back, the active one is untouched.
pub fn restarts(
    input: &ConfigureInput<'_>,
    outlook: &Outlook,
    refreshes: &BySide<Vec<Refresh>>,
    draft: &mut Draft,
) {
    for side in [outlook.active.other(), outlook.active] {
        draft.stage(&format!(
            "Restart services on {}",
            input.pair.nodes[side].hostname
        ));
        for refresh in &refreshes[side] {
            let name = &refresh.restart.unit;
            let verb = match refresh.verb {
                UnitVerb::Reload => "reload",
                _ => "restart",
            };
            unit(side, name, refresh.verb, &format!("{verb} {name}"), draft);
        }
        if !refreshes[side].is_empty() {
            answers(input, side, draft);
        }
    }
}

/// A service that answered before has to answer again.
fn answers(input: &ConfigureInput<'_>, side: Side, draft: &mut Draft) {
    let answered = input.facts[side].sip.iter().find(|(_, time)| time.is_some());
    if let (Some(port), Some(&(target, _))) = (input.profile.sip_port, answered) {
        let action = Action::SipCheck {
            target,
            port,
            timeout_ms: SERVICE_START_MS,
        };
        draft.step(side, format!("see that SIP is answered at {target}"), action);
    }
}

/// Pair file and states, last: from here on the nodes are a pair.
pub fn record(
    input: &ConfigureInput<'_>,
    outlook: &Outlook,
    changes: &BySide<Managed>,
    refreshes: &BySide<Vec<Refresh>>,
    draft: &mut Draft,
) {
    draft.stage("Record the pair");
    for side in Side::BOTH {
        if let Some(file) = &changes[side].pair_file {
            put(side, file, draft);
        }
        let facts = input.facts[side];
        let mut state = outlook::state(input, outlook, side);
        let units: Vec<&str> = refreshes[side]
            .iter()
            .map(|refresh| refresh.restart.unit.as_str())
            .collect();
        match input.restart {
            RestartChoice::Now => state
                .pending_restart
                .retain(|unit| !units.contains(&unit.as_str())),
            RestartChoice::Later => restart::put_off(&mut state, &units),
        }
        if facts.state.as_ref() != Some(&state) {
            let title = format!("record: {} is {}", input.pair.nodes[side].hostname, side);
            draft.step(side, title, Action::State { state });
        }
    }
}
