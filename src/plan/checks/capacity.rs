//! The secondary can carry what the primary carries: the same version on a machine that is no smaller.

use super::{Findings, Subject};
use crate::facts::Facts;
use crate::model::Side;

/// Two machines sold as equal differ by what firmware and kernel keep back: 3 % by experience.
const TOLERANCE_PERCENT: u64 = 3;

/// Room for state, journals and backups of many operations, bytes.
const LEAST_FREE: u64 = 16 << 20;

pub fn check(subject: &Subject<'_>, findings: &mut Findings) {
    versions(subject, findings);
    let (primary, secondary) = (subject.facts.primary, subject.facts.secondary);
    for (what, unit, wanted, found) in [
        (
            "processors",
            1,
            u64::from(primary.cpus),
            u64::from(secondary.cpus),
        ),
        ("MiB of memory", 1 << 20, primary.memory, secondary.memory),
        (
            "MiB of disk under /var/lib",
            1 << 20,
            primary.disk.1,
            secondary.disk.1,
        ),
    ] {
        if found + found * TOLERANCE_PERCENT / 100 < wanted {
            let text = format!(
                "`{}` has {} {what}, fewer than the primary; accepted: {} or more",
                secondary.hostname,
                found / unit,
                wanted / unit
            );
            findings.refuse("too_small", "secondary.address", text);
        }
    }
    for side in Side::BOTH {
        let facts = subject.facts[side];
        if facts.disk.0 < LEAST_FREE {
            let text = format!(
                "`{}` has {} KiB free for /var/lib/pairadm; accepted: {} MiB or more",
                facts.hostname,
                facts.disk.0 >> 10,
                LEAST_FREE >> 20
            );
            findings.refuse("disk_full", format!("{side}.address"), text);
        }
        calls(facts, findings);
    }
    if primary.os != secondary.os {
        findings.warn(format!(
            "the nodes run different systems: {} is {}, {} is {}",
            primary.hostname, primary.os, secondary.hostname, secondary.os
        ));
    }
}

fn versions(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.profile.version_command.is_empty() {
        findings.warn(format!(
            "the profile {} has no version command: whether both nodes run the same version is not checked",
            subject.profile.name
        ));
        return;
    }
    let mut known = Vec::new();
    for side in Side::BOTH {
        let facts = subject.facts[side];
        if let Some(version) = &facts.version {
            known.push(version);
            continue;
        }
        let command = subject.profile.version_command.join(" ");
        let text = format!(
            "`{}` does not tell the version of {}; accepted: an answer to `{command}`",
            facts.hostname, subject.profile.title
        );
        findings.refuse("no_version", "profile", text).cause =
            facts.gaps.iter().find(|gap| gap.contains(&command)).cloned();
    }
    if let [primary, secondary] = known[..]
        && primary != secondary
    {
        let text = format!(
            "`{secondary}` runs on the secondary, `{primary}` on the primary; accepted: the same version on both"
        );
        findings.refuse("different_versions", "secondary.address", text);
    }
}

/// Low traffic is the time to configure: says how much there is.
fn calls(facts: &Facts, findings: &mut Findings) {
    let busy: Vec<String> = facts
        .counters
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    if !busy.is_empty() {
        findings.warn(format!(
            "{} has {} now: choose a time of low traffic",
            facts.hostname,
            busy.join(" and ")
        ));
    }
}
