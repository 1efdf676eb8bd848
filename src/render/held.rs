//! Backup and mirrors as tables.

use super::amount::{bytes, seconds};
use super::line::{Line, Tone};
use crate::controller::DataHeld;
use crate::facts::DataFacts;
use crate::model::{BySide, Side};

/// The primary's backup and the secondary's mirrors of it; where there are any, the same the other way.
pub fn data_held(held: &BySide<DataHeld>) -> Vec<Line> {
    let mut lines = Vec::new();
    heading(&mut lines, "Backup", Side::Primary, held);
    if let Some(data) = &held.primary.data {
        backup(&mut lines, data, held.primary.now);
    }
    lines.push(Line::default());
    heading(&mut lines, "Mirrors", Side::Secondary, held);
    if let Some(data) = &held.secondary.data {
        mirrors(&mut lines, data, Side::Primary, held.secondary.now);
    }
    back(&mut lines, held);
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
        mirrors(lines, data, Side::Secondary, held.primary.now);
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

fn mirrors(lines: &mut Vec<Line>, data: &DataFacts, source: Side, now: i64) {
    if data.mirrors_of(source).next().is_none() {
        lines.push(Line::plain("  none; `pairadm data copy` makes one"));
    } else {
        lines.push(Line::toned(
            Tone::Faint,
            format!(
                "  {:8}  {:>12}  {:>10}  {:>7}  {:>10}  VERSION",
                "NAME", "COPIED", "SIZE", "FILES", "GENERATION"
            ),
        ));
    }
    for mirror in data.mirrors_of(source) {
        let loaded = data.loaded.as_deref() == Some(mirror.name.as_str());
        let line = Line::plain(format!(
            "  {:8}  {:>12}  {:>10}  {:>7}  {:>10}  {}",
            mirror.name,
            age(now, mirror.copied),
            bytes(mirror.bytes),
            mirror.files,
            mirror.generation.0,
            mirror.version.as_deref().unwrap_or("-"),
        ));
        lines.push(if loaded {
            line.then(Tone::Good, "  loaded")
        } else {
            line
        });
    }
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
