//! Brings the other node's backup here: what the newest mirror has already is linked, the rest is copied,
//! and then every byte is read and compared with the manifest.

use super::alone::alone;
use super::keep;
use super::resume;
use super::rsync::Reader;
use crate::agent::data::copy::failed;
use crate::agent::data::inventory;
use crate::agent::data::save::{make, settle, write_manifest};
use crate::agent::protocol::StepReport;
use crate::agent::step::Context;
use crate::data::{Copied, Entry, Kind, MANIFEST, Manifest, Places};
use crate::error::{Error, Result};
use crate::plan::PullBackup;
use crate::render::bytes;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Copies and verifies; what is copied has no mirror's name yet. What is there when it fails serves the
/// next try.
pub fn pull(context: &Context<'_>, order: &PullBackup) -> Result<StepReport> {
    let places = Places::under(context.paths.var());
    let incoming = places.incoming();
    make(&incoming)?;
    context.meter.begin("prepare", None);
    let alone = alone(context.paths)?;
    resume::prepare(&incoming)?;
    let reader = Reader::new(context, order, &alone)?;
    let mut manifest = manifest(&reader, order, &incoming)?;
    let like = keep::of(&places)?.into_iter().next();
    let lacking = lacking(&manifest, like.as_deref(), &incoming);
    context.meter.begin("copy", Some(lacking));
    bring(context, &reader, &incoming, like.as_deref(), &manifest).or_else(|error| {
        if error.code != "data_damaged" || like.is_none() {
            return Err(error);
        }
        // The newest mirror's file may be what is damaged, and was linked: nothing of it is taken over.
        context.meter.begin("copy all", Some(manifest.bytes()));
        resume::prepare(&incoming)?;
        bring(context, &reader, &incoming, None, &manifest)
    })?;
    manifest.copied = Some(Copied {
        at: chrono::Utc::now().timestamp(),
        op: context.op,
        from: order.address,
        encrypted: order.plain.is_none(),
    });
    write_manifest(&incoming, &manifest)?;
    settle(&incoming)?;
    Ok(StepReport {
        changed: true,
        detail: format!(
            "{} in {} files, {} of it copied, all of it verified",
            bytes(manifest.bytes()),
            manifest.files().count(),
            bytes(lacking)
        ),
        backup: None,
    })
}

/// Copies, and reads everything that is there then.
fn bring(
    context: &Context<'_>,
    reader: &Reader<'_>,
    incoming: &Path,
    like: Option<&Path>,
    manifest: &Manifest,
) -> Result<()> {
    reader.backup(incoming, like)?;
    resume::sweep(incoming)?;
    context.meter.begin("verify", Some(manifest.bytes()));
    inventory::verify(incoming, manifest, context.meter)
}

/// What was copied by this operation is there, under either name.
pub fn verify_pulled(context: &Context<'_>) -> Result<StepReport> {
    let incoming = Places::under(context.paths.var()).incoming();
    let ours = Manifest::read(&incoming)
        .is_ok_and(|manifest| manifest.copied.is_some_and(|copied| copied.op == context.op));
    if !ours {
        keep::verify_kept(context)?;
    }
    Ok(StepReport {
        changed: false,
        detail: "what was copied is there".to_owned(),
        backup: None,
    })
}

/// The manifest of what is offered; refused when it is not the planned one.
fn manifest(reader: &Reader<'_>, order: &PullBackup, incoming: &Path) -> Result<Manifest> {
    let path = incoming.join(MANIFEST);
    reader.manifest(&path)?;
    let text = fs::read(&path).map_err(|error| failed(&path, error))?;
    let planned = order.manifest.as_deref();
    if planned.is_some_and(|planned| blake3::hash(&text).to_hex().as_str() != planned) {
        return Err(Error::refused(
            "backup_changed",
            "the other node offers another backup than was planned with",
        )
        .hint("copy again"));
    }
    Manifest::read(incoming)
}

/// Bytes of files that neither the newest mirror nor an earlier try has.
fn lacking(manifest: &Manifest, like: Option<&Path>, incoming: &Path) -> u64 {
    let like = like.and_then(|folder| Manifest::read(folder).ok());
    let entries = like.iter().flat_map(|like| &like.entries);
    let known: BTreeMap<&str, &Entry> = entries.map(|entry| (entry.path.as_str(), entry)).collect();
    let lacks = |entry: &&Entry| {
        let brought = fs::symlink_metadata(incoming.join(&entry.path)).is_ok_and(|meta| {
            meta.mtime() == entry.changed
                && matches!(entry.kind, Kind::File { size, .. } if size == meta.len())
        });
        !brought && known.get(entry.path.as_str()) != Some(entry)
    };
    let sizes = manifest
        .entries
        .iter()
        .filter(lacks)
        .map(|entry| match entry.kind {
            Kind::File { size, .. } => size,
            Kind::Directory | Kind::Link { .. } => 0,
        });
    sizes.sum()
}
