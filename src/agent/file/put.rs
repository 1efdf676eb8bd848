//! The life of one file step: what is there, what is wanted, and the way there and back.
//!
//! Before every change the live file is compared with three states: the one the plan was made from,
//! the one the step makes, and the first original. Any other state is somebody else's, and stays.

use super::conflict::conflict;
use super::fault::fault;
use super::found::{Found, Original};
use super::live::{Live, Meta, Seal};
use super::replace::{Draft, Dress, beside, remove, remove_if_there, sync_parent};
use super::space::Demand;
use super::{backup, directory, obstacle};
use crate::agent::boundary;
use crate::agent::protocol::StepReport;
use crate::agent::step::Context;
use crate::error::{Error, Kind, Result};
use crate::plan::{Keep, StepId};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a file shall become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Want {
    /// Absolute path.
    pub path: PathBuf,
    /// Content; `None` removes the file.
    pub bytes: Option<Vec<u8>>,
    /// How it is dressed.
    pub wear: Wear,
    /// Where the original is kept.
    pub keep: Keep,
}

/// How the new content is dressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wear {
    /// An existing file keeps its owner, mode and attributes; `mode` is a new file's.
    Own {
        /// Permission bits.
        mode: u32,
        /// Gives `mode` to an existing file as well.
        force: bool,
        /// A new file's owner and group.
        owner: (u32, u32),
    },
    /// As an earlier original was.
    Exactly(Meta),
}

impl Wear {
    /// Permission bits of a new file.
    const fn mode(&self) -> u32 {
        match self {
            Self::Own { mode, .. } | Self::Exactly(Meta { mode, .. }) => *mode,
        }
    }
}

/// One file of a stage: what is wanted, what was planned against, and the original that an unfinished
/// operation has kept already.
pub struct Request<'r> {
    pub step: StepId,
    pub want: &'r Want,
    /// SHA-256 that the plan was made from.
    pub before: Option<&'r str>,
    /// From an earlier, unfinished operation.
    pub earlier: Option<&'r Found>,
}

/// Looks at every file of a stage and keeps the originals. Nothing is kept before everything was looked
/// at, so that a refusal leaves nothing behind.
pub fn find(context: &Context<'_>, requests: &[Request<'_>]) -> Result<Vec<Found>> {
    let mut demand = Demand::default();
    let mut seen = Vec::with_capacity(requests.len());
    for request in requests {
        let want = request.want;
        obstacle::check(&want.path)?;
        let live = Live::read(&want.path)?;
        if live.as_ref().map(|live| live.sha256.as_str()) != request.before {
            return Err(planned_against_another(request, live.as_ref()));
        }
        demand.add(
            &want.path,
            want.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64),
        )?;
        if let Some(live) = &live {
            let place = backup::place(context.paths, &want.path, want.keep, context.tag);
            demand.add(&place, live.bytes.len() as u64)?;
        }
        seen.push(live);
    }
    demand.check()?;
    let found: Vec<Found> = requests
        .iter()
        .zip(seen)
        .map(|(request, live)| find_one(context, request, live))
        .collect::<Result<_>>()?;
    let kept = found.iter().filter_map(|found| found.original.as_ref());
    let directories: BTreeMap<Option<&Path>, &Path> = kept
        .map(|original| (original.backup.parent(), original.backup.as_path()))
        .collect();
    directories.values().try_for_each(|backup| sync_parent(backup))?;
    Ok(found)
}

fn planned_against_another(request: &Request<'_>, live: Option<&Live>) -> Error {
    let seal = request.before.map(|sha256| Seal {
        sha256: sha256.to_owned(),
        mode: 0,
        uid: 0,
        gid: 0,
    });
    conflict(&request.want.path, "file_changed", seal.as_ref(), None, live)
}

fn find_one(context: &Context<'_>, request: &Request<'_>, live: Option<Live>) -> Result<Found> {
    let want = request.want;
    let after = want.seal(live.as_ref());
    let here = live.as_ref().map(Live::seal);
    let made = directory::missing(&want.path);
    let original = match (request.earlier, live) {
        // What is there now is an unfinished operation's work: the original is the one it kept (S3).
        (Some(earlier), _) if earlier.after == here && earlier.seal() != here => earlier.original.clone(),
        (_, None) => None,
        (_, Some(live)) => {
            let kept = backup::keep(
                context.paths,
                &want.path,
                &live,
                want.keep,
                context.tag,
                request.step,
            )?;
            Some(Original {
                sha256: live.sha256,
                size: live.bytes.len() as u64,
                meta: live.meta,
                backup: kept,
                op: context.op,
            })
        }
    };
    Ok(Found {
        path: want.path.clone(),
        original,
        here,
        after,
        made,
    })
}

impl Want {
    fn seal(&self, live: Option<&Live>) -> Option<Seal> {
        let sha256 = crate::model::digest::sha256(self.bytes.as_ref()?);
        let (mode, uid, gid) = match (&self.wear, live) {
            (Wear::Exactly(meta), _) => (meta.mode, meta.uid, meta.gid),
            (Wear::Own { force: false, .. }, Some(live)) => (live.meta.mode, live.meta.uid, live.meta.gid),
            (Wear::Own { mode, .. }, Some(live)) => (*mode, live.meta.uid, live.meta.gid),
            (Wear::Own { mode, owner, .. }, None) => (*mode, owner.0, owner.1),
        };
        Some(Seal {
            sha256,
            mode,
            uid,
            gid,
        })
    }
}

/// Makes the file as wanted, if it is still what the step found, and reads it back (S7).
pub fn apply(context: &Context<'_>, want: &Want, found: &Found) -> Result<StepReport> {
    let changed = found.here != found.after;
    let live = Live::read(&want.path)?;
    let now = live.as_ref().map(Live::seal);
    if now == found.after {
        return Ok(found.report(changed, "already as wanted:"));
    }
    if now != found.here {
        let expected = found.original_bytes().ok().flatten().map(|(bytes, _)| bytes);
        return Err(conflict(
            &want.path,
            "changed_since",
            found.here.as_ref(),
            expected.as_deref(),
            live.as_ref(),
        ));
    }
    obstacle::check(&want.path)?;
    match &want.bytes {
        None => {
            if let Some(live) = &live {
                remove(&want.path, live)?;
            }
        }
        Some(bytes) => {
            directory::make(&found.made, want.wear.mode())?;
            let dress = match (&want.wear, &live) {
                (Wear::Exactly(meta), _) => Dress::Original(meta),
                (Wear::Own { .. }, Some(live)) => Dress::Like(
                    &live.meta,
                    found.after.as_ref().map_or(live.meta.mode, |seal| seal.mode),
                ),
                (Wear::Own { mode, owner, .. }, None) => Dress::New(*mode, *owner),
            };
            Draft::write(&draft_of(&want.path, context.tag), bytes, dress)?
                .replace(&want.path, live.as_ref())?;
        }
    }
    verify(found, None).map_err(|error| error.with_kind(Kind::Incomplete))?;
    Ok(found.report(changed, if want.bytes.is_some() { "wrote" } else { "removed" }))
}

/// Reads back that the file is as the step makes it. `made` are the bytes the step wrote, to show a
/// conflict.
pub fn verify(found: &Found, made: Option<&[u8]>) -> Result<StepReport> {
    let live = Live::read(&found.path)?;
    if live.as_ref().map(Live::seal) == found.after {
        return Ok(found.report(false, "as wanted:"));
    }
    Err(conflict(
        &found.path,
        "changed_since",
        found.after.as_ref(),
        made,
        live.as_ref(),
    ))
}

/// The hash the file has now, if it is as the step made it or as it was before; else a conflict.
pub fn still_ours(found: &Found, made: Option<&[u8]>) -> Result<Option<String>> {
    let live = Live::read(&found.path)?;
    let now = live.as_ref().map(Live::seal);
    if now != found.after && now != found.seal() {
        return Err(conflict(
            &found.path,
            "changed_since",
            found.after.as_ref(),
            made,
            live.as_ref(),
        ));
    }
    Ok(live.map(|live| live.sha256))
}

/// Gives the first original back, if the file is still as the step made it (S10).
pub fn revert(context: &Context<'_>, found: &Found, made: Option<&[u8]>) -> Result<StepReport> {
    let path = &found.path;
    sweep(context, path)?;
    let live = Live::read(path)?;
    let now = live.as_ref().map(Live::seal);
    if now == found.seal() || (now == found.here && now != found.after) {
        directory::remove(&found.made)?;
        return Ok(found.report(false, "never changed or already given back:"));
    }
    if now != found.after {
        return Err(conflict(
            path,
            "changed_since",
            found.after.as_ref(),
            made,
            live.as_ref(),
        ));
    }
    obstacle::check(path)?;
    match (found.original_bytes()?, &live) {
        (Some((bytes, original)), _) => restore(context, found, &bytes, original, live.as_ref())?,
        (None, Some(live)) => remove(path, live)?,
        (None, None) => {}
    }
    directory::remove(&found.made)?;
    let live = Live::read(path)?;
    if live.as_ref().map(Live::seal) != found.seal() {
        return Err(conflict(
            path,
            "changed_since",
            found.seal().as_ref(),
            None,
            live.as_ref(),
        ));
    }
    Ok(found.report(true, "gave back"))
}

/// On a full disk the backup itself is put into place: it is the original in every respect.
fn restore(
    context: &Context<'_>,
    found: &Found,
    bytes: &[u8],
    original: &Original,
    live: Option<&Live>,
) -> Result<()> {
    let path = &found.path;
    let dress = Dress::Original(&original.meta);
    match Draft::write(&draft_of(path, context.tag), bytes, dress) {
        Ok(draft) => draft.replace(path, live),
        Err(error) if error.code == "disk_full" && original.op == context.op => {
            std::fs::rename(&original.backup, path).map_err(|_| error)?;
            boundary::reached("backup renamed into place");
            sync_parent(path)
        }
        Err(error) => Err(error),
    }
}

/// Removes what a crash in the middle of this operation may have left of `path` and its backup.
pub fn sweep(context: &Context<'_>, path: &Path) -> Result<()> {
    let backup = |keep| backup::draft_of(&backup::place(context.paths, path, keep, context.tag));
    for draft in [
        draft_of(path, context.tag),
        backup(Keep::Beside),
        backup(Keep::Aside),
    ] {
        remove_if_there(&draft)
            .map_err(|error| fault(&draft, "an unfinished draft cannot be removed", &error))?;
    }
    Ok(())
}

fn draft_of(path: &Path, tag: &str) -> PathBuf {
    beside(path, &format!("{tag}.new"))
}
