//! Backup and mirrors as tables.

use super::amount::{bytes, seconds};
use super::line::{Line, Tone};
use crate::facts::{self, DataFacts, DataHeld, HeldMirror, MirrorUse};
use crate::model::{BySide, Side};

/// The primary's backup and the secondary's mirrors of it; where there are any, the same the other way, and
/// mirrors that neither way takes.
pub fn data_held(held: &BySide<DataHeld>) -> Vec<Line> {
    let mut lines = Vec::new();
    heading(&mut lines, "Backup", Side::Primary, held);
    if let Some(data) = &held.primary.data {
        backup(&mut lines, data, held.primary.now);
    }
    lines.push(Line::default());
    heading(&mut lines, "Mirrors", Side::Secondary, held);
    if let Some(data) = &held.secondary.data {
        mirrors(&mut lines, MirrorUse::Usual, Side::Secondary, held);
        around_mirrors(&mut lines, data);
    }
    back(&mut lines, held);
    former_roles(&mut lines, held);
    lines
}

/// What a failback has to do with: shown only where there is something.
fn back(lines: &mut Vec<Line>, held: &BySide<DataHeld>) {
    if let Some(data) = held.secondary.data.as_ref().filter(|data| data.backup.is_some()) {
        lines.push(Line::default());
        heading(lines, "Backup", Side::Secondary, held);
        backup(lines, data, held.secondary.now);
    }
    let there = |data: &&DataFacts| data.mirrors_of(Side::Secondary).next().is_some();
    if let Some(data) = held.primary.data.as_ref().filter(there) {
        lines.push(Line::default());
        heading(lines, "Failback mirrors", Side::Primary, held);
        mirrors(lines, MirrorUse::Failback, Side::Primary, held);
        around_mirrors(lines, data);
    }
}

/// Mirrors from before a reverse of the roles.
fn former_roles(lines: &mut Vec<Line>, held: &BySide<DataHeld>) {
    for side in [Side::Secondary, Side::Primary] {
        let there = |data: &DataFacts| data.mirrors_of(side).next().is_some();
        if held[side].data.as_ref().is_some_and(there) {
            lines.push(Line::default());
            heading(lines, "Mirrors from before the roles were reversed", side, held);
            mirrors(lines, MirrorUse::FormerRole, side, held);
        }
    }
}

fn heading(lines: &mut Vec<Line>, what: &str, side: Side, held: &BySide<DataHeld>) {
    let held = &held[side];
    lines.push(Line::strong(format!("{what} of {side} ({})", held.hostname)));
    if let Some(error) = &held.error {
        lines.push(Line::toned(Tone::Bad, format!("  {error}")));
    }
}

fn backup(lines: &mut Vec<Line>, data: &DataFacts, now: i64) {
    if let Some(why) = &data.backup_fault {
        lines.push(Line::toned(Tone::Bad, format!("  {why}")));
    }
    let Some(backup) = &data.backup else {
        lines.push(Line::plain("  none; `pairadm data backup` makes one"));
        return;
    };
    lines.push(Line::plain(format!(
        "  {}, {} old, {} in {} files{}{}",
        backup.path,
        age(now, backup.made),
        bytes(backup.bytes),
        backup.files,
        backup
            .generation
            .map(|generation| format!(", generation {generation}"))
            .unwrap_or_default(),
        backup
            .version
            .as_ref()
            .map(|version| format!(", {version}"))
            .unwrap_or_default(),
    )));
}

fn mirrors(lines: &mut Vec<Line>, used: MirrorUse, side: Side, held: &BySide<DataHeld>) {
    let all = facts::mirrors(held);
    let all = all.iter().filter(|held| held.side == side && held.used == used);
    let mut rows = all.peekable();
    if rows.peek().is_none() {
        lines.push(Line::plain("  none; `pairadm data copy` makes one"));
    } else {
        lines.push(Line::toned(
            Tone::Faint,
            format!(
                "  {:6}  {:>11}  {:>11}  {:>11}  {:>9}  {:>6}  VERSION",
                "NAME", "BACKUP MADE", "COPIED", "VERIFIED", "SIZE", "FILES"
            ),
        ));
    }
    for HeldMirror {
        holder,
        mirror,
        loaded,
        ..
    } in rows
    {
        let verified = match &mirror.verified.fault {
            Some(_) => "DAMAGED".to_owned(),
            None => age(holder.now, mirror.verified.at),
        };
        let mut line = Line::plain(format!(
            "  {:6}  {:>11}  {:>11}  {verified:>11}  {:>9}  {:>6}  {}",
            mirror.name,
            age(holder.now, mirror.made),
            age(holder.now, mirror.copied),
            bytes(mirror.bytes),
            mirror.files,
            mirror.version.as_deref().unwrap_or("-"),
        ));
        if *loaded {
            line = line.then(Tone::Good, "  loaded");
        }
        lines.push(line);
        if let Some(fault) = &mirror.verified.fault {
            let ago = age(holder.now, mirror.verified.at);
            let text = format!("    damaged, as it was read {ago} ago: {fault}");
            lines.push(Line::toned(Tone::Bad, text));
        }
    }
}

/// What belongs to all mirrors of a node.
fn around_mirrors(lines: &mut Vec<Line>, data: &DataFacts) {
    let live = match &data.loaded {
        Some(name) if data.mirrors.iter().any(|mirror| mirror.name == *name) => {
            format!("  live is mirror {name}, loaded last")
        }
        Some(name) => format!("  live is mirror {name}, which is not kept any more"),
        None => "  live is the node's own data; no mirror is loaded".to_owned(),
    };
    lines.push(Line::plain(live));
    if data.incoming > 0 {
        lines.push(Line::toned(
            Tone::Warning,
            format!(
                "  a copy was broken off after {}; the next one goes on from there",
                bytes(data.incoming)
            ),
        ));
    }
    lines.push(Line::toned(Tone::Faint, format!("  {} free", bytes(data.free))));
}

fn age(now: i64, then: i64) -> String {
    seconds(u64::try_from(now.saturating_sub(then)).unwrap_or_default())
}
