//! systemd units: each verb with the reading back that proves it, and the way back to what was there.

use super::protocol::StepReport;
use super::step::Context;
use crate::agent::program::{Finished, run_from};
use crate::error::{Error, Result};
use crate::plan::UnitVerb;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// A unit as systemd describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Found {
    /// `loaded`, `not-found`, `masked`.
    pub load: String,
    /// `active`, `inactive`, `failed`, `activating`.
    pub active: String,
    /// `enabled`, `disabled`, `static`, ….
    pub enabled: String,
    /// `simple`, `oneshot`, ….
    #[serde(default)]
    pub kind: String,
    /// `success`, or how the last run failed.
    #[serde(default)]
    pub result: String,
    /// Changes with every start.
    #[serde(default)]
    pub invocation: String,
}

impl Found {
    fn runs(&self) -> bool {
        matches!(self.active.as_str(), "active" | "reloading" | "activating")
    }

    /// Enabled in any way that starts it at boot.
    fn is_enabled(&self) -> bool {
        self.enabled.starts_with("enabled") || self.enabled.starts_with("linked") || self.enabled == "alias"
    }

    /// Started and either still there or, for a job that ends, ended well.
    fn came_up(&self) -> bool {
        matches!(self.active.as_str(), "active" | "reloading")
            || (self.kind == "oneshot" && self.active == "inactive" && self.result == "success")
    }
}

/// Asks systemd.
pub fn look(context: &Context<'_>, unit: &str) -> Result<Found> {
    let mut found = look_at(context, &[unit])?;
    found
        .pop()
        .ok_or_else(|| Error::bug(format!("systemd was not asked about {unit}")))
}

/// Asks systemd about several units at once, in this order: every question takes 10 ms.
pub fn look_at(context: &Context<'_>, units: &[&str]) -> Result<Vec<Found>> {
    const ASKED: &str = "--property=LoadState,ActiveState,UnitFileState,Type,Result,InvocationID";
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let shown = systemctl(context, &[&["show", ASKED, "--"], units].concat())?;
    let mut told = shown.stdout.split("\n\n");
    let described = |unit: &&str| {
        let found = parse(told.next().unwrap_or_default());
        if found.load.is_empty() {
            let fault = Error::unknown("unit_unknown", "systemd did not describe the unit");
            return Err(fault.at(unit).because(shown.last_words()));
        }
        Ok(found)
    };
    units.iter().map(described).collect()
}

fn parse(shown: &str) -> Found {
    let mut found = Found::default();
    for (name, value) in shown.lines().filter_map(|line| line.split_once('=')) {
        let place = match name {
            "LoadState" => &mut found.load,
            "ActiveState" => &mut found.active,
            "UnitFileState" => &mut found.enabled,
            "Type" => &mut found.kind,
            "Result" => &mut found.result,
            "InvocationID" => &mut found.invocation,
            _ => continue,
        };
        value.clone_into(place);
    }
    found
}

/// Carries the verb out, unless that is so already, and reads it back. A restart is always carried out.
/// `found` is what was seen when the step was prepared: to set a start-up link that is there already does no
/// harm, and to look once more takes 10 ms.
pub fn apply(context: &Context<'_>, unit: &str, verb: UnitVerb, found: Option<&Found>) -> Result<StepReport> {
    if verb == UnitVerb::DaemonReload {
        systemctl(context, &["daemon-reload"])?;
        return Ok(report(true, "systemd read its unit files again".to_owned()));
    }
    let before = match (verb, found) {
        (UnitVerb::Enable | UnitVerb::Disable, Some(found)) => found.clone(),
        _ => look(context, unit)?,
    };
    match verb {
        UnitVerb::Enable if before.is_enabled() => return Ok(unchanged(unit, &before.enabled)),
        UnitVerb::Disable if !before.is_enabled() => return Ok(unchanged(unit, &before.enabled)),
        UnitVerb::Start if before.active == "active" => return Ok(unchanged(unit, &before.active)),
        UnitVerb::Stop if !before.runs() => return Ok(unchanged(unit, &before.active)),
        UnitVerb::Reload if !before.runs() => {
            return Ok(unchanged(
                unit,
                "not running; it reads its configuration when it starts",
            ));
        }
        _ => {}
    }
    carry_out(context, unit, verb)?;
    let mut after = look(context, unit)?;
    let start_up = matches!(verb, UnitVerb::Enable | UnitVerb::Disable);
    if start_up && prove(unit, verb, &before, &after).is_err() {
        // Of a unit that ran since the boot, systemd remembers the start-up links it saw then.
        systemctl(context, &["daemon-reload"])?;
        after = look(context, unit)?;
    }
    prove(unit, verb, &before, &after)?;
    let detail = match verb {
        UnitVerb::Enable | UnitVerb::Disable => format!("{unit} is {}", after.enabled),
        _ => format!("{unit} is {}", after.active),
    };
    Ok(report(true, detail))
}

/// Reads back what the verb asked for, without changing anything.
pub fn verify(context: &Context<'_>, unit: &str, verb: UnitVerb) -> Result<StepReport> {
    if verb == UnitVerb::DaemonReload {
        return Ok(report(false, "nothing to read back".to_owned()));
    }
    let now = look(context, unit)?;
    prove(unit, verb, &Found::default(), &now)?;
    Ok(report(
        false,
        format!("{unit} is {}, {}", now.active, now.enabled),
    ))
}

/// Goes back to what the step found. `ran` tells whether a restart or reload really happened: then
/// it happens again, now with the files that were given back.
pub fn revert(
    context: &Context<'_>,
    unit: &str,
    verb: UnitVerb,
    found: &Found,
    ran: bool,
) -> Result<StepReport> {
    let back = match verb {
        UnitVerb::DaemonReload | UnitVerb::Restart | UnitVerb::Reload if !ran => {
            return Ok(unchanged(unit, "was not touched"));
        }
        UnitVerb::Enable if !found.is_enabled() => UnitVerb::Disable,
        UnitVerb::Disable if found.is_enabled() => UnitVerb::Enable,
        UnitVerb::Start | UnitVerb::Restart if !found.runs() => UnitVerb::Stop,
        UnitVerb::Stop if found.runs() => UnitVerb::Start,
        UnitVerb::DaemonReload | UnitVerb::Restart | UnitVerb::Reload => verb,
        _ => return Ok(unchanged(unit, "as it was found")),
    };
    if found.load == "not-found" && look(context, unit)?.load == "not-found" {
        return Ok(unchanged(unit, "unknown to systemd again"));
    }
    apply(context, unit, back, None)
}

fn carry_out(context: &Context<'_>, unit: &str, verb: UnitVerb) -> Result<()> {
    // A reload of systemd takes 100 ms and more; that of the start-up links waits for the next boot.
    let words: &[&str] = match verb {
        UnitVerb::DaemonReload => &["daemon-reload"],
        UnitVerb::Enable => &["enable", "--no-reload", "--", unit],
        UnitVerb::Disable => &["disable", "--no-reload", "--", unit],
        UnitVerb::Start => &["start", "--", unit],
        UnitVerb::Stop => &["stop", "--", unit],
        UnitVerb::Restart => &["restart", "--", unit],
        UnitVerb::Reload => &["reload-or-restart", "--", unit],
    };
    systemctl(context, words).map(drop).map_err(|error| {
        error
            .at(unit)
            .hint(format!("see `journalctl -u {unit}` on the node"))
    })
}

fn prove(unit: &str, verb: UnitVerb, before: &Found, after: &Found) -> Result<()> {
    let (fine, now) = match verb {
        UnitVerb::DaemonReload => (true, &after.load),
        UnitVerb::Enable => (after.is_enabled(), &after.enabled),
        UnitVerb::Disable => (!after.is_enabled(), &after.enabled),
        UnitVerb::Stop => (!after.runs(), &after.active),
        UnitVerb::Start | UnitVerb::Reload => (after.came_up(), &after.active),
        UnitVerb::Restart => {
            let anew = after.invocation.is_empty() || after.invocation != before.invocation;
            (after.came_up() && anew, &after.active)
        }
    };
    if fine {
        return Ok(());
    }
    let asked = match verb {
        UnitVerb::Enable => "enabled",
        UnitVerb::Disable => "disabled",
        UnitVerb::Stop => "stopped",
        UnitVerb::Start => "started",
        UnitVerb::Restart => "restarted",
        UnitVerb::Reload | UnitVerb::DaemonReload => "reloaded",
    };
    Err(Error::incomplete(
        "unit_not_verified",
        format!("the unit was to be {asked} and is {now}"),
    )
    .at(unit)
    .because(format!("load state {}, last result {}", after.load, after.result))
    .hint(format!("see `systemctl status {unit}` on the node")))
}

/// Runs `systemctl` within the step's deadline.
pub fn systemctl(context: &Context<'_>, arguments: &[&str]) -> Result<Finished> {
    let argv: Vec<&str> = [&["systemctl", "--no-ask-password", "--no-pager"], arguments].concat();
    run_ok(
        context.paths.search(),
        &argv,
        "systemctl_failed",
        context.deadline,
    )
}

/// Runs a program and turns any exit but 0 into an error with this code.
pub fn run_ok(search: &str, argv: &[&str], code: &str, deadline: Instant) -> Result<Finished> {
    let finished = run_from(search, argv, deadline)?;
    if finished.status.success() {
        return Ok(finished);
    }
    Err(
        Error::incomplete(code, format!("`{}` failed", argv.join(" "))).because(format!(
            "{}: {}",
            finished.status,
            finished.last_words()
        )),
    )
}

fn report(changed: bool, detail: String) -> StepReport {
    StepReport {
        changed,
        detail,
        backup: None,
    }
}

fn unchanged(unit: &str, why: &str) -> StepReport {
    report(false, format!("{unit}: {why}"))
}
