//! Brings the other node's backup here: what the newest mirror has already is linked, the rest is copied.
//! Then everything is compared with the manifest: what was copied is read, and so is what was linked unless
//! it was read when that mirror was made and not touched since, see [`hashed`].

use super::alone::alone;
use super::keep;
use super::offer::OFFERED_MANIFEST;
use super::resume;
use super::rsync::{Link, Reader};
use crate::agent::data::copy::failed;
use crate::agent::data::hashed::{self, Hashed, Held};
use crate::agent::data::inventory::{self, Seen};
use crate::agent::data::save::{make, settle, write_manifest};
use crate::agent::file::remove_if_there;
use crate::agent::protocol::StepReport;
use crate::agent::step::Context;
use crate::data::{Copied, Entry, Kind, MANIFEST, Manifest, Places};
use crate::error::{Error, Result};
use crate::plan::PullBackup;
use crate::render::bytes;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::SystemTime;

/// Copies and verifies; what is copied has no mirror's name yet. What is there when it fails serves the
/// next try.
pub fn pull(context: &Context<'_>, order: &PullBackup) -> Result<StepReport> {
    let places = Places::under(context.paths.var());
    let incoming = places.incoming();
    make(&incoming)?;
    context.meter.begin("prepare", None);
    let alone = alone(&context.paths.run().join("copy.lock"))?;
    let like = keep::of(&places, order.source)?.into_iter().next();
    let held = match &like {
        Some(like) => Hashed::read(&places.hashed_mirror()).held(like)?,
        None => Held::default(),
    };
    resume::prepare(&incoming)?;
    let over = |link: Link| {
        let copy = Copy {
            context,
            order,
            reader: &Reader::new(context, order, link, &alone)?,
            incoming: &incoming,
        };
        copy.whole(like.as_deref(), &held)
    };
    let straight = Link {
        address: order.address,
        plain: order.plain,
    };
    let (mut brought, link) = 'way: {
        let Some(address) = order.way_round else {
            break 'way (over(straight)?, straight);
        };
        let why = if straight.peer(order).answers(context.paths) {
            match over(straight) {
                Err(error) if error.code == "link_broken" => "does not hold",
                outcome => break 'way (outcome?, straight),
            }
        } else {
            "does not answer"
        };
        context.meter.go_on()?;
        context.meter.warn(format!(
            "Warning: the duplication link to {} {why}; the data comes from {address}, encrypted.",
            order.address
        ));
        resume::prepare(&incoming)?;
        let round = Link { address, plain: None };
        (over(round)?, round)
    };
    let manifest = &mut brought.manifest;
    manifest.copied = Some(Copied {
        at: chrono::Utc::now().timestamp(),
        op: context.op,
        from: link.address,
        encrypted: link.plain.is_none(),
        source: order.source,
    });
    write_manifest(&incoming, manifest)?;
    settle(&incoming)?;
    hashed::note(&brought.seen, &places.hashed_mirror(), brought.moment)?;
    Ok(StepReport {
        changed: true,
        detail: format!(
            "{} in {} files, {} of it copied from {}, all of it verified{}",
            bytes(brought.manifest.bytes()),
            brought.manifest.files().count(),
            bytes(brought.bytes),
            link.address,
            match brought.known {
                0 => String::new(),
                known => format!(", {} of it untouched since it was read before", bytes(known)),
            }
        ),
        backup: None,
    })
}

/// One try to copy.
struct Copy<'c> {
    context: &'c Context<'c>,
    order: &'c PullBackup,
    reader: &'c Reader<'c>,
    incoming: &'c Path,
}

/// What a try brought.
struct Brought {
    manifest: Manifest,
    /// What is in the folder, as its manifest says.
    seen: Vec<Seen>,
    /// When the first of it was read.
    moment: SystemTime,
    /// Bytes that travelled.
    bytes: u64,
    /// Bytes of files that were not read again.
    known: u64,
}

impl Copy<'_> {
    /// Copies what `like` does not have; everything, when what it has is not as it shall be.
    fn whole(&self, like: Option<&Path>, held: &Held) -> Result<Brought> {
        let meter = self.context.meter;
        meter.begin("copy", None);
        self.verified(like, held).or_else(|error| {
            if error.code != "data_damaged" || like.is_none() {
                return Err(error);
            }
            // The newest mirror's file may be what is damaged, and was linked: nothing of it is taken over.
            meter.begin("copy all", None);
            resume::prepare(self.incoming)?;
            self.verified(None, &Held::default())
        })
    }

    /// Copies, and compares what is there then with the manifest; `held` tells what of `like` need not be
    /// read.
    fn verified(&self, like: Option<&Path>, held: &Held) -> Result<Brought> {
        let meter = self.context.meter;
        let offered = self.incoming.join(OFFERED_MANIFEST);
        for earlier in [&offered, &self.incoming.join(MANIFEST)] {
            remove_if_there(earlier).map_err(|error| failed(earlier, error))?;
        }
        let mut known = false;
        // rsync brings the manifest before what is in folders.
        let brought = self.reader.backup(self.incoming, like, &mut |bytes| {
            if !known && offered.exists() {
                let lacking = lacking(&self.manifest(&offered)?, like, self.incoming);
                meter.expect(lacking + bytes);
                known = true;
            }
            meter.reach(bytes)
        })?;
        let manifest = self.manifest(&offered)?;
        let size = fs::symlink_metadata(&offered).map_or(0, |meta| meta.len());
        remove_if_there(&offered).map_err(|error| failed(&offered, error))?;
        resume::sweep(self.incoming)?;
        meter.begin("verify", Some(manifest.bytes()));
        let moment = hashed::at_rest();
        let known = Cell::new(0);
        let hash = |meta: &Metadata| {
            let hash = held.of(meta)?;
            known.set(known.get() + meta.len());
            Some(hash)
        };
        let seen = inventory::verify_unread(self.incoming, &manifest, &hash, meter)?;
        Ok(Brought {
            manifest,
            seen,
            moment,
            bytes: brought.saturating_sub(size),
            known: known.get(),
        })
    }

    /// The manifest of what is offered; refused when it is not the planned one.
    fn manifest(&self, path: &Path) -> Result<Manifest> {
        let text = fs::read(path).map_err(|error| failed(path, error))?;
        let planned = self.order.manifest.as_deref();
        if planned.is_some_and(|planned| blake3::hash(&text).to_hex().as_str() != planned) {
            return Err(Error::refused(
                "backup_changed",
                "the other node offers another backup than was planned with",
            )
            .hint("copy again"));
        }
        Manifest::read_file(path)
    }
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
