//! Whether a node does by itself what it was told to do, and how that went.

use super::{View, warning};
use crate::data::{LastRun, RunEnd, Trigger};
use crate::facts::Facts;
use crate::model::Side;
use crate::plan::files::{schedule_unit, sync_unit};
use crate::status::{Severity, Warning};

pub fn judge(view: &View<'_>, side: Side, facts: &Facts) -> Vec<Warning> {
    let name = view.name(side);
    let on = |unit: &str| {
        let unit = facts.unit(unit);
        unit.filter(|unit| unit.enabled == "enabled")
    };
    let mut warnings = Vec::new();
    if let Some(unit) = on(sync_unit::UNIT) {
        if unit.active != "active" {
            warnings.push(warning(
                Severity::Warning,
                "sync_down",
                format!("the continuous synchronisation on {name} is {}", unit.active),
                format!("see `journalctl -u {}` on {name}", sync_unit::UNIT),
            ));
        }
        warnings.extend(failed(
            facts,
            Trigger::Change,
            "sync_failed",
            name,
            sync_unit::UNIT,
        ));
    }
    if on(schedule_unit::TIMER).is_some() {
        warnings.extend(failed(
            facts,
            Trigger::Timer,
            "scheduled_run_failed",
            name,
            schedule_unit::SERVICE,
        ));
    }
    warnings
}

fn failed(facts: &Facts, trigger: Trigger, code: &str, name: &str, unit: &str) -> Option<Warning> {
    let is_failed = |run: &&LastRun| run.trigger == trigger && run.end == RunEnd::Failed;
    let run = facts.runs.iter().find(is_failed)?;
    let what = match trigger {
        Trigger::Timer => "scheduled run",
        Trigger::Change => "synchronisation after a change",
    };
    Some(warning(
        Severity::Warning,
        code,
        format!("the last {what} on {name} failed: {}", run.text),
        format!("see `journalctl -u {unit}` on {name}; it is tried again by itself"),
    ))
}
