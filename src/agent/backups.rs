//! In-place backups pairadm has left on this node: what there is, and removing what is not needed.

use super::file::{self, fault};
use super::found::Found;
use super::journal::{self, Log};
use super::paths::NodePaths;
use super::protocol::Backup;
use crate::error::{Error, Result};
use crate::plan::Action;
use std::collections::BTreeSet;
use std::path::Path;

/// Every backup of every operation that is still there, newest operation first.
pub fn list(paths: &NodePaths) -> Result<Vec<Backup>> {
    Ok(collect(paths)?.0)
}

/// Removes backups: all that are asked for, or none. Refuses a path that is no backup of ours, and one
/// that an unfinished operation needs.
pub fn prune(paths: &NodePaths, asked: &[String]) -> Result<()> {
    let (known, needed) = collect(paths)?;
    for path in asked {
        if !known.iter().any(|backup| backup.path == *path) {
            return Err(
                Error::refused("no_such_backup", "not a backup that pairadm made on this node")
                    .at(path)
                    .hint("`pairadm backups list` shows them"),
            );
        }
        if needed.contains(path) {
            return Err(
                Error::refused("backup_needed", "an unfinished operation needs this backup")
                    .at(path)
                    .hint("finish it first: `pairadm resume` or `pairadm undo`"),
            );
        }
    }
    for path in asked {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(fault(Path::new(path), "the backup cannot be removed", &error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// All backups that exist, and the paths of those that unfinished operations need.
fn collect(paths: &NodePaths) -> Result<(Vec<Backup>, BTreeSet<String>)> {
    let mut backups: Vec<Backup> = Vec::new();
    let mut needed = BTreeSet::new();
    for log in journal::newest_first(paths)? {
        let log = log?;
        backups.extend(orphans(paths, &log)?);
        for found in log.found.values() {
            let Found::File(found) = found else { continue };
            let Some(original) = &found.original else { continue };
            let backup = original.describe(&found.path);
            if log.end.is_none() {
                needed.insert(backup.path.clone());
            }
            let listed = backups.iter().any(|known| known.path == backup.path);
            if !listed && original.backup.symlink_metadata().is_ok() {
                backups.push(backup);
            }
        }
    }
    Ok((backups, needed))
}

/// Backups that a crash kept from reaching the journal: whole, but of a file that was never changed.
fn orphans(paths: &NodePaths, log: &Log) -> Result<Vec<Backup>> {
    let mut orphans = Vec::new();
    for step in log.plan.steps().filter(|step| !log.found.contains_key(&step.id)) {
        if let Action::File(put) = &step.action {
            orphans.extend(file::backup_of(paths, put, log.op, &log.tag)?);
        }
    }
    Ok(orphans)
}
