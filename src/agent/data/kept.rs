//! A saved folder of live data as a step: backups of the node, and what is put aside before a load.

use super::copy::failed;
use super::inventory;
use super::save::{make, remove, save, sync_directory};
use crate::agent::protocol::StepReport;
use crate::agent::step::Context;
use crate::data::{Manifest, Places, made_by};
use crate::error::{Error, Result};
use crate::plan::{Purpose, SaveData};
use crate::render::bytes;
use serde::{Deserialize, Serialize};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// What was there before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The folder that was the current backup, by name.
    pub current: Option<String>,
}

/// The current backup before the step.
pub fn look(context: &Context<'_>) -> Kept {
    let places = Places::under(context.paths.var());
    let target = fs::read_link(places.current_backup()).ok();
    Kept {
        current: target.map(|target| target.to_string_lossy().into_owned()),
    }
}

/// Saves the data and makes a backup the current one.
pub fn apply(context: &Context<'_>, order: &SaveData) -> Result<StepReport> {
    let folder = folder(context, order);
    let (manifest, changed) = match Manifest::read(&folder) {
        Ok(manifest) => (manifest, false),
        Err(_) => (save(context, order, &folder)?, true),
    };
    let mut detail = format!(
        "saved {} ({} files, {}) in {}",
        manifest.sets.join(", "),
        manifest.files().count(),
        bytes(manifest.bytes()),
        folder.display()
    );
    if order.purpose == Purpose::Backup {
        let places = Places::under(context.paths.var());
        context.meter.begin("verify", Some(manifest.bytes()));
        inventory::verify(&folder, &manifest, context.meter)?;
        point(&places, &made_by(context.op))?;
        let gone = prune(&places, order.keep)?;
        if !gone.is_empty() {
            detail = format!("{detail}; removed {}", gone.join(", "));
        }
    }
    Ok(StepReport {
        changed,
        detail,
        backup: None,
    })
}

/// The folder is there, whole, and a backup is the current one.
pub fn verify(context: &Context<'_>, order: &SaveData) -> Result<StepReport> {
    let folder = folder(context, order);
    let unverified = |why: &str| Error::incomplete("data_not_verified", why.to_owned()).at(folder.display());
    Manifest::read(&folder).map_err(|error| unverified("the saved data is not there").because(error))?;
    let name = made_by(context.op);
    if order.purpose == Purpose::Backup && look(context).current.as_deref() != Some(name.as_str()) {
        return Err(unverified("another backup is the current one"));
    }
    Ok(StepReport {
        changed: false,
        detail: format!("{} is whole", folder.display()),
        backup: None,
    })
}

/// Makes the earlier backup the current one again and removes what was saved.
pub fn revert(context: &Context<'_>, order: &SaveData, before: &Kept) -> Result<StepReport> {
    let folder = folder(context, order);
    let places = Places::under(context.paths.var());
    let name = made_by(context.op);
    if order.purpose == Purpose::Backup && look(context).current.as_deref() == Some(name.as_str()) {
        match before
            .current
            .as_deref()
            .filter(|earlier| places.backups().join(earlier).is_dir())
        {
            Some(earlier) => point(&places, earlier)?,
            None => fs::remove_file(places.current_backup())
                .map_err(|error| failed(&places.current_backup(), error))?,
        }
    }
    let changed = folder.exists();
    remove(&folder)?;
    remove(&folder.with_extension("partial"))?;
    Ok(StepReport {
        changed,
        detail: format!("removed {}", folder.display()),
        backup: None,
    })
}

fn folder(context: &Context<'_>, order: &SaveData) -> PathBuf {
    let places = Places::under(context.paths.var());
    let above = match order.purpose {
        Purpose::Backup => places.backups(),
        Purpose::Aside => places.asides(),
    };
    above.join(made_by(context.op))
}

/// The link to the current backup is replaced in one step: there is always one.
fn point(places: &Places, name: &str) -> Result<()> {
    let link = places.current_backup();
    make(&places.backups())?;
    let draft = link.with_extension("new");
    let _ = fs::remove_file(&draft);
    symlink(name, &draft)
        .and_then(|()| fs::rename(&draft, &link))
        .map_err(|error| failed(&link, error))?;
    sync_directory(&link)
}

/// Removes all backups but the newest `keep`; tells which.
fn prune(places: &Places, keep: usize) -> Result<Vec<String>> {
    let mut known: Vec<(i64, PathBuf)> = Vec::new();
    for entry in fs::read_dir(places.backups()).map_err(|error| failed(&places.backups(), error))? {
        let path = entry.map_err(|error| failed(&places.backups(), error))?.path();
        if path.is_symlink() || !path.is_dir() {
            continue;
        }
        if let Ok(manifest) = Manifest::read(&path) {
            known.push((manifest.made, path));
        }
    }
    known.sort_unstable();
    let surplus = known.len().saturating_sub(keep.max(1));
    known
        .into_iter()
        .take(surplus)
        .map(|(_, path)| {
            remove(&path)?;
            Ok(name_of(&path))
        })
        .collect()
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}
