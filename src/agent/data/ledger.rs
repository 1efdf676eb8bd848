//! What was loaded on this node, so that `status` can say it and a rollback knows what was there before.

use super::copy::failed;
use super::save::{make, sync_directory};
use crate::agent::paths::NodePaths;
use crate::agent::protocol::StepReport;
use crate::agent::step::Context;
use crate::data::{Ledger, LedgerEntry, Loaded, Places};
use crate::error::{Error, Result};
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// The ledger; empty on a node where nothing was loaded.
pub fn read(paths: &NodePaths) -> Result<Ledger> {
    let path = Places::under(paths.var()).ledger();
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Ledger::default()),
        Err(error) => return Err(failed(&path, error)),
    };
    serde_json::from_slice(&text).map_err(|error| {
        Error::unknown("ledger_damaged", "what was loaded here cannot be read")
            .at(path.display())
            .because(error)
            .hint("move the file away; what was loaded before cannot be rolled back then")
    })
}

/// Enters the change.
pub fn apply(context: &Context<'_>, entry: &LedgerEntry, before: &Ledger) -> Result<StepReport> {
    let wanted = entered(before, entry, context);
    let changed = !same(&read(context.paths)?, &wanted);
    if changed {
        write(context.paths, &wanted)?;
    }
    Ok(report(changed, &wanted))
}

/// The ledger is as the step left it.
pub fn verify(context: &Context<'_>, entry: &LedgerEntry, before: &Ledger) -> Result<StepReport> {
    let here = read(context.paths)?;
    if same(&here, &entered(before, entry, context)) {
        return Ok(report(false, &here));
    }
    Err(Error::incomplete(
        "ledger_not_verified",
        "something else was loaded or rolled back since",
    )
    .at(Places::under(context.paths.var()).ledger().display()))
}

/// Gives `before` back, if nothing else was loaded since.
pub fn revert(context: &Context<'_>, entry: &LedgerEntry, before: &Ledger) -> Result<StepReport> {
    let here = read(context.paths)?;
    if same(&here, before) {
        return Ok(report(false, before));
    }
    if !same(&here, &entered(before, entry, context)) {
        return Err(
            Error::refused("changed_since", "something else was loaded or rolled back since")
                .hint("undo that operation first"),
        );
    }
    write(context.paths, before)?;
    Ok(report(true, before))
}

fn entered(before: &Ledger, entry: &LedgerEntry, context: &Context<'_>) -> Ledger {
    let mut after = before.clone();
    match entry {
        LedgerEntry::Load(loaded) => after.loads.push(Loaded {
            op: context.op,
            at: chrono::Utc::now().timestamp(),
            ..loaded.clone()
        }),
        LedgerEntry::Rollback => drop(after.loads.pop()),
    }
    after
}

/// Alike but for the time at which it was entered.
fn same(one: &Ledger, other: &Ledger) -> bool {
    let timeless = |ledger: &Ledger| -> Vec<Loaded> {
        let each = ledger.loads.iter();
        each.map(|loaded| Loaded {
            at: 0,
            ..loaded.clone()
        })
        .collect()
    };
    timeless(one) == timeless(other)
}

fn write(paths: &NodePaths, ledger: &Ledger) -> Result<()> {
    let path = Places::under(paths.var()).ledger();
    let directory = path.parent().unwrap_or(Path::new("/"));
    make(directory)?;
    let text = serde_json::to_vec_pretty(ledger).map_err(|error| Error::bug(error.to_string()))?;
    let mut draft = tempfile::NamedTempFile::new_in(directory).map_err(|error| failed(&path, error))?;
    draft
        .write_all(&text)
        .and_then(|()| draft.as_file().sync_all())
        .map_err(|error| failed(&path, error))?;
    draft.persist(&path).map_err(|error| failed(&path, error.error))?;
    sync_directory(&path)
}

fn report(changed: bool, ledger: &Ledger) -> StepReport {
    StepReport {
        changed,
        detail: match ledger.newest() {
            Some(loaded) => format!("mirror {} is loaded, by operation {}", loaded.mirror, loaded.op),
            None => "the node's own data is live".to_owned(),
        },
        backup: None,
    }
}
