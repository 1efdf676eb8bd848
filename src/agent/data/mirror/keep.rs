//! A verified copy gets its name among the mirrors, and the oldest go when the operation is committed.

use crate::agent::data::copy::failed;
use crate::agent::data::hashed::Hashed;
use crate::agent::data::save::{make, remove, sync_directory};
use crate::agent::paths::NodePaths;
use crate::agent::protocol::StepReport;
use crate::agent::step::Context;
use crate::data::{Manifest, Places, made_by, maker, usual_source};
use crate::error::{Error, Result};
use crate::model::{OpId, Side};
use std::fs;
use std::path::{Path, PathBuf};

/// A mirror that is being removed has this name, which is no mirror's.
const LEAVING: &str = "leaving";

/// Gives what this operation copied its name.
pub fn keep(context: &Context<'_>) -> Result<StepReport> {
    let places = Places::under(context.paths.var());
    let mirror = places.mirrors().join(made_by(context.op));
    if is_ours(&mirror, context.op) {
        return Ok(report(false, format!("{} is there already", mirror.display())));
    }
    let incoming = places.incoming();
    if !is_ours(&incoming, context.op) {
        return Err(
            Error::refused("not_copied", "what was copied is not there any more").at(incoming.display()),
        );
    }
    fs::rename(&incoming, &mirror).map_err(|error| failed(&mirror, error))?;
    sync_directory(&mirror)?;
    Ok(report(true, format!("{} is the newest mirror", mirror.display())))
}

/// The mirror is there.
pub fn verify_kept(context: &Context<'_>) -> Result<StepReport> {
    let mirror = Places::under(context.paths.var())
        .mirrors()
        .join(made_by(context.op));
    if is_ours(&mirror, context.op) {
        return Ok(report(false, format!("{} is there", mirror.display())));
    }
    Err(Error::incomplete("mirror_not_verified", "the mirror is not there").at(mirror.display()))
}

/// Takes the mirror's name away; what is in it serves the next copy.
pub fn take_name_back(context: &Context<'_>) -> Result<StepReport> {
    let places = Places::under(context.paths.var());
    let mirror = places.mirrors().join(made_by(context.op));
    if !mirror.exists() {
        return Ok(report(false, "there is no such mirror".to_owned()));
    }
    let incoming = places.incoming();
    if incoming.exists() {
        remove(&mirror)?;
    } else {
        fs::rename(&mirror, &incoming).map_err(|error| failed(&mirror, error))?;
    }
    sync_directory(&mirror)?;
    Ok(report(
        true,
        format!("{} is no mirror any more", mirror.display()),
    ))
}

/// Removes all mirrors of the data of `source` but the newest `keep`. They leave by name first: half a
/// mirror never has one.
pub fn rotate(paths: &NodePaths, source: Side, keep: usize) -> Result<()> {
    let places = Places::under(paths.var());
    let leaving = places.mirrors().join(LEAVING);
    let mirrors = of(&places, source)?;
    let surplus = mirrors.get(keep.max(1)..).unwrap_or_default();
    let newest = mirrors
        .first()
        .filter(|_| !surplus.is_empty() || leaving.exists());
    // What goes takes names of the newest one's files with it.
    let held = newest
        .map(|newest| Hashed::read(&places.hashed_mirror()).held(newest))
        .transpose()?;
    remove(&leaving)?;
    for mirror in surplus {
        fs::rename(mirror, &leaving).map_err(|error| failed(mirror, error))?;
        remove(&leaving)?;
        if let Some(name) = mirror.file_name().and_then(|name| name.to_str()) {
            // Only remembered; without its mirror nobody asks for it.
            let _ = fs::remove_file(places.findings(name));
            let _ = fs::remove_file(places.verified(name));
        }
    }
    match (newest, held) {
        (Some(newest), Some(held)) => held.note(newest, &places.hashed_mirror()),
        _ => Ok(()),
    }
}

/// Folders of all mirrors of the data of `source`, newest first.
pub fn of(places: &Places, source: Side) -> Result<Vec<PathBuf>> {
    let mut folders = all(places)?;
    // What has no manifest that makes sense was never a failback.
    folders.retain(|folder| {
        Manifest::read(folder).map_or(usual_source(), |manifest| manifest.source()) == source
    });
    Ok(folders)
}

/// Folders of all mirrors, newest first.
pub fn all(places: &Places) -> Result<Vec<PathBuf>> {
    let directory = places.mirrors();
    make(&directory)?;
    let mut found = Vec::new();
    for entry in fs::read_dir(&directory).map_err(|error| failed(&directory, error))? {
        let entry = entry.map_err(|error| failed(&directory, error))?;
        if let Some(op) = entry.file_name().to_str().and_then(maker) {
            found.push((op, entry.path()));
        }
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

fn is_ours(folder: &Path, op: OpId) -> bool {
    Manifest::read(folder).is_ok_and(|manifest| manifest.copied.is_some_and(|copied| copied.op == op))
}

fn report(changed: bool, detail: String) -> StepReport {
    StepReport {
        changed,
        detail,
        backup: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::data::save::write_manifest;
    use crate::data::Copied;
    use crate::model::Generation;

    #[test]
    fn mirrors_of_one_direction_leave_those_of_the_other_alone() {
        let root = tempfile::tempdir().unwrap();
        let paths = NodePaths::under(root.path());
        let places = Places::under(paths.var());
        for (number, source) in [
            (3, Side::Secondary),
            (4, Side::Primary),
            (5, Side::Primary),
            (6, Side::Secondary),
        ] {
            let op = OpId(number);
            let folder = places.mirrors().join(made_by(op));
            make(&folder).unwrap();
            let mut manifest = Manifest::new("office".to_owned(), "alpha".to_owned(), Generation(1), op);
            manifest.copied = Some(Copied {
                at: 0,
                op,
                from: [192, 0, 2, 11].into(),
                encrypted: true,
                source,
            });
            write_manifest(&folder, &manifest).unwrap();
        }
        let names = |source| -> Vec<String> {
            let folders = of(&places, source).unwrap().into_iter();
            folders
                .map(|folder| folder.file_name().unwrap().to_string_lossy().into_owned())
                .collect()
        };
        rotate(&paths, Side::Primary, 1).unwrap();
        assert_eq!(names(Side::Primary), ["op5"]);
        assert_eq!(names(Side::Secondary), ["op6", "op3"]);
        rotate(&paths, Side::Secondary, 1).unwrap();
        assert_eq!(names(Side::Primary), ["op5"]);
        assert_eq!(names(Side::Secondary), ["op6"]);
        let newest = crate::agent::data::preview::newest(&places, Side::Primary);
        assert_eq!(
            newest.unwrap(),
            "op5",
            "a load takes the newest of its own direction"
        );
    }
}
