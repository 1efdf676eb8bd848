//! What the operator must have read before a load (A12).

use super::{TakeUp, Work};
use crate::data::{LedgerEntry, Loaded};
use crate::model::Counted;
use crate::plan::alarms;
use crate::render::bytes;

/// The lines; `known` is what is loaded now.
pub(super) fn of(work: &Work<'_>, known: Option<&Loaded>) -> Vec<String> {
    let name = work.basis.name(work.side);
    let other = work.side.other();
    let (files, size) = work.preview.size;
    let mut lines = vec![format!(
        "Not service affecting: {name} serves no calls; {} is not touched.",
        work.basis.name(other)
    )];
    lines.push(match (&work.entry, known) {
        (LedgerEntry::Rollback, _) => format!(
            "{name} gets back what it had before that load, {}: {files} files, {}.",
            before(work),
            bytes(size)
        ),
        (LedgerEntry::Load(_), Some(known)) => format!(
            "{files} files, {}, replace the data of mirror {}, which is kept aside.",
            bytes(size),
            known.mirror
        ),
        (LedgerEntry::Load(_), None) => {
            format!(
                "{files} files, {}, replace {name}'s own data, which is kept aside.",
                bytes(size)
            )
        }
    });
    if let LedgerEntry::Load(loaded) = &work.entry {
        lines.push(format!("Saved on {} at {}.", loaded.node, saved(loaded.made)));
    }
    lines.push(match work.take_up() {
        TakeUp::Services(services) => format!("Restarted on {name}: {}.", services.join(", ")),
        TakeUp::Reloads(reloads) if reloads.is_empty() => "Nothing has to be reloaded.".to_owned(),
        TakeUp::Reloads(reloads) => format!(
            "No service is restarted; {} of its parts take the data up by reloading.",
            reloads.len()
        ),
        TakeUp::Nothing => {
            format!("The service does not run on {name}; it takes the data up when it starts.")
        }
    });
    if work.take_up() != TakeUp::Nothing {
        lines.push(alarms::at_load(name));
    }
    if matches!(work.entry, LedgerEntry::Load(_)) && work.take_up() != TakeUp::Nothing {
        lines.extend(work.preview.counted.iter().filter_map(uncounted));
    }
    if work.basis.facts[other].is_none() {
        lines.push(format!(
            "Warning: the {other} cannot be asked; its addresses are taken from the pair file alone."
        ));
    }
    lines.push(format!(
        "When anything fails, {name} gets its present data back and takes that up again."
    ));
    lines
}

/// What was live before the newest load.
fn before(work: &Work<'_>) -> String {
    let mut loads = work.preview.ledger.loads.iter().rev();
    loads.nth(1).map_or_else(
        || "its own data".to_owned(),
        |load| format!("mirror {}, loaded by operation {}", load.mirror, load.op),
    )
}

/// What the service does not tell, or has from elsewhere, is not compared afterwards.
fn uncounted(counted: &Counted) -> Option<String> {
    let name = &counted.name;
    let why = match counted.has {
        None => {
            return Some(format!(
                "Not compared after the load: {name}. The service's console cannot list them ({}). See afterwards that                  it has all of them, or name a program in the profile's [[load.count.ask]] that can.",
                counted.why
            ));
        }
        Some(_) if !counted.origins().is_empty() => return None,
        Some(has) => {
            let places = counted.sources.iter();
            let places: Vec<String> = places
                .map(|(place, rows)| format!("{place} has {rows}"))
                .collect();
            format!("the service has {has}, {}", places.join(", "))
        }
    };
    Some(format!(
        "Not compared after the load: {name}. What the service has is not from a place that is known now: {why}."
    ))
}

fn saved(made: i64) -> String {
    chrono::DateTime::from_timestamp(made, 0).map_or_else(
        || "an unknown time".to_owned(),
        |time| time.format("%Y-%m-%d %H:%M UTC").to_string(),
    )
}
