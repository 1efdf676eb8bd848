//! Every file that a configured node has from pairadm, as it shall be.

use super::{ConfigureInput, KEY_TO_BE_MADE};
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::model::{Side, paths};
use crate::plan::checks::chrony_unit;
use crate::plan::files::{authorized_keys, chrony, guard_units, hosts, known_hosts, sysctl};
use crate::plan::{FilePut, Keep, Wanted, put};
use std::path::Path;

/// Changes of one node's files. Refusals are collected, so that all are told at once.
#[derive(Debug, Default)]
pub struct Managed {
    /// Files that can be written first: nothing acts on them before the pair file is there.
    pub files: Vec<FilePut>,
    /// The pair file, written last.
    pub pair_file: Option<FilePut>,
    /// Why files cannot be changed.
    pub refusals: Vec<Error>,
}

impl Managed {
    /// True when the file at `path` changes.
    pub fn changes(&self, path: &str) -> bool {
        self.files.iter().any(|file| file.path == path)
    }
}

/// What changes on the node of `side`.
pub fn managed(input: &ConfigureInput<'_>, side: Side) -> Result<Managed> {
    let facts = input.facts[side];
    let mut wanted = vec![hosts_file(input, facts)];
    wanted.extend(trust(input, side));
    wanted.push(sysctl_file(input, facts)?);
    wanted.extend(ntp(input, facts)?);
    for (unit, text) in guard_units::texts(&input.profile.services)? {
        wanted.push(plain(&guard_units::path(unit), Some(text), Keep::Aside));
    }
    if let Some(text) = input.own_profile {
        let path = paths::own_profile(&input.pair.profile);
        wanted.push(plain(&path, Some(text.to_owned()), Keep::Aside));
    }
    for (file, content) in input.extra {
        wanted.push(Wanted {
            path: file.target.clone(),
            content: Some(content.clone()),
            mode: mode_for(&file.target),
            keep: keep_for(&file.target),
            shown: false,
        });
    }
    let mut managed = Managed::default();
    for file in wanted {
        match put(facts, file) {
            Ok(change) => managed.files.extend(change),
            Err(refusal) => managed.refusals.push(refusal),
        }
    }
    match put(
        facts,
        plain(paths::PAIR_FILE, Some(input.pair_file.to_owned()), Keep::Beside),
    ) {
        Ok(change) => managed.pair_file = change,
        Err(refusal) => managed.refusals.push(refusal),
    }
    Ok(managed)
}

/// A file of text that everybody may read.
pub fn plain(path: &str, text: Option<String>, keep: Keep) -> Wanted {
    Wanted {
        path: path.to_owned(),
        content: text.map(String::into_bytes),
        mode: 0o644,
        keep,
        shown: true,
    }
}

/// A directory `*.d` loads what it finds: a backup beside the file would become live configuration.
pub fn keep_for(path: &str) -> Keep {
    let directory = Path::new(path).parent().and_then(Path::extension);
    if directory.is_some_and(|extension| extension == "d") {
        Keep::Aside
    } else {
        Keep::Beside
    }
}

/// A reaction that cannot be run would be none.
fn mode_for(path: &str) -> u32 {
    let path = Path::new(path);
    let alarm = path.extension().is_some_and(|extension| extension == "toml");
    match path.starts_with(paths::REACTIONS_DIR) {
        true if alarm => 0o644,
        true => 0o755,
        false => 0o640,
    }
}

/// The file's text now; empty when it is absent, or no text.
pub fn present(facts: &Facts, path: &str) -> String {
    facts
        .file(path)
        .and_then(|image| String::from_utf8(image.content.as_ref()?.to_bytes().ok()?).ok())
        .unwrap_or_default()
}

fn hosts_file(input: &ConfigureInput<'_>, facts: &Facts) -> Wanted {
    let text = hosts::with_pair(&present(facts, hosts::PATH), input.pair, input.previous);
    plain(hosts::PATH, Some(text), Keep::Beside)
}

/// The two files by which root of either node reaches the peer's agent.
fn trust(input: &ConfigureInput<'_>, side: Side) -> [Wanted; 2] {
    let facts = input.facts[side];
    let peer = &input.pair.nodes[side.other()];
    let peer_facts = input.facts[side.other()];
    let key = peer_facts.node_key.as_deref().unwrap_or(KEY_TO_BE_MADE);
    let authorized = authorized_keys::with_peer(&present(facts, authorized_keys::PATH), peer, key);
    let host_keys = known_hosts::HOST_KEYS.map(|path| present(peer_facts, path));
    let host_keys: Vec<&str> = host_keys.iter().map(String::as_str).collect();
    let known = known_hosts::with_peer(&present(facts, known_hosts::PATH), peer, &host_keys);
    [(authorized_keys::PATH, authorized), (known_hosts::PATH, known)].map(|(path, text)| Wanted {
        mode: 0o600,
        ..plain(path, none_if_nothing(facts, path, text), Keep::Beside)
    })
}

/// No empty file is made where there was none.
fn none_if_nothing(facts: &Facts, path: &str, text: String) -> Option<String> {
    let absent = facts.file(path).is_some_and(|image| image.content.is_none());
    (!text.is_empty() || !absent).then_some(text)
}

fn sysctl_file(input: &ConfigureInput<'_>, facts: &Facts) -> Result<Wanted> {
    let text = if input.binds_early() {
        Some(sysctl::text(&sysctl::values(facts))?)
    } else {
        None
    };
    Ok(plain(sysctl::PATH, text, Keep::Aside))
}

/// The NTP servers in the place that this node's chrony loads; in the other places none.
fn ntp(input: &ConfigureInput<'_>, facts: &Facts) -> Result<Vec<Wanted>> {
    let servers = &input.pair.ntp;
    let main_path = chrony::MAIN_FILES
        .into_iter()
        .find(|path| facts.file(path).is_some_and(|image| image.content.is_some()));
    let main = main_path.map(|path| present(facts, path)).unwrap_or_default();
    let place = chrony::Place::of(&main);
    let wanted = chrony_unit(facts).is_some() && !servers.is_empty();
    let text = chrony::text(servers)?;
    let own = |path: &str, of: chrony::Place| {
        let text = (wanted && place == of).then(|| text.clone());
        plain(path, text, Keep::Aside)
    };
    let mut files = vec![
        own(chrony::SOURCES, chrony::Place::Sources),
        own(chrony::CONF, chrony::Place::Conf),
    ];
    if let Some(path) = main_path {
        let block: &[String] = if place == chrony::Place::Main {
            servers
        } else {
            &[]
        };
        files.push(plain(path, Some(chrony::with_block(&main, block)), Keep::Beside));
    }
    Ok(files)
}
