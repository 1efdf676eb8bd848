//! What refuses a load before anything is changed, and what is worth a warning.

use crate::data::Preview;
use crate::error::{Error, Result};
use crate::model::{Side, Traffic};
use crate::plan::{Basis, wanted};
use crate::render::bytes;
use crate::translate::check::{Known, Problem, ProblemKind, Severity, check};
use crate::translate::{NoWayBack, TRANSLATION_FILE, Table};
use std::net::IpAddr;

/// Problems that are named one by one.
const NAMED: usize = 5;

/// The node can be loaded on: it serves no calls and has room.
pub(super) fn node(basis: &Basis<'_>, side: Side, preview: &Preview) -> Result<()> {
    if basis.profile.data.is_empty() {
        return Err(Error::refused(
            "no_data_sets",
            format!("the profile {} names no data", basis.profile.name),
        )
        .at("profile")
        .hint("add [[data]] sections to a profile in /etc/pairadm/profiles.d"));
    }
    passive(basis, side)?;
    room(basis, side, preview)
}

fn passive(basis: &Basis<'_>, side: Side) -> Result<()> {
    let state = basis.state(side)?;
    let recorded = state.active.as_deref() == Some(basis.name(side));
    let allowed = basis.traffic(side) == Some(Traffic::Allowed);
    let why = if recorded {
        "it is recorded as the active one"
    } else if allowed {
        "its rules allow SIP traffic"
    } else if !basis.holds(side).is_empty() {
        "it holds a virtual address"
    } else {
        return Ok(());
    };
    let code = match side {
        Side::Primary => "primary_active",
        Side::Secondary => "secondary_active",
    };
    let other = side.other();
    let message = format!("the {side} serves calls, so no data is loaded there");
    Err(Error::refused(code, message)
        .on(basis.name(side))
        .because(why)
        .hint(format!(
            "take over to the {other} first: pairadm takeover --to {other}"
        )))
}

/// On every file system that receives data.
fn room(basis: &Basis<'_>, side: Side, preview: &Preview) -> Result<()> {
    let Some(room) = preview.rooms.iter().find(|room| room.free < room.needed) else {
        return Ok(());
    };
    Err(
        Error::refused("disk_full", "there is not enough room to load the data")
            .on(basis.name(side))
            .at(&room.at)
            .because(format!(
                "{} are needed there, {} are free",
                bytes(room.needed),
                bytes(room.free)
            ))
            .hint("free space on that file system; `pairadm backups prune` removes old backups"),
    )
}

/// The mirror is this pair's, copied from the other node in its present role, and of the same version of
/// the service. A failback is from after the takeover that it follows.
pub(super) fn mirror(basis: &Basis<'_>, side: Side, preview: &Preview) -> Result<()> {
    let manifest = &preview.manifest;
    let source = side.other();
    let copy = match side {
        Side::Primary => "copy again with `pairadm data copy --failback`",
        Side::Secondary => "copy again with `pairadm data copy`",
    };
    let foreign = |why: String| {
        Error::refused("foreign_mirror", format!("this is not the {source}'s data"))
            .on(basis.name(side))
            .at(preview.origin.to_string())
            .because(why)
            .hint(copy)
    };
    if manifest.source() != source {
        return Err(foreign(format!("it was copied from the {}", manifest.source())));
    }
    if manifest.pair != basis.pair.name {
        return Err(foreign(format!(
            "it was saved in the pair {}, this one is {}",
            manifest.pair, basis.pair.name
        )));
    }
    if manifest.node != basis.name(source) {
        return Err(foreign(format!(
            "it is data of {}, the {source} is {}",
            manifest.node,
            basis.name(source)
        )));
    }
    if manifest.generation > basis.generation() {
        return Err(foreign(format!(
            "it was saved in generation {}, the pair knows {}",
            manifest.generation,
            basis.generation()
        )));
    }
    if side == Side::Primary && manifest.generation < basis.generation() {
        let message = "traffic or roles moved since this mirror's data was saved: the primary may have newer data of its own";
        return Err(Error::refused("failback_too_old", message)
            .on(basis.name(side))
            .at(preview.origin.to_string())
            .because(format!(
                "it was saved in generation {}, the pair is in generation {}",
                manifest.generation,
                basis.generation()
            ))
            .hint("while the secondary is active, copy again with `pairadm data copy --failback`"));
    }
    version(basis, side, preview)
}

/// What stands in the data has one way back (A7).
pub(super) fn way_back(
    basis: &Basis<'_>,
    side: Side,
    preview: &Preview,
    no_way_back: &[NoWayBack],
) -> Result<()> {
    let found = preview.findings.iter().flat_map(|findings| &findings.found);
    let found: Vec<IpAddr> = found.map(|found| found.subject.address()).collect();
    let used = no_way_back
        .iter()
        .filter(|lost| found.contains(&lost.to.address()));
    let used: Vec<String> = used.map(ToString::to_string).collect();
    if used.is_empty() {
        return Ok(());
    }
    let message = "the translation has no way back: several rows lead to an address that stands in the data";
    Err(Error::refused("no_way_back", message)
        .on(basis.name(side))
        .at(TRANSLATION_FILE)
        .because(used.join("; "))
        .hint("give each of these rows an address of its own: pairadm translation set"))
}

fn version(basis: &Basis<'_>, side: Side, preview: &Preview) -> Result<()> {
    let here = basis.need(side)?.version.as_deref().map(str::trim);
    let there = preview.manifest.version.as_deref().map(str::trim);
    match (here, there) {
        (Some(here), Some(there)) if here != there => {
            let message = format!("the data is of another version of {}", basis.profile.title);
            Err(Error::refused("other_version", message)
                .on(basis.name(side))
                .because(format!("the mirror is of `{there}`, this node runs `{here}`"))
                .hint("bring both nodes to the same version, back up, copy, and load again"))
        }
        _ => Ok(()),
    }
}

/// The table can be used for what was found; lines for the notice about what is worth a look.
pub(super) fn translation(
    basis: &Basis<'_>,
    side: Side,
    preview: &Preview,
    table: &Table,
) -> Result<Vec<String>> {
    let source = side.other();
    let (primary, secondary) = (owned(basis, source), owned(basis, side));
    let others = controls(basis);
    let problems = check(
        table,
        &Known {
            findings: preview.findings.as_ref(),
            primary: &primary,
            secondary: &secondary,
            back: side == Side::Primary,
            others: &others,
        },
    );
    let (refusing, warning): (Vec<&Problem>, Vec<&Problem>) = problems
        .iter()
        .partition(|problem| problem.severity == Severity::Refuse);
    let named = |problems: &[&Problem]| -> Vec<String> {
        let texts = problems.iter().take(NAMED);
        let mut lines: Vec<String> = texts.map(|problem| problem.text.clone()).collect();
        if problems.len() > NAMED {
            lines.push(format!("and {} more", problems.len() - NAMED));
        }
        lines
    };
    let Some(first) = refusing.first() else {
        let lines = named(&warning).into_iter();
        return Ok(lines.map(|line| format!("Translation: {line}.")).collect());
    };
    let (code, message, hint) = if first.kind == ProblemKind::Missing {
        (
            "translation_missing",
            format!("an address of the {source} has no address on the {side}"),
            match side {
                Side::Primary => format!(
                    "decide it: pairadm translation set ADDRESS {}, with the primary's ADDRESS; or in the menu: Translation table",
                    first.subject
                ),
                Side::Secondary => format!(
                    "decide it: pairadm translation set {} ADDRESS; or in the menu: Translation table",
                    first.subject
                ),
            },
        )
    } else {
        (
            "translation_refused",
            "the translation table contradicts itself or the pair".to_owned(),
            "see: pairadm translation check".to_owned(),
        )
    };
    Err(Error::refused(code, message)
        .on(basis.name(side))
        .at(TRANSLATION_FILE)
        .because(named(&refusing).join("; "))
        .hint(hint))
}

/// Addresses that belong to the node of `side` alone: what its interfaces have, or what the pair file says
/// of a node that could not be asked. Virtual addresses belong to whoever serves.
fn owned(basis: &Basis<'_>, side: Side) -> Vec<IpAddr> {
    let mut owned = wanted::addresses(basis.pair, side);
    let seen = basis.facts[side].into_iter().flat_map(|facts| &facts.addresses);
    owned.extend(seen.map(|entry| entry.address));
    let virtual_ones: Vec<IpAddr> = basis.pair.vips.iter().map(|vip| vip.address).collect();
    owned.retain(|address| !virtual_ones.contains(address) && !is_local(*address));
    owned.sort_unstable();
    owned.dedup();
    owned
}

/// Loopback and link-local addresses mean every node itself.
fn is_local(address: IpAddr) -> bool {
    let link_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    address.is_loopback() || link_local
}

fn controls(basis: &Basis<'_>) -> Vec<(IpAddr, String)> {
    let of = |side: Side| {
        let addresses = basis.pair.nodes[side].health_check.iter();
        addresses.map(move |address| (address, format!("the control address of the {side}")))
    };
    Side::BOTH.into_iter().flat_map(of).collect()
}
