//! Plans `configure` and `settings`: brings both nodes from what they are to what the pair file and the
//! profile say. Nothing is planned that is so already, so a second run is an empty plan.
//!
//! ```text
//! files, units, kernel ─> passive blocked ─> VIP up on the active side ─> active allowed ─> restarts ─> record
//! ```

mod managed;
mod notice;
mod outlook;
mod query;
mod refresh;
mod stages;

pub use managed::{keep_for, plain, present};
pub use outlook::Outlook;
pub use query::{managed_paths, query};

use super::checks::{self, Findings, Subject};
use super::{Draft, Plan, fingerprint, restart, wanted};
use crate::config::Profile;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::intent::{Operation, RestartChoice};
use crate::model::{BySide, ExtraFile, Pair, Side, paths};
use managed::{Managed, managed};
use notice::Notice;
use refresh::Refresh;
use std::net::IpAddr;

/// Stands for a node's key in a dry run on a node that has none yet.
const KEY_TO_BE_MADE: &str = "ssh-ed25519 (made on the node when this is carried out)";

/// Everything the planner decides by.
#[derive(Debug, Clone, Copy)]
pub struct ConfigureInput<'a> {
    /// `Configure` or `Settings`.
    pub operation: Operation,
    /// The pair as it shall be.
    pub pair: &'a Pair,
    /// The pair as it is configured, if it is.
    pub previous: Option<&'a Pair>,
    /// The profile that the pair names.
    pub profile: &'a Profile,
    /// The administrator's own text of that profile, which both nodes shall have; `None` where the shipped
    /// one is used.
    pub own_profile: Option<&'a str>,
    /// What the nodes are like, by [`query`].
    pub facts: BySide<&'a Facts>,
    /// Text of the pair file for both nodes.
    pub pair_file: &'a str,
    /// Files to install, with their content.
    pub extra: &'a [(ExtraFile, Vec<u8>)],
    /// SHA-256 of this program, which both nodes shall have for good; `None` leaves theirs alone.
    pub program: Option<&'a str>,
    /// When services are restarted.
    pub restart: RestartChoice,
    /// Who answered for each VIP on the network, by MAC address; empty when nobody asked.
    pub holders: &'a [(IpAddr, Vec<String>)],
    /// The plan is only shown: nodes without a key need not have one yet.
    pub dry_run: bool,
}

impl ConfigureInput<'_> {
    /// True when services bind VIPs before the node holds them.
    fn binds_early(&self) -> bool {
        self.profile.nonlocal_bind && !self.pair.vips.is_empty()
    }
}

/// The plan. Refused with every reason when the checks fail.
pub fn plan(input: &ConfigureInput<'_>) -> Result<Plan> {
    let mut findings = check(input);
    let changes = BySide {
        primary: managed(input, Side::Primary)?,
        secondary: managed(input, Side::Secondary)?,
    };
    for (_, managed) in changes.iter() {
        findings.refusals.extend(managed.refusals.iter().cloned());
    }
    let outlook = match outlook::outlook(input) {
        Ok(outlook) => Some(outlook),
        Err(refusal) => {
            findings.refusals.push(refusal);
            None
        }
    };
    let warnings = findings.into_warnings()?;
    let outlook = outlook.ok_or_else(|| Error::bug("a refusal was lost"))?;
    let refreshes = BySide::new(|side| refresh::needed(input, &outlook, side, &changes[side]));
    Ok(assemble(input, &outlook, &changes, &refreshes, warnings))
}

/// Everything that speaks against configuring, and what to know before.
pub fn check(input: &ConfigureInput<'_>) -> Findings {
    let mut findings = checks::run(&Subject {
        pair: input.pair,
        profile: input.profile,
        facts: input.facts,
        holders: input.holders,
    });
    for side in Side::BOTH {
        let facts = input.facts[side];
        if facts.node_key.is_none() && !input.dry_run {
            let text = format!("`{}` could not make a key for its peer", facts.hostname);
            findings
                .refuse("no_node_key", format!("{side}.address"), text)
                .cause = facts.gaps.iter().find(|gap| gap.contains("id_ed25519")).cloned();
        }
        findings.warnings.extend(other_profile(input, side));
        findings.warnings.extend(other_server(input, side));
    }
    findings
}

/// A server that leaves the pair keeps what pairadm put there: it is asked no more (A11).
fn other_server(input: &ConfigureInput<'_>, side: Side) -> Option<String> {
    let gone = &input.previous?.nodes[side].hostname;
    let stays = input.pair.nodes.iter().any(|(_, node)| node.hostname == *gone);
    (!stays).then(|| {
        format!(
            "{gone} leaves the pair and keeps what pairadm put there; to change a server or a cluster cleanly, run `pairadm remove` first, change the servers (members and gateways on both sides, a cluster on the primary only), then `pairadm configure`, which offers all answers again"
        )
    })
}

/// A node with a file of its own for the profile, where this plan is made by the shipped one: it guards its
/// start by that file, and whoever administers from there plans by it.
fn other_profile(input: &ConfigureInput<'_>, side: Side) -> Option<String> {
    let path = paths::own_profile(&input.pair.profile);
    let facts = input.facts[side];
    facts
        .file(&path)
        .filter(|image| image.content.is_some() && input.own_profile.is_none())
        .map(|_| {
            format!(
                "{} has {path}, and this is planned by the shipped profile: copy that file to this machine, or remove it there",
                facts.hostname
            )
        })
}

fn assemble(
    input: &ConfigureInput<'_>,
    outlook: &Outlook,
    changes: &BySide<Managed>,
    refreshes: &BySide<Vec<Refresh>>,
    mut warnings: Vec<String>,
) -> Plan {
    let mut draft = Draft::default();
    stages::files(input, changes, &mut draft);
    stages::traffic(input, outlook, &mut draft);
    if input.restart == RestartChoice::Now {
        stages::restarts(input, outlook, refreshes, &mut draft);
    }
    stages::record(input, outlook, changes, refreshes, &mut draft);
    if input.restart == RestartChoice::Now {
        let restarted = Side::BOTH.into_iter().filter(|&side| !refreshes[side].is_empty());
        warnings.extend(restarted.filter_map(|side| restart::repeated(input.facts[side])));
    }
    let notice = Notice {
        pair: input.pair,
        active: outlook.active,
        refreshes,
        choice: input.restart,
        draft: &draft,
    };
    let nodes = &input.pair.nodes;
    Plan {
        operation: input.operation.verb().to_owned(),
        title: format!(
            "{} the pair {} ({}, {})",
            input.operation.verb(),
            input.pair.name,
            nodes.primary.hostname,
            nodes.secondary.hostname
        ),
        asked: asked(input),
        facts: fingerprint(input.facts.map(|_, facts| Some(facts))),
        notice: notice.lines(warnings),
        service_affecting: notice.service_affecting(),
        stages: draft.finish(),
        sides: Side::BOTH.to_vec(),
        how_to_undo:
            "`pairadm undo` with the number of this operation brings back what it changed on both nodes"
                .to_owned(),
    }
}

/// The answers, for the report.
fn asked(input: &ConfigureInput<'_>) -> Vec<(String, String)> {
    let pair = input.pair;
    let joined = |parts: Vec<String>| parts.join(", ");
    let mut asked = vec![
        ("name".to_owned(), pair.name.clone()),
        ("profile".to_owned(), pair.profile.clone()),
    ];
    for (side, node) in pair.nodes.iter() {
        let addresses = wanted::addresses(pair, side)
            .iter()
            .map(ToString::to_string)
            .collect();
        asked.extend([
            (format!("{side}.fqdn"), node.fqdn.to_string()),
            (format!("{side}.server_id"), node.server_id.to_string()),
            (format!("{side}.addresses"), joined(addresses)),
        ]);
    }
    let ports = wanted::ports(pair, input.profile);
    asked.extend([
        (
            "vips".to_owned(),
            joined(pair.vips.iter().map(|vip| vip.address.to_string()).collect()),
        ),
        (
            "ports".to_owned(),
            joined(ports.iter().map(ToString::to_string).collect()),
        ),
        ("ntp".to_owned(), joined(pair.ntp.clone())),
        (
            "files".to_owned(),
            joined(pair.files.iter().map(|file| file.target.clone()).collect()),
        ),
        (
            "restart".to_owned(),
            match input.restart {
                RestartChoice::Now => "now".to_owned(),
                RestartChoice::Later => "later".to_owned(),
            },
        ),
    ]);
    asked.retain(|(_, value)| !value.is_empty());
    asked
}

#[cfg(test)]
mod tests;
