//! What the operator must have read before saying yes: service affecting or not, services, files, where
//! the originals are kept, warnings.

use super::refresh::Refresh;
use crate::intent::RestartChoice;
use crate::model::{BySide, Pair, Side, Traffic};
use crate::plan::{Action, Draft, UnitVerb, alarms};
use std::collections::BTreeMap;

/// What the notice is made from.
pub struct Notice<'a> {
    /// For the nodes' names.
    pub pair: &'a Pair,
    /// The side that serves calls.
    pub active: Side,
    /// Services that need a restart.
    pub refreshes: &'a BySide<Vec<Refresh>>,
    /// When they get it.
    pub choice: RestartChoice,
    /// Everything that will be done.
    pub draft: &'a Draft,
}

impl Notice<'_> {
    /// True when calls may be interrupted: a service of the active side restarts.
    pub fn service_affecting(&self) -> bool {
        self.choice == RestartChoice::Now && !self.refreshes[self.active].is_empty()
    }

    /// The lines, warnings last.
    pub fn lines(&self, warnings: Vec<String>) -> Vec<String> {
        let mut lines = vec![self.effect()];
        lines.extend(listed(
            "Services that may be reconfigured or restarted:",
            self.services(),
        ));
        let files = self.files();
        let some = !files.is_empty();
        lines.extend(listed("Files that may be modified:", files));
        if some {
            lines.push(
                "Originals are kept in place, tagged .pairadm_<pid>_<epoch>; those of directories that load \
                 every file, in /var/lib/pairadm/backups."
                    .to_owned(),
            );
        }
        let passive = self.active.other();
        let blocks =
            |action: &Action| matches!(action, Action::Traffic(change) if change.traffic == Traffic::Blocked);
        if self
            .draft
            .steps()
            .any(|step| step.side == passive && blocks(&step.action))
        {
            lines.push(alarms::at_passive(self.name(passive)));
        }
        lines.extend(warnings.into_iter().map(|warning| format!("Warning: {warning}.")));
        lines
    }

    fn effect(&self) -> String {
        let active = &self.pair.nodes[self.active].hostname;
        if self.service_affecting() {
            format!(
                "This change is service affecting: services are restarted on {active}, which serves calls."
            )
        } else if self.refreshes[self.active].is_empty() {
            "This change is not service affecting.".to_owned()
        } else {
            format!(
                "This change is not service affecting yet; the restart that {active} needs later will be: see `pairadm restart`."
            )
        }
    }

    /// Services with their nodes. A service that only has to take up a file of its own is conditional.
    fn services(&self) -> BTreeMap<String, Vec<&str>> {
        let mut services: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let when = match self.choice {
            RestartChoice::Now => "",
            RestartChoice::Later => ", later",
        };
        for (side, refreshes) in self.refreshes.iter() {
            for refresh in refreshes {
                let line = format!("{} ({}{when})", refresh.restart.unit, refresh.restart.why);
                services.entry(line).or_default().push(self.name(side));
            }
        }
        for step in self.draft.steps() {
            let Action::Unit { unit, verb } = &step.action else {
                continue;
            };
            let needed = self.refreshes[step.side]
                .iter()
                .any(|refresh| refresh.restart.unit == *unit);
            if !needed && matches!(verb, UnitVerb::Restart | UnitVerb::Reload) {
                let nodes = services.entry(format!("{unit} (conditional)")).or_default();
                nodes.push(self.name(step.side));
            }
        }
        for nodes in services.values_mut() {
            nodes.dedup();
        }
        services
    }

    fn files(&self) -> BTreeMap<String, Vec<&str>> {
        let mut files: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        for step in self.draft.steps() {
            if let Action::File(file) = &step.action {
                files
                    .entry(file.path.clone())
                    .or_default()
                    .push(self.name(step.side));
            }
        }
        files
    }

    fn name(&self, side: Side) -> &str {
        self.pair.nodes[side].hostname.as_str()
    }
}

fn listed(title: &str, entries: BTreeMap<String, Vec<&str>>) -> Vec<String> {
    if entries.is_empty() {
        return Vec::new();
    }
    let entries = entries
        .into_iter()
        .map(|(entry, nodes)| format!("- {entry}: {}", nodes.join(", ")));
    std::iter::once(title.to_owned()).chain(entries).collect()
}
