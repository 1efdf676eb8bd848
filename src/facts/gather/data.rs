//! The node's current backup and its mirrors. Only manifests and directories are read, not the data.

use crate::agent::program::{PATH, run_from};
use crate::data::{Kind, MANIFEST, Manifest, Places, maker};
use crate::facts::{BackupFacts, DataFacts, DataQuery, MirrorFacts};
use crate::model::{BackupSource, paths};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Looks at backup and mirrors.
pub fn read(query: &DataQuery, deadline: Instant) -> DataFacts {
    let places = Places::under(Path::new(paths::VAR_DIR));
    let mut data = of_mirrors(&places);
    match current(&query.backup, deadline).and_then(|folder| folder.map_or(Ok(None), |path| backup(&path))) {
        Ok(found) => data.backup = found,
        Err(why) => data.backup_fault = Some(why),
    }
    data
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
        if let Some(op) = name.to_str().and_then(maker)
            && let Ok(manifest) = Manifest::read(&folder)
        {
            data.mirrors
                .push(MirrorFacts::of(op, &manifest, shared(&folder, &manifest)));
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
