//! Alarms that are raised on a node, and alarm files that raise nothing because they are not sound.

use super::{View, warning};
use crate::facts::Facts;
use crate::model::{Category, Side, TEST, paths};
use crate::render::seconds;
use crate::status::{Alarm, Severity, Warning};

pub fn judge(view: &View<'_>, side: Side, facts: &Facts) -> Vec<Warning> {
    let name = view.name(side);
    let raised = view.status.nodes[side].alarms.iter().map(|alarm| {
        warning(
            severity(alarm.category),
            "alarm",
            format!(
                "alarm {} ({}) on {name} {}",
                alarm.name,
                alarm.category,
                times(alarm)
            ),
            format!(
                "`pairadm test alarm {} --side {side} --clear` clears it by hand",
                alarm.name
            ),
        )
    });
    let faults = facts.alarm_faults.iter().map(|fault| {
        warning(
            Severity::Warning,
            "bad_alarm_file",
            format!("an alarm file on {name} raises nothing: {fault}"),
            format!("mend it in {} there", paths::REACTIONS_DIR),
        )
    });
    raised.chain(faults).collect()
}

const fn severity(category: Category) -> Severity {
    match category {
        Category::Critical => Severity::Critical,
        Category::Major => Severity::Warning,
        Category::Minor => Severity::Info,
    }
}

/// Since when, why, and how long still.
fn times(alarm: &Alarm) -> String {
    let cause = match alarm.cause.as_str() {
        TEST => "raised as a test".to_owned(),
        event => format!("raised by event {event}"),
    };
    let left = match alarm.left_s {
        Some(left) => format!("{} left", seconds(left)),
        None => "until it is cleared".to_owned(),
    };
    let since: String = alarm.since.chars().take(16).collect();
    format!("since {} UTC, {cause}, {left}", since.replace('T', " "))
}
