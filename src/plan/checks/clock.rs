//! The clocks agree, or there are NTP servers that will make them.

use super::{Findings, Subject};
use crate::facts::Facts;
use crate::model::Side;
use crate::plan::files::chrony;

/// Clocks that are further apart need NTP, microseconds. The facts of both nodes are gathered within
/// much less than this.
const LARGEST_SKEW_US: u64 = 1_000_000;

pub fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let (primary, secondary) = (subject.facts.primary, subject.facts.secondary);
    if !subject.pair.ntp.is_empty() {
        for side in Side::BOTH {
            chrony_there(subject.facts[side], findings);
        }
    }
    let skew = primary.clock_us.abs_diff(secondary.clock_us);
    if skew > LARGEST_SKEW_US && subject.pair.ntp.is_empty() {
        let text = format!(
            "the clocks of `{}` and `{}` are {}.{} s apart; accepted: at least one NTP server, or clocks within 1 s",
            primary.hostname,
            secondary.hostname,
            skew / 1_000_000,
            skew / 100_000 % 10
        );
        findings.refuse("clocks_differ", "ntp", text);
    }
    if primary.time_zone.1 != secondary.time_zone.1 {
        let zones = format!(
            "`{}` keeps {}, `{}` keeps {}",
            primary.hostname, primary.time_zone.0, secondary.hostname, secondary.time_zone.0
        );
        if subject.pair.ntp.is_empty() {
            let text = format!("{zones}; accepted: at least one NTP server, or one time zone");
            findings.refuse("zones_differ", "ntp", text);
        } else {
            findings.warn(format!(
                "the time zones differ: {zones}; times in logs will differ too"
            ));
        }
    }
}

fn chrony_there(facts: &Facts, findings: &mut Findings) {
    if chrony_unit(facts).is_none() {
        let text = format!(
            "`{}` has no chrony to give NTP servers to; accepted: an empty list, or chrony installed",
            facts.hostname
        );
        findings.refuse("no_chrony", "ntp", text);
    }
}

/// chrony's unit on this node.
pub fn chrony_unit(facts: &Facts) -> Option<&'static str> {
    chrony::UNITS
        .into_iter()
        .find(|unit| facts.unit(unit).is_some_and(|unit| unit.load == "loaded"))
}
