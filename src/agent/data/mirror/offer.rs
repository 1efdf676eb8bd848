//! The node that has the backup lets the other one read it: only that folder, only as long as the copy
//! lasts.

use super::service;
use crate::agent::data::copy::failed;
use crate::agent::data::hashed::{self, Hashed};
use crate::agent::data::inventory;
use crate::agent::data::save::{make, remove};
use crate::agent::paths::NodePaths;
use crate::agent::protocol::StepReport;
use crate::agent::step::Context;
use crate::data::{MANIFEST, Manifest, Places, made_by};
use crate::error::{Error, Result};
use crate::model::OpId;
use crate::plan::OfferBackup;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// The manifest of what is offered, in the offer's directory: rsync brings it under the same name, beside the
/// folders of the backup.
pub const OFFERED_MANIFEST: &str = ".pairadm-manifest.json";

/// What is offered, in the same directory; written last.
const RECORD: &str = "offer.json";

/// What the other node may read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// The copy that it is for.
    pub op: OpId,
    /// The folder.
    pub folder: PathBuf,
}

/// What is offered now, if anything.
pub fn offered(paths: &NodePaths) -> Option<Offered> {
    let text = fs::read(paths.offer().join(RECORD)).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Offers the backup, after a look whether it is as its manifest says.
pub fn offer(context: &Context<'_>, order: &OfferBackup) -> Result<StepReport> {
    let folder = &folder(context, order);
    withdraw_all(context)?;
    let directory = context.paths.offer();
    make(&directory)?;
    let text = match &order.manifest {
        digest if digest.is_some() || order.fresh => known(folder, digest.as_deref(), context)?,
        _ => serde_json::to_vec(&written(context, order)?).map_err(|error| Error::bug(error.to_string()))?,
    };
    let record = serde_json::to_vec(&Offered {
        op: context.op,
        folder: folder.to_owned(),
    });
    let record = record.map_err(|error| Error::bug(error.to_string()))?;
    for (name, bytes) in [(OFFERED_MANIFEST, text), (RECORD, record)] {
        let path = directory.join(name);
        fs::write(&path, bytes).map_err(|error| failed(&path, error))?;
    }
    if let Some(plain) = &order.plain
        && let Err(error) = service::start(context, folder, plain)
    {
        if !order.way_round {
            return Err(error);
        }
        context.meter.warn(format!(
            "Warning: nothing is offered at {} ({error}).",
            plain.address
        ));
    }
    Ok(report(
        true,
        format!("{} may be read by the other node", folder.display()),
    ))
}

/// It is offered, to this operation.
pub fn verify_offer(context: &Context<'_>, order: &OfferBackup) -> Result<StepReport> {
    let folder = folder(context, order);
    let ours =
        offered(context.paths).is_some_and(|offered| offered.op == context.op && offered.folder == folder);
    if ours {
        Ok(report(false, format!("{} is offered", folder.display())))
    } else {
        Err(Error::incomplete("offer_not_verified", "the backup is not offered").at(folder.display()))
    }
}

/// Refuses unless the backup is the one that was offered, then offers it no more.
pub fn withdraw_unchanged(context: &Context<'_>, order: &OfferBackup) -> Result<StepReport> {
    let folder = &folder(context, order);
    let same = match &order.manifest {
        digest if digest.is_some() || order.fresh => known(folder, digest.as_deref(), context).map(drop),
        _ => manifest_of_offer(context)
            .and_then(|manifest| inventory::compare_shape(folder, &manifest, context.meter)),
    };
    withdraw(context)?;
    same.map_err(|error| {
        Error::refused("backup_changed", "the backup was changed while it was copied")
            .at(folder.display())
            .because(error)
            .hint(
                "nothing is lost: `pairadm data copy` copies what it is now, and goes on from what is there",
            )
    })?;
    Ok(report(
        true,
        format!("{} did not change and is not offered any more", folder.display()),
    ))
}

/// Ends the offer of this operation, if there is one.
pub fn withdraw(context: &Context<'_>) -> Result<StepReport> {
    match offered(context.paths) {
        Some(offered) if offered.op != context.op => {}
        _ => withdraw_all(context)?,
    }
    Ok(report(true, "nothing is offered".to_owned()))
}

/// Ends whatever is offered.
pub fn withdraw_all(context: &Context<'_>) -> Result<()> {
    let directory = context.paths.offer();
    if directory.exists() {
        service::stop(context)?;
        remove(&directory)?;
    }
    Ok(())
}

/// The folder that is meant.
fn folder(context: &Context<'_>, order: &OfferBackup) -> PathBuf {
    if order.fresh {
        let backups = Places::under(context.paths.var()).backups();
        return backups.join(made_by(context.op));
    }
    PathBuf::from(&order.folder)
}

/// The manifest of a backup that pairadm made, if it is the planned one and the folder still looks so.
fn known(folder: &Path, digest: Option<&str>, context: &Context<'_>) -> Result<Vec<u8>> {
    let path = folder.join(MANIFEST);
    let text = fs::read(&path).map_err(|error| failed(&path, error))?;
    if digest.is_some_and(|digest| blake3::hash(&text).to_hex().as_str() != digest) {
        return Err(
            Error::refused("backup_changed", "another backup is there than was planned with")
                .at(path.display())
                .hint("plan again"),
        );
    }
    let manifest = Manifest::read(folder)?;
    inventory::compare_shape(folder, &manifest, context.meter)?;
    Ok(text)
}

/// A manifest for a backup that something else made.
fn written(context: &Context<'_>, order: &OfferBackup) -> Result<Manifest> {
    let folder = Path::new(&order.folder);
    let mut manifest = Manifest::new(
        order.pair.clone(),
        order.node.clone(),
        order.generation,
        context.op,
    );
    manifest.made = order.made;
    manifest.version.clone_from(&order.version);
    manifest.sets = order
        .sets
        .iter()
        .filter(|set| folder.join(set).is_dir())
        .cloned()
        .collect();
    if manifest.sets.is_empty() {
        let message = format!(
            "the backup has no folder of a data set: {}",
            order.sets.join(", ")
        );
        return Err(Error::refused("no_data", message)
            .at(folder.display())
            .hint("what makes the backup must put each data set of the profile into a folder of its name"));
    }
    context.meter.begin("hash", None);
    let place = Places::under(context.paths.var()).hashed_backup();
    let (hashed, moment) = (Hashed::read(&place), hashed::at_rest());
    let seen = inventory::look(folder, &|meta| hashed.of(meta), context.meter)?;
    hashed::note(&seen, &place, moment)?;
    manifest.entries = seen.into_iter().map(|seen| seen.entry).collect();
    Ok(manifest)
}

fn manifest_of_offer(context: &Context<'_>) -> Result<Manifest> {
    Manifest::read_file(&context.paths.offer().join(OFFERED_MANIFEST))
}

fn report(changed: bool, detail: String) -> StepReport {
    StepReport {
        changed,
        detail,
        backup: None,
    }
}
