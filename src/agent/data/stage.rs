//! Makes a folder of data ready for a load: verified, translated into a copy, and validated by the
//! profile's own check before anything live is touched.

use super::copy::failed;
use super::inventory;
use super::save::{make, remove, settle, sync_directory, write_manifest};
use super::translated::translate;
use crate::agent::program::run_from;
use crate::agent::protocol::StepReport;
use crate::agent::step::Context;
use crate::data::{MANIFEST, Manifest, Places, made_by};
use crate::error::{Error, Result};
use crate::model::{DataSource, Load};
use crate::plan::StageData;
use crate::render::bytes;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long the profile's check may take.
const CHECK: Duration = Duration::from_secs(60);

/// The folder of what operation `context.op` staged.
pub fn folder(context: &Context<'_>) -> PathBuf {
    Places::under(context.paths.var())
        .staged()
        .join(made_by(context.op))
}

/// The staged folder's manifest, if all of the folder is there: after a load only the manifest is kept.
pub fn whole(folder: &Path) -> Option<Manifest> {
    Manifest::read(folder)
        .ok()
        .filter(|manifest| manifest.sets.iter().all(|set| folder.join(set).is_dir()))
}

/// Verifies, translates, validates.
pub fn apply(context: &Context<'_>, order: &StageData) -> Result<StepReport> {
    let folder = folder(context);
    let (manifest, changed) = match whole(&folder) {
        Some(manifest) => (manifest, false),
        None => (stage(context, order, &folder)?, true),
    };
    Ok(StepReport {
        changed,
        detail: format!(
            "staged {} ({} files, {}) from {}",
            manifest.sets.join(", "),
            manifest.files().count(),
            bytes(manifest.bytes()),
            order.origin
        ),
        backup: None,
    })
}

/// The staged folder was there and is known.
pub fn verify(context: &Context<'_>) -> Result<StepReport> {
    let folder = folder(context);
    Manifest::read(&folder).map_err(|error| {
        Error::incomplete("data_not_verified", "what was staged is not known any more")
            .at(folder.display())
            .because(error)
    })?;
    Ok(StepReport {
        changed: false,
        detail: format!("{} is known", folder.display()),
        backup: None,
    })
}

/// Removes what was staged.
pub fn revert(context: &Context<'_>) -> Result<StepReport> {
    let folder = folder(context);
    let changed = folder.exists();
    remove(&folder)?;
    remove(&folder.with_extension("partial"))?;
    Ok(StepReport {
        changed,
        detail: format!("removed {}", folder.display()),
        backup: None,
    })
}

fn stage(context: &Context<'_>, order: &StageData, folder: &Path) -> Result<Manifest> {
    let from = Places::under(context.paths.var()).of(&order.origin);
    let source = verified(&from, &order.digest, context)?;
    let partial = folder.with_extension("partial");
    remove(&partial)?;
    remove(folder)?;
    make(&partial)?;
    context.meter.begin("translate", Some(source.bytes()));
    let mut manifest = source.head();
    manifest.sets.clear();
    // A set that the folder lacks was not there when it was put aside.
    for set in order.sets.iter().filter(|set| source.sets.contains(&set.name)) {
        translate(
            &from.join(&set.name),
            &partial.join(&set.name),
            set,
            &order.table,
            context.meter,
        )?;
        manifest.sets.push(set.name.clone());
    }
    context.meter.begin("hash", None);
    manifest.entries = inventory::inventory(&partial, context.meter)?;
    check(context, order, &partial)?;
    write_manifest(&partial, &manifest)?;
    settle(&partial)?;
    fs::rename(&partial, folder).map_err(|error| failed(folder, error))?;
    sync_directory(folder)?;
    Ok(manifest)
}

/// The manifest of a folder that is as planned and whole.
pub fn verified(folder: &Path, digest: &str, context: &Context<'_>) -> Result<Manifest> {
    let manifest = Manifest::read(folder)?;
    if self::digest(folder)? != digest {
        return Err(Error::refused(
            "plan_stale",
            "the folder of data is another one than when this was planned",
        )
        .at(folder.display())
        .hint("plan again"));
    }
    context.meter.begin("verify", Some(manifest.bytes()));
    inventory::verify(folder, &manifest, context.meter)?;
    Ok(manifest)
}

/// BLAKE3 of the manifest in `folder`.
pub fn digest(folder: &Path) -> Result<String> {
    let path = folder.join(MANIFEST);
    let text = fs::read(&path).map_err(|error| failed(&path, error))?;
    Ok(blake3::hash(&text).to_hex().to_string())
}

/// Runs the profile's check on the staged folders, with the node's own files in their places: the
/// configuration that is checked is the one that would run.
fn check(context: &Context<'_>, order: &StageData, partial: &Path) -> Result<()> {
    let load = Load {
        check: order.check.clone(),
        ..Load::default()
    };
    let staged = |name: &str| {
        let folder = partial.join(name);
        folder.is_dir().then(|| folder.to_string_lossy().into_owned())
    };
    let argv = load.staged_check(staged);
    let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
    if argv.is_empty() || load.staged_sets().iter().any(|name| staged(name).is_none()) {
        return Ok(());
    }
    context.meter.begin("check", None);
    let lent = lend_own(order, partial)?;
    let finished = run_from(context.paths.search(), &argv, Instant::now() + CHECK);
    for path in lent {
        fs::remove_file(&path).map_err(|error| failed(&path, error))?;
    }
    let finished = finished?;
    if finished.status.success() {
        return Ok(());
    }
    Err(
        Error::refused("check_failed", "the service's own check refuses the staged data")
            .at(argv.join(" "))
            .because(finished.last_words())
            .hint("nothing was changed; correct the data on the primary, back up, copy and load again"),
    )
}

/// Links to the node's own files where the check looks for them; the paths of the links.
fn lend_own(order: &StageData, partial: &Path) -> Result<Vec<PathBuf>> {
    let mut lent = Vec::new();
    for set in &order.sets {
        let DataSource::Files { own, .. } = &set.source else {
            continue;
        };
        for path in own.iter().map(Path::new).filter(|path| path.exists()) {
            let place = partial
                .join(&set.name)
                .join(path.strip_prefix("/").unwrap_or(path));
            let room = place.parent().is_some_and(Path::is_dir);
            if room && fs::symlink_metadata(&place).is_err() {
                symlink(path, &place).map_err(|error| failed(&place, error))?;
                lent.push(place);
            }
        }
    }
    Ok(lent)
}
