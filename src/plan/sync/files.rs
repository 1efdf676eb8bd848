//! Which files have to be written, removed or left alone on the passive side.

use super::{surveyed, table};
use crate::data::diff::rule_for;
use crate::data::{Kind, Surveyed};
use crate::error::{Error, Result};
use crate::model::{Expect, Side};
use crate::plan::configure::keep_for;
use crate::plan::{Basis, Wanted, translation};
use crate::translate::{Translator, scan};
use std::collections::{BTreeMap, BTreeSet};

/// A larger file travels as data, not as a line of a plan.
const LARGEST: u64 = 1 << 20;

/// What shall become of one path.
pub enum Wish {
    /// Verb, the file as it shall be, its owner if it is new, and whether its mode changes too.
    Put(&'static str, Wanted, Option<(String, String)>, bool),
    /// It stays as it is, and why.
    Leave(String, String),
}

/// Paths whose contents decide: those that differ, and those that are translated on their way.
pub fn wanted_files(basis: &Basis<'_>, active: Side) -> Result<Vec<String>> {
    let translates = !table(basis, active)?.entries.is_empty();
    let (from, to) = (by_path(basis, active)?, by_path(basis, active.other())?);
    let paths: BTreeSet<&str> = from.keys().chain(to.keys()).copied().collect();
    let mut wanted = Vec::new();
    for path in paths {
        let (source, target) = (from.get(path), to.get(path));
        let same = source.map(|file| (&file.kind, file.mode)) == target.map(|file| (&file.kind, file.mode));
        let may_change = translates && rule_for(&basis.profile.matches, path) == Some(Expect::Translated);
        if same && !may_change {
            continue;
        }
        let large = [source, target]
            .into_iter()
            .flatten()
            .find_map(|file| match file.kind {
                Kind::File { size, .. } if size > LARGEST => Some(size),
                _ => None,
            });
        match large {
            Some(size) if !same => {
                return Err(Error::refused(
                    "too_large",
                    format!("the file has {size} bytes; accepted: {LARGEST} at most"),
                )
                .on(basis.name(active))
                .at(path)
                .hint(
                    "name it as `own` in [admin_sync] of the profile, and move it with `pairadm data copy`",
                ));
            }
            Some(_) => {}
            None => wanted.push(path.to_owned()),
        }
    }
    Ok(wanted)
}

/// What shall become of each of them.
pub fn wishes(basis: &Basis<'_>, active: Side, translator: &Translator) -> Result<Vec<Wish>> {
    let passive = active.other();
    let (from, to) = (by_path(basis, active)?, by_path(basis, passive)?);
    let mut wishes = Vec::new();
    for path in wanted_files(basis, active)? {
        let (source, target) = (from.get(path.as_str()), to.get(path.as_str()));
        wishes.push(match (source, target) {
            (Some(source), target)
                if is_file(Some(source)) && target.is_none_or(|target| is_file(Some(target))) =>
            {
                write(basis, active, source, target.copied(), translator)?
            }
            (None, target) if is_file(target) => Wish::Put("remove", gone(&path), None, false),
            _ => Wish::Leave(path, "it is a link on one of the nodes".to_owned()),
        });
    }
    Ok(wishes)
}

fn write(
    basis: &Basis<'_>,
    active: Side,
    source: &Surveyed,
    target: Option<&Surveyed>,
    translator: &Translator,
) -> Result<Wish> {
    let path = &source.path;
    let image = basis.need(active)?.file(path);
    let content = image.and_then(|image| image.content.as_ref());
    let content = content.ok_or_else(|| {
        Error::refused("file_not_read", "the file could not be read")
            .on(basis.name(active))
            .at(path)
    })?;
    let mut bytes = content.to_bytes().map_err(Error::bug)?;
    let rule = rule_for(&basis.profile.matches, path);
    if rule == Some(Expect::Translated) {
        let mut translated = Vec::with_capacity(bytes.len());
        translator.copy(&mut bytes.as_slice(), &mut translated)?;
        bytes = translated;
    }
    if rule != Some(Expect::Same) {
        refuse_own_address(basis, active, path, &bytes)?;
    }
    let wanted = Wanted {
        path: path.clone(),
        content: Some(bytes),
        mode: source.mode,
        keep: keep_for(path),
        shown: true,
    };
    let title = if target.is_some() { "change" } else { "create" };
    let owner = target.is_none().then(|| source.owner.clone());
    let other_mode = target.is_some_and(|target| target.mode != source.mode);
    Ok(Wish::Put(title, wanted, owner, other_mode))
}

/// What is the active side's own must not become the other's: its service would claim to be the other.
fn refuse_own_address(basis: &Basis<'_>, active: Side, path: &str, bytes: &[u8]) -> Result<()> {
    let owners = translation::owners(basis);
    let (own, others) = match active {
        Side::Primary => (owners.primary, owners.secondary),
        Side::Secondary => (owners.secondary, owners.primary),
    };
    let mut found = None;
    scan(&mut &bytes[..], |occurrence| {
        let address = occurrence.subject.address();
        if found.is_none() && own.contains(&address) && !others.contains(&address) {
            found = Some((address, occurrence.line));
        }
    })?;
    let Some((address, line)) = found else {
        return Ok(());
    };
    Err(Error::refused(
        "untranslated_address",
        format!("line {line} has {address}, which is {}'s own", basis.name(active)),
    )
    .on(basis.name(active))
    .at(path)
    .hint(format!(
        "say with `pairadm translation set` what {} uses in its place, or name the file as `own` in [admin_sync] of the profile",
        basis.name(active.other())
    )))
}

fn gone(path: &str) -> Wanted {
    Wanted {
        path: path.to_owned(),
        content: None,
        mode: 0o644,
        keep: keep_for(path),
        shown: true,
    }
}

/// Files and links of one node; directories come with what is in them.
fn by_path<'f>(basis: &Basis<'f>, side: Side) -> Result<BTreeMap<&'f str, &'f Surveyed>> {
    let files = surveyed(basis, side)?.iter();
    let files = files.filter(|file| file.kind != Kind::Directory);
    Ok(files.map(|file| (file.path.as_str(), file)).collect())
}

fn is_file(found: Option<&&Surveyed>) -> bool {
    found.is_some_and(|file| matches!(file.kind, Kind::File { .. }))
}
