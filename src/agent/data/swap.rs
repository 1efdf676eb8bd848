//! Makes staged data live, and on the way back what was put aside before.

use super::{inventory, live_digest};
use super::{postgresql_put, put_files, sqlite, stage};
use crate::agent::protocol::StepReport;
use crate::agent::step::Context;
use crate::data::{Kind, Manifest, Places, made_by};
use crate::error::{Error, Result};
use crate::model::{DataSet, DataSource};
use crate::plan::SwapData;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Makes the staged data live.
pub fn apply(context: &Context<'_>, order: &SwapData) -> Result<StepReport> {
    let staged = stage::folder(context);
    let manifest = stage::whole(&staged)
        .ok_or_else(|| Error::refused("not_staged", "the data to load is not staged").at(staged.display()))?;
    context.meter.begin("verify", Some(manifest.bytes()));
    inventory::verify(&staged, &manifest, context.meter)?;
    refuse_unforeseen(order, &manifest)?;
    let report = install(context, order, &staged, &manifest)?;
    live_digest::record(context, &order.sets)?;
    Ok(report)
}

/// Makes live again what was put aside. What never began is left alone.
pub fn revert(context: &Context<'_>, order: &SwapData, ran: bool) -> Result<StepReport> {
    if !ran {
        return Ok(report(false, "never ran".to_owned()));
    }
    let aside = Places::under(context.paths.var())
        .asides()
        .join(made_by(context.op));
    let manifest = Manifest::read(&aside)?;
    context.meter.begin("verify", Some(manifest.bytes()));
    inventory::verify(&aside, &manifest, context.meter)?;
    install(context, order, &aside, &manifest)
}

/// The files are as they were loaded; databases change while the service runs.
pub fn verify(context: &Context<'_>, order: &SwapData) -> Result<StepReport> {
    let staged = stage::folder(context);
    let manifest = Manifest::read(&staged)?;
    if let Some(path) = differing(order, &manifest, |_| true)?.into_iter().next() {
        return Err(
            Error::incomplete("data_not_verified", "a file is not as it was loaded")
                .at(path)
                .hint("settle by hand what shall stay, then try again"),
        );
    }
    Ok(report(false, "the files are as they were loaded".to_owned()))
}

fn install(
    context: &Context<'_>,
    order: &SwapData,
    folder: &Path,
    manifest: &Manifest,
) -> Result<StepReport> {
    context.meter.begin("load", Some(manifest.bytes()));
    let mut done = Vec::new();
    for set in &order.sets {
        let what = install_set(context, set, &folder.join(&set.name))?;
        done.push(format!("{}: {what}", set.name));
    }
    Ok(report(true, done.join("; ")))
}

/// A set whose folder is not there was not on the node either.
fn install_set(context: &Context<'_>, set: &DataSet, folder: &Path) -> Result<String> {
    match &set.source {
        DataSource::Files { paths, own } => {
            let put = put_files::put(folder, paths, own, context.meter)?;
            Ok(format!("{} files written, {} removed", put.written, put.removed))
        }
        DataSource::Sqlite { path, .. } => {
            let path = Path::new(path);
            let name = path.file_name().map(PathBuf::from).unwrap_or_default();
            sqlite::put(&folder.join(name), path, context.meter)
        }
        DataSource::Postgresql { database, .. } => {
            let dump = folder.join(format!("{database}.sql"));
            postgresql_put::put(context.paths.search(), database, &dump, context.meter)
        }
    }
}

/// The plan says what takes the data up. When more would change than it knew of, it is stale.
fn refuse_unforeseen(order: &SwapData, manifest: &Manifest) -> Result<()> {
    let foreseen: BTreeSet<&str> = order.changes.iter().map(|change| change.path.as_str()).collect();
    let settled = |path: &Path| {
        order.settled.iter().any(|settled| path.starts_with(settled))
            && !foreseen.contains(path.to_string_lossy().as_ref())
    };
    match differing(order, manifest, settled)?.into_iter().next() {
        None => Ok(()),
        Some(path) => Err(Error::refused(
            "plan_stale",
            "a file changes that was not to change when this was planned",
        )
        .at(path)
        .hint("plan again")),
    }
}

/// Files of the node, of those that `which` picks, that differ from the folder's.
fn differing(order: &SwapData, manifest: &Manifest, which: impl Fn(&Path) -> bool) -> Result<Vec<String>> {
    let mut differing = Vec::new();
    for set in &order.sets {
        let DataSource::Files { own, .. } = &set.source else {
            continue;
        };
        for (path, size, blake3) in files_of(manifest, &set.name) {
            let place = Path::new("/").join(path);
            if own.iter().any(|own| place.starts_with(own)) || !which(&place) {
                continue;
            }
            let same = fs::symlink_metadata(&place).is_ok_and(|meta| meta.is_file() && meta.len() == size)
                && inventory::blake3_of(&place)? == blake3;
            if !same {
                differing.push(place.to_string_lossy().into_owned());
            }
        }
    }
    Ok(differing)
}

/// Files of a data set: path below its folder, bytes, hash.
fn files_of<'m>(
    manifest: &'m Manifest,
    set: &'m str,
) -> impl Iterator<Item = (&'m Path, u64, &'m str)> + use<'m> {
    manifest.entries.iter().filter_map(move |entry| {
        let path = Path::new(&entry.path).strip_prefix(set).ok()?;
        match &entry.kind {
            Kind::File { size, blake3 } => Some((path, *size, blake3.as_str())),
            Kind::Directory | Kind::Link { .. } => None,
        }
    })
}

fn report(changed: bool, detail: String) -> StepReport {
    StepReport {
        changed,
        detail,
        backup: None,
    }
}
