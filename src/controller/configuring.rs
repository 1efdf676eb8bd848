//! What planning `configure` and `settings` needs beside facts: pinned host keys, the pair file's text,
//! files to install, and who answers for the VIPs.

use super::Controller;
use super::adopt::removed;
use crate::agent::protocol::{Request, Response};
use crate::config::{own_profile, render_pair};
use crate::engine::Session;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::intent::{self, Answers, Operation};
use crate::model::digest::sha256_of;
use crate::model::{BySide, ExtraFile, Pair, Side};
use crate::plan::{self, Basis, Plan};
use crate::remote::HostKey;
use base64::Engine as _;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

/// Asking the network for the holders of the VIPs: three tries by the agent.
const PROBE: Duration = Duration::from_secs(10);

/// An extra file travels as one line of a plan: larger ones are for a package manager.
const LARGEST_EXTRA: usize = 16 << 20;

impl Controller {
    pub(super) fn plan_configure(
        &self,
        session: &mut Session,
        operation: Operation,
        answers: &Answers,
        pair: &Pair,
        basis: &Basis<'_>,
    ) -> Result<Plan> {
        let present = self.pair();
        let (wanted, restart) = if operation == Operation::Settings {
            let intent = intent::settings::resolve(answers, pair)?;
            (intent.pair, intent.restart)
        } else {
            let intent = intent::configure::resolve(answers, self.last_pair().as_deref())?;
            (intent.pair, intent.restart)
        };
        let wanted = self.with_pins(wanted, pair, basis);
        let profile = self.profile(&wanted)?;
        let own_profile = own_profile(&wanted.profile, &self.options.profiles_dir)?;
        let pair_file = self.pair_file_text(&wanted)?;
        let extra = extra_files(&wanted)?;
        let holders = who_has(session, &wanted)?;
        let program = own_program()?;
        let facts = BySide {
            primary: basis.need(Side::Primary)?,
            secondary: basis.need(Side::Secondary)?,
        };
        plan::configure::plan(&plan::configure::ConfigureInput {
            operation,
            pair: &wanted,
            previous: present.as_deref(),
            profile: &profile,
            own_profile: own_profile.as_deref(),
            facts,
            pair_file: &pair_file,
            extra: &extra,
            program: Some(&program),
            restart,
            holders: &holders,
            dry_run: self.options.dry_run,
        })
    }

    /// The host keys that the nodes have proved to hold are pinned from now on (S6). A node that this
    /// controller reached without SSH tells its own key itself.
    fn with_pins(&self, mut wanted: Pair, dialled: &Pair, basis: &Basis<'_>) -> Pair {
        let dialer = self.dialer(dialled);
        for side in Side::BOTH {
            let proved = dialer.host_key(side).map(|key| key.to_string());
            let own = || basis.facts[side].and_then(own_host_key);
            let ssh = &mut wanted.nodes[side].ssh;
            ssh.host_key = ssh.host_key.take().or(proved).or_else(own);
        }
        wanted
    }

    /// The pair file with its comments kept.
    pub(super) fn pair_file_text(&self, pair: &Pair) -> Result<String> {
        let own = &self.options.pair_file;
        let present = std::fs::read_to_string(own)
            .or_else(|_| std::fs::read_to_string(removed(own)))
            .ok();
        render_pair(present.as_deref(), pair)
    }
}

/// The node's own ed25519 host key as the pair file pins it.
fn own_host_key(facts: &Facts) -> Option<String> {
    let image = facts.file("/etc/ssh/ssh_host_ed25519_key.pub")?;
    let line = String::from_utf8(image.content.as_ref()?.to_bytes().ok()?).ok()?;
    let blob = line.split_whitespace().nth(1)?;
    let blob = base64::engine::general_purpose::STANDARD.decode(blob).ok()?;
    HostKey::from_blob(&blob).map(|key| key.to_string())
}

/// SHA-256 of the program that the nodes' agents run from: this one.
fn own_program() -> Result<String> {
    let unreadable = |error: std::io::Error| {
        Error::refused("program_unreadable", "pairadm cannot read itself").because(error)
    };
    let file = std::fs::File::open("/proc/self/exe").map_err(unreadable)?;
    sha256_of(file).map_err(unreadable)
}

/// Who answers for the VIPs, as seen from both nodes.
fn who_has(session: &mut Session, pair: &Pair) -> Result<Vec<(IpAddr, Vec<String>)>> {
    if pair.vips.is_empty() {
        return Ok(Vec::new());
    }
    let answers = session.each(&Side::BOTH, |node| {
        node.ask(
            Request::WhoHas {
                vips: plan::wanted::places(pair, node.side),
            },
            PROBE,
        )
    });
    let mut holders: BTreeMap<IpAddr, BTreeSet<String>> = BTreeMap::new();
    for answer in [answers.primary, answers.secondary].into_iter().flatten() {
        if let Response::Holders { seen } = answer? {
            for (vip, macs) in seen {
                holders.entry(vip).or_default().extend(macs);
            }
        }
    }
    Ok(holders
        .into_iter()
        .map(|(vip, macs)| (vip, macs.into_iter().collect()))
        .collect())
}

/// The controller's files that are installed on both nodes, with their content.
fn extra_files(pair: &Pair) -> Result<Vec<(ExtraFile, Vec<u8>)>> {
    let read = |file: &ExtraFile| {
        let fault = |why: String| {
            Error::refused(
                "bad_answer",
                format!("`{}` cannot be installed: {why}", file.source),
            )
            .at("files")
            .hint("name a readable file of this machine")
        };
        let bytes = std::fs::read(&file.source).map_err(|error| fault(error.to_string()))?;
        if bytes.len() > LARGEST_EXTRA {
            return Err(fault(format!(
                "{} bytes; accepted: {LARGEST_EXTRA} at most",
                bytes.len()
            )));
        }
        Ok((file.clone(), bytes))
    };
    pair.files.iter().map(read).collect()
}
