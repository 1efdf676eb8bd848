//! Saves a node's live data into a folder: every data set by its kind, then the manifest, then the name.
//! The folder has its name only when it is whole.

use super::{copy::failed, files, inventory, postgresql, sqlite};
use crate::agent::program::run_from;
use crate::agent::step::Context;
use crate::data::{MANIFEST, Manifest};
use crate::error::{Error, Result};
use crate::model::{DataSet, DataSource};
use crate::plan::{Purpose, SaveData};
use serde::Serialize;
use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long the service's version command may take.
const VERSION: Duration = Duration::from_secs(10);

/// Beside the folder while it is being filled.
const PARTIAL: &str = "partial";

/// Saves what `order` names as `folder`, and tells what was saved. What is left of an interrupted try
/// goes first.
pub fn save(context: &Context<'_>, order: &SaveData, folder: &Path) -> Result<Manifest> {
    let partial = folder.with_extension(PARTIAL);
    remove(&partial)?;
    make(&partial)?;
    let mut manifest = Manifest::new(
        order.pair.clone(),
        order.node.clone(),
        order.generation,
        context.op,
    );
    manifest.made = chrono::Utc::now().timestamp();
    manifest.version = version(context, &order.version_command);
    context.meter.begin("save", None);
    for set in &order.sets {
        if save_set(context, set, &partial.join(&set.name))? {
            manifest.sets.push(set.name.clone());
        } else {
            remove(&partial.join(&set.name))?;
        }
    }
    if manifest.sets.is_empty() && order.purpose == Purpose::Backup {
        remove(&partial)?;
        return Err(
            Error::refused("no_data", "the node has none of the data that the profile names")
                .hint("see the [[data]] sections of the profile"),
        );
    }
    context.meter.begin("hash", None);
    manifest.entries = inventory::inventory(&partial, context.meter)?;
    write_manifest(&partial, &manifest)?;
    settle(&partial)?;
    remove(folder)?;
    fs::rename(&partial, folder).map_err(|error| failed(folder, error))?;
    sync_directory(folder)?;
    Ok(manifest)
}

/// False when the node has no such data.
fn save_set(context: &Context<'_>, set: &DataSet, folder: &Path) -> Result<bool> {
    make(folder)?;
    match &set.source {
        DataSource::Files { paths, own } => {
            files::save(paths, own, folder, context.meter).map(|count| count > 0)
        }
        DataSource::Sqlite { path, .. } => {
            let path = Path::new(path);
            let name = path.file_name().map(PathBuf::from).unwrap_or_default();
            sqlite::save(path, &folder.join(name), context.meter)
        }
        DataSource::Postgresql { database, .. } => {
            let dump = folder.join(format!("{database}.sql"));
            postgresql::save(context.paths.search(), database, &dump, context.meter)
        }
    }
}

fn version(context: &Context<'_>, command: &[String]) -> Option<String> {
    let argv: Vec<&str> = command.iter().map(String::as_str).collect();
    if argv.is_empty() {
        return None;
    }
    let finished = run_from(context.paths.search(), &argv, Instant::now() + VERSION).ok()?;
    finished.stdout.lines().next().map(str::to_owned)
}

/// Writes the manifest last: a folder without one is not whole.
pub fn write_manifest(folder: &Path, manifest: &Manifest) -> Result<()> {
    let path = folder.join(MANIFEST);
    let text = serde_json::to_vec(manifest).map_err(|error| Error::bug(error.to_string()))?;
    File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| file.write_all(&text).and_then(|()| file.sync_all()))
        .map_err(|error| failed(&path, error))
}

/// Writes down what a later look need not find out again. It is whole or not there, but not forced to the
/// disk: after a crash the older one is as good.
pub fn remember(place: &Path, known: &impl Serialize) -> Result<()> {
    let text = serde_json::to_vec(known).map_err(|error| Error::bug(error.to_string()))?;
    let directory = place.parent().unwrap_or(place);
    make(directory)?;
    let mut draft = tempfile::NamedTempFile::new_in(directory).map_err(|error| failed(place, error))?;
    draft.write_all(&text).map_err(|error| failed(place, error))?;
    draft.persist(place).map_err(|error| failed(place, error.error))?;
    Ok(())
}

/// A directory that only root may look into, with those above it.
pub fn make(directory: &Path) -> Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .map_err(|error| failed(directory, error))
}

/// Removes a folder, if it is there.
pub fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(folder, error)),
        _ => Ok(()),
    }
}

/// Everything written is on the disk: one call for the whole file system is faster than one a file.
pub fn settle(folder: &Path) -> Result<()> {
    File::open(folder)
        .and_then(|file| Ok(rustix::fs::syncfs(&file)?))
        .map_err(|error| failed(folder, error))
}

/// A new name in the directory above `path` is on the disk.
pub fn sync_directory(path: &Path) -> Result<()> {
    let above = path.parent().unwrap_or(path);
    File::open(above)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| failed(above, error))
}
