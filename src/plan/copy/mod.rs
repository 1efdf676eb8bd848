//! Plans the copy of one side's current backup to the other, as a mirror: the primary's to the secondary,
//! and after a takeover the secondary's back to the primary, see [`failback`].
//!
//! ```text
//!   source                     target
//!   offer ───────────────────> pull, verify        nothing has a mirror's name yet
//!   still the same? withdraw
//!                              keep                the mirror is there; the oldest goes at commit
//! ```

mod checks;
mod failback;
#[cfg(test)]
mod tests;

pub use failback::{Failback, failback};

use super::{Action, Basis, Draft, OfferBackup, PlainLink, Plan, PullBackup};
use crate::config::Profile;
use crate::error::{Error, Result};
use crate::facts::{BackupFacts, DataFacts, DataQuery, Facts, FactsQuery};
use crate::model::{Pair, Side};
use crate::plan::files::known_hosts;
use crate::remote::HostKey;
use crate::render::bytes;
use crate::translate::TRANSLATION_FILE;
use base64::Engine as _;
use std::net::IpAddr;

/// Port of rsync's own service while data travels unencrypted: registered for nothing, and not rsync's
/// usual one, which may be in use.
pub const PLAIN_PORT: u16 = 8730;

/// A link that moves fewer bytes a second is taken for broken: the service ends by itself.
const SLOWEST: u64 = 128 << 10;

/// What the service lives at least, seconds.
const SHORTEST: u64 = 3600;

/// What has to be known of the node of `side` for a copy from `source`.
pub fn query(pair: &Pair, profile: &Profile, source: Side, side: Side) -> FactsQuery {
    let mut files: Vec<String> = Vec::new();
    if side == source {
        files.extend(known_hosts::HOST_KEYS.map(str::to_owned));
    }
    if source == Side::Secondary {
        files.push(TRANSLATION_FILE.to_owned());
    }
    FactsQuery {
        version_command: profile.version_command.clone(),
        vips: pair.vips.iter().map(|vip| vip.address).collect(),
        files,
        data: Some(DataQuery {
            backup: profile.backup.clone(),
            live: match (source, side) {
                // A failback may begin with a backup.
                (Side::Secondary, Side::Secondary) => profile.data.clone(),
                _ => Vec::new(),
            },
        }),
        ..FactsQuery::default()
    }
}

/// Plans the copy from the primary to the secondary, or refuses.
pub fn plan(basis: &Basis<'_>) -> Result<Plan> {
    let source = Side::Primary;
    let backup = checks::backup(basis, source)?;
    let data = data(basis, source.other())?;
    checks::secondary(basis)?;
    checks::versions(basis)?;
    checks::room(basis, backup.bytes, data, source)?;
    let mut draft = Draft::default();
    steps(&mut draft, basis, source, Some(backup))?;
    Ok(Plan {
        operation: "copy".to_owned(),
        title: format!("copy the backup of {}", basis.label(source)),
        asked: Vec::new(),
        facts: String::new(),
        notice: notice(basis, Some(backup), data, source),
        stages: draft.finish(),
        sides: Side::BOTH.to_vec(),
        service_affecting: false,
        how_to_undo: HOW_TO_UNDO.to_owned(),
    })
}

const HOW_TO_UNDO: &str =
    "pairadm undo takes the mirror's name away; what an older mirror held is not brought back";

/// The steps from the offer to the mirror; without `backup` of the one that the operation makes before.
fn steps(draft: &mut Draft, basis: &Basis<'_>, source: Side, backup: Option<&BackupFacts>) -> Result<()> {
    let target = source.other();
    let order = offer(basis, source, backup)?;
    let pull = pull(basis, source, &order)?;
    let (what, size) = match backup {
        Some(backup) => (backup.path.clone(), bytes(backup.bytes)),
        None => ("that backup".to_owned(), "it".to_owned()),
    };
    draft.stage("Offer the backup");
    draft.step(
        source,
        format!("let {} read {what}", basis.name(target)),
        Action::Offer(order.clone()),
    );
    draft.stage("Copy");
    draft.step(target, format!("copy and verify {size}"), Action::Pull(pull));
    draft.stage("See that the backup is still the same");
    draft.step(
        source,
        "look again, and offer the backup no more",
        Action::Withdraw(order),
    );
    draft.stage("Keep the mirror");
    let title = match source {
        Side::Primary => "make it the newest mirror",
        Side::Secondary => "make it the newest failback mirror",
    };
    let keep = kept(basis);
    draft.step(target, title, Action::KeepMirror { keep, source });
    Ok(())
}

/// How many mirrors of each side are kept.
fn kept(basis: &Basis<'_>) -> usize {
    usize::try_from(basis.pair.copying.keep).unwrap_or(1)
}

fn notice(basis: &Basis<'_>, backup: Option<&BackupFacts>, data: &DataFacts, source: Side) -> Vec<String> {
    let keep = kept(basis);
    let link = if basis.pair.encrypted_link {
        "encrypted (AES-128)"
    } else {
        "not encrypted"
    };
    let size = backup.map_or_else(String::new, |backup| {
        format!("{} in {} files, ", bytes(backup.bytes), backup.files)
    });
    let mut notice = vec![
        "Not service affecting: files of a backup are read, nothing is loaded.".to_owned(),
        format!("{size}{link}; files that the newest mirror has already are not copied again."),
    ];
    let mut kept: Vec<&str> = data
        .mirrors_of(source)
        .map(|mirror| mirror.name.as_str())
        .collect();
    let gone = kept.split_off(kept.len().min(keep.saturating_sub(1)));
    if gone.is_empty() {
        notice.push(format!("{keep} mirrors are kept; none has to go."));
    } else {
        notice.push(format!(
            "{keep} mirrors are kept: {} goes when the new one is verified.",
            gone.join(", ")
        ));
    }
    if data.incoming > 0 {
        notice.push(format!(
            "A copy was broken off after {}: this one goes on from there.",
            bytes(data.incoming)
        ));
    }
    notice
}

fn offer(basis: &Basis<'_>, source: Side, backup: Option<&BackupFacts>) -> Result<OfferBackup> {
    let address = need_address(basis, source)?;
    let plain = PlainLink {
        address,
        port: PLAIN_PORT,
        reader: address_like(basis, source.other(), address)?,
        seconds: seconds(backup.map_or(0, |backup| backup.bytes), basis.pair.copying.limit),
    };
    Ok(OfferBackup {
        folder: backup.map(|backup| backup.path.clone()).unwrap_or_default(),
        manifest: backup.and_then(|backup| backup.manifest.clone()),
        made: backup.map_or(0, |backup| backup.made),
        pair: basis.pair.name.clone(),
        node: basis.name(source).to_owned(),
        generation: basis.state(source)?.generation,
        version: basis.need(source)?.version.clone(),
        sets: basis.profile.data.iter().map(|set| set.name.clone()).collect(),
        plain: (!basis.pair.encrypted_link).then_some(plain),
        way_round: way_round(basis.pair, source).is_some(),
        fresh: backup.is_none(),
    })
}

fn pull(basis: &Basis<'_>, source: Side, offer: &OfferBackup) -> Result<PullBackup> {
    let ssh = &basis.pair.nodes[source].ssh;
    Ok(PullBackup {
        address: need_address(basis, source)?,
        way_round: way_round(basis.pair, source),
        ssh_port: ssh.port,
        host_key: host_key(basis.need(source)?, ssh.host_key.as_deref())
            .ok_or_else(|| no_host_key(basis, source))?,
        plain: offer.plain.as_ref().map(|plain| plain.port),
        manifest: offer.manifest.clone(),
        limit: basis.pair.copying.limit,
        source,
    })
}

/// Where the node is reached for copies: over the duplication link where there is one.
pub fn address(pair: &Pair, side: Side) -> Option<IpAddr> {
    let node = &pair.nodes[side];
    node.duplication.preferred().or_else(|| node.address.preferred())
}

/// Where it is reached when the duplication link is cut, if it has one.
fn way_round(pair: &Pair, side: Side) -> Option<IpAddr> {
    let node = &pair.nodes[side];
    node.duplication.preferred().and(node.address.preferred())
}

fn need_address(basis: &Basis<'_>, side: Side) -> Result<IpAddr> {
    address(basis.pair, side).ok_or_else(|| Error::bug("a node of the pair has no address"))
}

/// The address of the same kind and family: a pair has both or neither on both nodes.
fn address_like(basis: &Basis<'_>, side: Side, other: IpAddr) -> Result<IpAddr> {
    let found = need_address(basis, side)?;
    if found.is_ipv4() == other.is_ipv4() {
        Ok(found)
    } else {
        Err(Error::bug(
            "the nodes of the pair have addresses of different families",
        ))
    }
}

fn seconds(bytes: u64, limit: Option<u32>) -> u64 {
    let limit = limit.map_or(SLOWEST, |limit| (u64::from(limit) << 10).min(SLOWEST));
    (bytes / (limit / 2).max(1)).max(SHORTEST)
}

/// The host key of the node that is the pinned one; the first that it has when none is pinned: the node
/// was asked over a connection whose key was accepted.
fn host_key(facts: &Facts, pinned: Option<&str>) -> Option<String> {
    let keys = known_hosts::HOST_KEYS.iter().filter_map(|path| {
        let bytes = facts.file(path)?.content.as_ref()?.to_bytes().ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (kind, key) = text
            .split_whitespace()
            .next()
            .zip(text.split_whitespace().nth(1))?;
        let blob = base64::engine::general_purpose::STANDARD.decode(key).ok()?;
        Some((HostKey::from_blob(&blob)?.to_string(), format!("{kind} {key}")))
    });
    let mut keys = keys.filter(|(name, _)| pinned.is_none_or(|pinned| pinned == name));
    keys.next().map(|(_, line)| line)
}

fn no_host_key(basis: &Basis<'_>, source: Side) -> Error {
    Error::refused(
        "no_host_key",
        format!("none of the host keys on the {source}'s disk is the one that the pair file pins"),
    )
    .on(basis.name(source))
    .at(format!("{source}.ssh.host_key"))
    .hint("compare `ssh-keygen -lf` of /etc/ssh/ssh_host_*_key.pub there with the pair file")
}

/// What the node of `side` holds of the pair's data.
fn data<'a>(basis: &Basis<'a>, side: Side) -> Result<&'a DataFacts> {
    let data = basis.need(side)?.data.as_ref();
    data.ok_or_else(|| Error::bug("the node was not asked for its data"))
}
