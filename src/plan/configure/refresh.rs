//! Which services have to be restarted to take up what changes, and whether that was done often of late.

use super::managed::Managed;
use super::{ConfigureInput, Outlook};
use crate::facts::Facts;
use crate::model::Side;
use crate::plan::files::sysctl;
use crate::plan::{Restart, UnitVerb};
use std::path::Path;

/// A service and what makes it take the change up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refresh {
    /// The unit and the reason.
    pub restart: Restart,
    /// Reload where that is enough, else restart.
    pub verb: UnitVerb,
}

/// What the node of `side` needs. A service that does not run takes everything up when it starts.
pub fn needed(input: &ConfigureInput<'_>, outlook: &Outlook, side: Side, managed: &Managed) -> Vec<Refresh> {
    let facts = input.facts[side];
    let (why, verb) = if let Some(path) = changed_configuration(input, managed) {
        (format!("{path} changes"), input.profile.refresh)
    } else if input.binds_early() && !binds_early_now(facts) {
        let why = "it can listen on VIPs only from its next start on";
        (why.to_owned(), UnitVerb::Restart)
    } else if side == outlook.active && gains_vip(input, facts) {
        let why = "it may listen on new VIPs only from its next start on";
        (why.to_owned(), UnitVerb::Restart)
    } else {
        return Vec::new();
    };
    let runs = |unit: &&String| facts.unit(unit).is_some_and(|unit| unit.active == "active");
    let refresh = |unit: &String| Refresh {
        restart: Restart {
            unit: unit.clone(),
            why: why.clone(),
        },
        verb,
    };
    input.profile.services.iter().filter(runs).map(refresh).collect()
}

/// A file to install that the service reads: named by the profile, or beside one that is.
fn changed_configuration<'a>(input: &ConfigureInput<'a>, managed: &Managed) -> Option<&'a str> {
    let read = |target: &str| {
        let named = &input.profile.address_files;
        named
            .iter()
            .any(|file| Path::new(file).parent() == Path::new(target).parent())
    };
    input
        .extra
        .iter()
        .map(|(file, _)| file.target.as_str())
        .find(|target| managed.changes(target) && read(target))
}

fn binds_early_now(facts: &Facts) -> bool {
    sysctl::values(facts)
        .iter()
        .all(|value| facts.sysctl.contains(value))
}

fn gains_vip(input: &ConfigureInput<'_>, facts: &Facts) -> bool {
    input
        .pair
        .vips
        .iter()
        .any(|vip| facts.carrier(vip.address).is_none())
}
