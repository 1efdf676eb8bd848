//! The node's current backup and its mirrors. Only manifests and directories are read, not the data.

use crate::agent::data::room::live_bytes;
use crate::agent::data::verified;
use crate::agent::program::{PATH, run_from};
use crate::data::{Kind, MANIFEST, Manifest, Places, made_by, maker};
use crate::facts::{BackupFacts, DataFacts, DataQuery, MirrorFacts, Stamp};
use crate::model::{BackupSource, Side, paths};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Looks at backup and mirrors.
pub fn read(query: &DataQuery, deadline: Instant) -> DataFacts {
    let places = Places::under(Path::new(paths::VAR_DIR));
    let mut data = of_mirrors(&places);
    if !query.live.is_empty() {
        let sizes = query.live.iter().map(|set| live_bytes(set, PATH));
        // Without the size of one set that of all is not known.
        data.live = sizes.sum::<crate::error::Result<u64>>().ok();
    }
    match current(&query.backup, deadline).and_then(|folder| folder.map_or(Ok(None), |path| backup(&path))) {
        Ok(found) => data.backup = found,
        Err(why) => data.backup_fault = Some(why),
    }
    data
}

/// The newest mirror of the data of `source`.
pub fn newest_mirror(source: Side) -> Option<Stamp> {
    newest_under(&Places::under(Path::new(paths::VAR_DIR)), source)
}

fn newest_under(places: &Places, source: Side) -> Option<Stamp> {
    let entries = fs::read_dir(places.mirrors()).into_iter().flatten().flatten();
    let mut mirrors: Vec<_> = entries
        .filter_map(|entry| Some((maker(entry.file_name().to_str()?)?, entry.path())))
        .collect();
    mirrors.sort_unstable_by_key(|(op, _)| std::cmp::Reverse(*op));
    mirrors.into_iter().find_map(|(op, folder)| {
        let (made, from) = Manifest::read_stamp(&folder).ok()?;
        let name = made_by(op);
        (from == source).then_some(Stamp { name, made })
    })
}

/// The folder that the current backup is in, if there is one.
fn current(source: &BackupSource, deadline: Instant) -> Result<Option<PathBuf>, String> {
    let named = match source {
        BackupSource::Own => BackupSource::OWN_DIRECTORY.to_owned(),
        BackupSource::Directory(directory) => directory.clone(),
        BackupSource::Command(argv) => {
            let argv: Vec<&str> = argv.iter().map(String::as_str).collect();
            let finished = run_from(PATH, &argv, deadline).map_err(|error| error.to_string())?;
            match finished
                .stdout
                .lines()
                .rev()
                .map(str::trim)
                .find(|line| !line.is_empty())
            {
                Some(line) => line.to_owned(),
                None => return Ok(None),
            }
        }
    };
    match fs::canonicalize(&named) {
        Ok(folder) => Ok(Some(folder)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{named}: {error}")),
    }
}

fn backup(folder: &Path) -> Result<Option<BackupFacts>, String> {
    let path = folder.display().to_string();
    let text = match fs::read(folder.join(MANIFEST)) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return foreign(folder, path).map(Some),
        Err(error) => return Err(format!("{path}: {error}")),
    };
    let manifest = Manifest::read(folder).map_err(|error| error.to_string())?;
    Ok(Some(BackupFacts {
        path,
        manifest: Some(blake3::hash(&text).to_hex().to_string()),
        made: manifest.made,
        bytes: manifest.bytes(),
        files: manifest.files().count() as u64,
        op: Some(manifest.op),
        generation: Some(manifest.generation),
        version: manifest.version,
        node: Some(manifest.node),
    }))
}

/// A backup that something else made.
fn foreign(folder: &Path, path: String) -> Result<BackupFacts, String> {
    let mut facts = BackupFacts {
        path,
        manifest: None,
        made: 0,
        bytes: 0,
        files: 0,
        op: None,
        generation: None,
        version: None,
        node: None,
    };
    walk(folder, &mut |_, meta| {
        if !meta.is_dir() {
            facts.made = facts.made.max(meta.mtime());
        }
        if meta.is_file() {
            facts.bytes += meta.len();
            facts.files += 1;
        }
    })?;
    Ok(facts)
}

fn of_mirrors(places: &Places) -> DataFacts {
    let mut data = DataFacts {
        free: free(places),
        ..DataFacts::default()
    };
    for entry in fs::read_dir(places.mirrors()).into_iter().flatten().flatten() {
        let (name, folder) = (entry.file_name(), entry.path());
        if let Some(name) = name.to_str()
            && let Some(op) = maker(name)
            && let Ok(manifest) = Manifest::read(&folder)
        {
            let read = verified::read(&places.verified(name));
            let shared = shared(&folder, &manifest);
            data.mirrors.push(MirrorFacts::of(op, &manifest, shared, read));
        }
    }
    data.mirrors
        .sort_unstable_by_key(|mirror| std::cmp::Reverse(mirror.op));
    // What cannot be read counts as nothing: then more room is asked for, not less.
    let _ = walk(&places.incoming(), &mut |_, meta| {
        if meta.is_file() && meta.nlink() == 1 {
            data.incoming += meta.len();
        }
    });
    data
}

/// Bytes of files that have a second name in another mirror.
fn shared(folder: &Path, manifest: &Manifest) -> u64 {
    let entries = manifest.entries.iter();
    let linked = entries.filter_map(|entry| match &entry.kind {
        Kind::File { size, .. } => {
            let meta = fs::symlink_metadata(folder.join(&entry.path)).ok()?;
            (meta.nlink() > 1).then_some(*size)
        }
        Kind::Directory | Kind::Link { .. } => None,
    });
    linked.sum()
}

/// Bytes free where mirrors are or will be.
fn free(places: &Places) -> u64 {
    let mirrors = places.mirrors();
    let there = mirrors.ancestors().find(|path| path.exists());
    there
        .and_then(|path| rustix::fs::statvfs(path).ok())
        .map_or(0, |stat| stat.f_bavail * stat.f_frsize)
}

fn walk(folder: &Path, see: &mut impl FnMut(&Path, &fs::Metadata)) -> Result<(), String> {
    let fault = |path: &Path, error: std::io::Error| format!("{}: {error}", path.display());
    let mut waiting = vec![folder.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(&directory).map_err(|error| fault(&directory, error))? {
            let path = entry.map_err(|error| fault(&directory, error))?.path();
            let meta = fs::symlink_metadata(&path).map_err(|error| fault(&path, error))?;
            see(&path, &meta);
            if meta.is_dir() {
                waiting.push(path);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Copied;
    use crate::model::{Generation, OpId};

    #[test]
    fn the_newest_mirror_is_the_one_of_the_asked_side_with_the_highest_number() {
        let var = tempfile::tempdir().unwrap();
        let places = Places::under(var.path());
        assert_eq!(newest_under(&places, Side::Primary), None);
        for (op, source) in [(9, Side::Primary), (10, Side::Primary), (11, Side::Secondary)] {
            let mut manifest =
                Manifest::new("office".to_owned(), "alpha".to_owned(), Generation(3), OpId(op));
            manifest.made = 1000 + i64::try_from(op).unwrap();
            manifest.copied = Some(Copied {
                at: 0,
                op: OpId(op),
                from: "192.0.2.11".parse().unwrap(),
                encrypted: true,
                source,
            });
            let folder = places.mirrors().join(made_by(OpId(op)));
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(MANIFEST), serde_json::to_vec(&manifest).unwrap()).unwrap();
        }
        let newest = |source| newest_under(&places, source).map(|stamp| (stamp.name, stamp.made));
        assert_eq!(newest(Side::Primary), Some(("op10".to_owned(), 1010)));
        assert_eq!(newest(Side::Secondary), Some(("op11".to_owned(), 1011)));
    }
}
