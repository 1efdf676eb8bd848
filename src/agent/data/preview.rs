//! What a load would do on this node, found without changing anything: the folder is verified and searched
//! for addresses, its files are translated in memory and compared with the live ones.

use super::copy::failed;
use super::files::members;
use super::translated::Texts;
use super::{count, findings, inventory, ledger, live_digest, room, stage, verified};
use crate::agent::meter::Meter;
use crate::agent::paths::NodePaths;
use crate::agent::protocol::LoadQuery;
use crate::data::{Change, Choice, FileChange, Ledger, MANIFEST, Manifest, Origin, Places, Preview, maker};
use crate::error::{Error, Result};
use crate::model::diff::unified;
use crate::model::mask::masked;
use crate::model::{DataSource, Side, syntax};
use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

/// Files up to this size are shown with their difference; of larger ones it is only told that they differ.
const TEXT: u64 = 1 << 20;

/// Changes that are listed one by one.
const LISTED: usize = 200;

/// Characters of one file's diff.
const DIFF: usize = 8000;

/// Looks at the folder that `query` asks for.
pub fn preview(paths: &NodePaths, query: &LoadQuery, meter: &Meter) -> Result<Preview> {
    let LoadQuery {
        choice,
        sets,
        table,
        source,
        counts,
    } = query;
    let places = Places::under(paths.var());
    let ledger = ledger::read(paths)?;
    let origin = match choice {
        Choice::Newest => Origin::Mirror(newest(&places, *source)?),
        Choice::Named(name) => Origin::Mirror(named(&places, name)?),
        Choice::Before => Origin::Aside(
            ledger
                .newest()
                .map(|loaded| loaded.op)
                .ok_or_else(nothing_before)?,
        ),
    };
    let folder = places.of(&origin);
    if matches!(origin, Origin::Aside(_)) && !folder.exists() {
        return Err(not_kept(&ledger, &folder));
    }
    let manifest = Manifest::read(&folder)?;
    meter.begin("verify", Some(manifest.bytes()));
    match &origin {
        Origin::Mirror(name) => verified::verify(&places, name, &manifest, meter)?,
        Origin::Aside(_) => inventory::verify(&folder, &manifest, meter)?,
    }
    let digest = stage::digest(&folder)?;
    let names = match (&origin, ledger.newest()) {
        (Origin::Aside(_), Some(newest)) => &newest.sets,
        _ => &manifest.sets,
    };
    let mut sets = sets.clone();
    sets.retain(|set| names.contains(&set.name));
    let findings = match &origin {
        Origin::Mirror(name) => Some(findings::of(
            &places.findings(name),
            &folder,
            &digest,
            &sets,
            meter,
        )?),
        Origin::Aside(_) => None,
    };
    meter.begin("compare", Some(manifest.bytes()));
    let mut changes = Vec::new();
    let mut sizes = Vec::new();
    let texts = Texts::new(table)?;
    for set in &sets {
        sizes.push((set, room::live_bytes(set, paths.search())?));
        if let DataSource::Files { paths, own } = &set.source {
            compare(&folder.join(&set.name), paths, own, &texts, meter, &mut changes)?;
        }
    }
    meter.begin("compare databases", None);
    let databases = match ledger.newest() {
        // Only what is loaded already is asked whether it still is.
        Some(newest) if newest.digest == digest => live_digest::changed(paths, newest.op, &sets, meter)?,
        _ => Vec::new(),
    };
    meter.begin("count", None);
    let counted = count::before(paths.search(), counts, &sets)?;
    let rooms = room::rooms(&places, paths.search(), &manifest, &sizes, &changes)?;
    let more = changes.len().saturating_sub(LISTED);
    changes.truncate(LISTED);
    Ok(Preview {
        origin,
        digest,
        size: (manifest.files().count(), manifest.bytes()),
        manifest: manifest.head(),
        live: sizes.iter().map(|(_, bytes)| bytes).sum(),
        rooms,
        findings,
        changes,
        more,
        ledger,
        databases,
        counted,
    })
}

/// The mirror of the data of `source` with the highest number: copies are numbered in order.
pub(super) fn newest(places: &Places, source: Side) -> Result<String> {
    let number = |name: &String| maker(name);
    let is_of = |name: &String| {
        let manifest = Manifest::read(&places.mirrors().join(name));
        manifest.is_ok_and(|manifest| manifest.source() == source)
    };
    let newest = known(places)?.into_iter().filter(is_of).max_by_key(number);
    newest.ok_or_else(|| {
        let copy = match source {
            Side::Primary => "make one with `pairadm data copy`",
            Side::Secondary => "make one with `pairadm data copy --failback`",
        };
        Error::refused(
            "no_mirror",
            format!("this node has no mirror of the {source}'s data"),
        )
        .at(places.mirrors().display())
        .hint(copy)
    })
}

pub(super) fn named(places: &Places, name: &str) -> Result<String> {
    let known = known(places)?;
    if known.iter().any(|known| known == name) {
        return Ok(name.to_owned());
    }
    let names = if known.is_empty() {
        "none".to_owned()
    } else {
        known.join(", ")
    };
    Err(Error::refused(
        "no_mirror",
        format!(
            "there is no mirror `{}` on this node; mirrors here: {names}",
            syntax::shown(name)
        ),
    )
    .at("mirror")
    .hint("`pairadm data list` shows the mirrors"))
}

/// Names of all mirrors that have a manifest.
fn known(places: &Places) -> Result<Vec<String>> {
    let directory = places.mirrors();
    let entries = match fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(&directory, error)),
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().join(MANIFEST).is_file() && !entry.path().is_symlink())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| maker(name).is_some())
        .collect();
    names.sort();
    Ok(names)
}

/// Only so many former data sets are kept.
fn not_kept(ledger: &Ledger, folder: &Path) -> Error {
    let loaded = ledger.newest().map(|loaded| (&loaded.mirror, loaded.op));
    let load = loaded.map_or_else(String::new, |(mirror, op)| {
        format!("mirror {mirror} was loaded by operation {op}")
    });
    Error::refused(
        "not_kept",
        "what was there before the newest load is not kept any more",
    )
    .at(folder.display())
    .because(load)
    .hint("`pairadm data load` with the name of a mirror makes that live; `pairadm data list` names them")
}

fn nothing_before() -> Error {
    Error::refused(
        "nothing_before",
        "nothing was loaded here that could be rolled back",
    )
    .hint("`pairadm data list` shows what is loaded")
}

fn compare(
    folder: &Path,
    paths: &[String],
    own: &[String],
    texts: &Texts,
    meter: &Meter,
    changes: &mut Vec<FileChange>,
) -> Result<()> {
    for root in paths {
        let wanted = super::put_files::members_wanted(folder, Path::new(root), own)?;
        let present: BTreeMap<PathBuf, Metadata> = members(Path::new(root), own)?.into_iter().collect();
        for (place, (from, meta)) in &wanted {
            meter.add(meta.len())?;
            let path = place.to_string_lossy().into_owned();
            match present.get(place) {
                _ if meta.is_dir() => {}
                None => changes.push(FileChange {
                    path,
                    change: Change::Added,
                    diff: String::new(),
                }),
                Some(here) => changes.extend(changed(place, here, from, meta, texts)?),
            }
        }
        let gone = present
            .iter()
            .filter(|(place, meta)| !meta.is_dir() && !wanted.contains_key(*place));
        changes.extend(gone.map(|(place, _)| FileChange {
            path: place.to_string_lossy().into_owned(),
            change: Change::Removed,
            diff: String::new(),
        }));
    }
    Ok(())
}

/// How a file that is on both sides changes, if it does.
fn changed(
    place: &Path,
    here: &Metadata,
    from: &Path,
    meta: &Metadata,
    texts: &Texts,
) -> Result<Option<FileChange>> {
    let path = place.to_string_lossy().into_owned();
    let change = |diff| {
        Some(FileChange {
            path: path.clone(),
            change: Change::Changed,
            diff,
        })
    };
    if meta.is_symlink() || here.is_symlink() || here.is_dir() {
        let same =
            fs::read_link(place).ok() == fs::read_link(from).ok() && here.is_symlink() == meta.is_symlink();
        return Ok(if same { None } else { change(String::new()) });
    }
    if meta.len().max(here.len()) > TEXT {
        let same = inventory::blake3_of(place)? == texts.digest(from)?;
        return Ok(if same { None } else { change(String::new()) });
    }
    let read = |path: &Path| fs::read(path).map_err(|error| failed(path, error));
    let (now, then) = (read(place)?, texts.translated(&read(from)?)?);
    if now == then {
        return Ok(None);
    }
    Ok(change(shown(&path, &now, &then)))
}

/// The difference of two texts without secrets.
fn shown(path: &str, now: &[u8], then: &[u8]) -> String {
    let text = |bytes| std::str::from_utf8(bytes).ok().map(masked);
    let (Some(now), Some(then)) = (text(now), text(then)) else {
        return String::new();
    };
    let diff = unified([path, "loaded"], &now, &then);
    if diff.chars().count() <= DIFF {
        return diff;
    }
    diff.chars().take(DIFF).chain("\n… and more\n".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::Table;

    /// Whether a file of so many bytes that ends with `from` changes where one that ends with `live` is.
    fn changes(bytes: u64, from: &str, live: &str) -> bool {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, end: &str| {
            let path = folder.path().join(name);
            let text = "x\n".repeat(usize::try_from(bytes / 2).unwrap()) + end;
            fs::write(&path, text).unwrap();
            path
        };
        let (from, live) = (write("from", from), write("live", live));
        let mut table = Table::default();
        let (old, new) = ("192.0.2.11".parse().unwrap(), "192.0.2.12".parse().unwrap());
        table.set(old, Some(new), None).unwrap();
        let meta = |path: &Path| fs::symlink_metadata(path).unwrap();
        let texts = Texts::new(&table).unwrap();
        changed(&live, &meta(&live), &from, &meta(&from), &texts)
            .unwrap()
            .is_some()
    }

    #[test]
    fn files_of_any_size_are_compared_as_they_would_be_loaded() {
        for bytes in [10, TEXT + 10] {
            assert!(!changes(bytes, "192.0.2.11\n", "192.0.2.12\n"), "{bytes}");
            assert!(changes(bytes, "192.0.2.11\n", "192.0.2.11\n"), "{bytes}");
        }
    }
}
