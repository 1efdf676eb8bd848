//! From directory to directory: regular files and directories only, with mode, owner and times. Links,
//! devices, pipes and sockets are neither followed nor written.

use super::collect::Collector;
use super::content::Content;
use super::database::journals;
use super::explain::{Explainer, Explanation};
use super::job::{Job, Progress, Told, Work, failed};
use super::kind::Kind;
use super::rules::Rules;
use crate::error::{Error, Result};
use crate::translate::engine::{Counts, Translator};
use crate::translate::{Findings, Subject};
use rustix::fs::{Gid, Uid};
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File, FileTimes, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What came of translating a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeReport {
    /// How often each row of the table was used.
    pub counts: Counts,
    /// Files written.
    pub files: u64,
    /// How many of them differ from what was there.
    pub changed: u64,
    /// Contents that were not looked into; at most 1000 are listed.
    pub opaque: Vec<String>,
    /// Links and special files, which were left out.
    pub skipped: Vec<String>,
}

/// Copies the tree `from` to the new directory `to`, translated.
///
/// # Errors
/// Refuses a `to` that exists (`mirror_exists`), what cannot be read, unpacked within the bounds of
/// `rules` or written, with the file. What was written until then stays in `to`.
pub fn translate_tree(from: &Path, to: &Path, translator: &Translator, rules: &Rules) -> Result<TreeReport> {
    let made = DirBuilder::new().mode(0o700).create(to);
    made.map_err(|error| {
        Error::refused(
            "mirror_exists",
            "the directory for the translated data cannot be made",
        )
        .at(to.display())
        .because(error)
    })?;
    let work = Work::Translate(translator, translator.no_counts());
    let mut walk = Walk::new(from, to, work, rules, &|_| Ok(()));
    walk.directory(Path::new(""), true)?;
    let Work::Translate(_, counts) = walk.job.work else {
        return Err(Error::bug("a translation became something else"));
    };
    Ok(TreeReport {
        counts,
        opaque: walk.job.opaque,
        ..walk.report
    })
}

/// Lists the addresses in the tree `directory`. `told` hears how many bytes of its files are done.
///
/// # Errors
/// Refuses what cannot be read or unpacked within the bounds of `rules`, with the file. An error of `told`
/// ends it.
pub fn scan_tree(directory: &Path, rules: &Rules, told: Told<'_>) -> Result<Findings> {
    let temporary = std::env::temp_dir();
    let work = Work::Scan(Collector::default());
    let mut walk = Walk::new(directory, &temporary, work, rules, told);
    walk.directory(Path::new(""), false)?;
    match walk.job.work {
        Work::Scan(collector) => Ok(collector.findings(walk.job.opaque)),
        _ => Err(Error::bug("a scan became something else")),
    }
}

/// Shows every place of `subject` in the tree `directory`, before and after translation.
///
/// # Errors
/// As [`scan_tree`].
pub fn explain(
    directory: &Path,
    subject: Subject,
    translator: &Translator,
    rules: &Rules,
    told: Told<'_>,
) -> Result<Explanation> {
    let temporary = std::env::temp_dir();
    let work = Work::Explain(Explainer::new(subject, translator));
    let mut walk = Walk::new(directory, &temporary, work, rules, told);
    walk.directory(Path::new(""), false)?;
    match walk.job.work {
        Work::Explain(explainer) => Ok(explainer.explanation),
        _ => Err(Error::bug("an explanation became something else")),
    }
}

struct Walk<'w> {
    from: &'w Path,
    to: &'w Path,
    job: Job<'w>,
    report: TreeReport,
}

impl<'w> Walk<'w> {
    fn new(from: &'w Path, to: &'w Path, work: Work<'w>, rules: &'w Rules, told: Told<'w>) -> Self {
        let scratch = to.to_owned();
        let job = Job {
            progress: Progress::new(told),
            work,
            rules,
            scratch,
            opaque: Vec::new(),
        };
        Self {
            from,
            to,
            job,
            report: TreeReport::default(),
        }
    }

    /// The directory `below` both trees and everything in it; written when `write`.
    fn directory(&mut self, below: &Path, write: bool) -> Result<()> {
        let name = below.display().to_string();
        let unread = |error: io::Error| failed(&name, &error);
        let path = self.from.join(below);
        let metadata = path.symlink_metadata().map_err(unread)?;
        if !metadata.is_dir() {
            return Err(Error::refused("mirror_unreadable", "is not a directory").at(path.display()));
        }
        if write && below != Path::new("") {
            DirBuilder::new()
                .mode(0o700)
                .create(self.to.join(below))
                .map_err(unread)?;
        }
        let mut names = Vec::new();
        for entry in fs::read_dir(&path).map_err(unread)? {
            names.push(entry.map_err(unread)?.file_name());
        }
        names.sort_unstable();
        for name in names {
            self.entry(&below.join(name), write)?;
        }
        if write {
            let directory = File::open(self.to.join(below)).map_err(unread)?;
            keep(&directory, &metadata).map_err(unread)?;
        }
        Ok(())
    }

    fn entry(&mut self, below: &Path, write: bool) -> Result<()> {
        let name = below.display().to_string();
        let metadata = self
            .from
            .join(below)
            .symlink_metadata()
            .map_err(|error| failed(&name, &error))?;
        if metadata.is_dir() {
            self.directory(below, write)
        } else if metadata.is_file() {
            self.file(below, &name, &metadata, write)
        } else {
            self.report.skipped.push(name);
            Ok(())
        }
    }

    fn file(&mut self, below: &Path, name: &str, metadata: &Metadata, write: bool) -> Result<()> {
        let unread = |error: io::Error| failed(name, &error);
        let path = self.from.join(below);
        if is_journal(&path) {
            return Ok(());
        }
        self.job.progress.file(metadata.len())?;
        let mut source = open_file(&path).map_err(unread)?;
        let content = Content {
            name,
            path: Some(&path),
            depth: 0,
        };
        if !write {
            return content.work(&mut self.job, &mut source, None).map(drop);
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true).mode(0o600);
        let mut out = options.open(self.to.join(below)).map_err(unread)?;
        let changed = content.work(&mut self.job, &mut source, Some(&mut out))?;
        keep(&out, metadata).map_err(unread)?;
        self.report.files += 1;
        self.report.changed += u64::from(changed);
        Ok(())
    }
}

/// Opens a regular file, even if it was exchanged for a link meanwhile.
fn open_file(path: &Path) -> io::Result<File> {
    let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// Whether the file belongs to a database beside it and goes into that.
fn is_journal(path: &Path) -> bool {
    let text = path.to_string_lossy();
    let of = ["-wal", "-shm", "-journal"]
        .iter()
        .find_map(|suffix| text.strip_suffix(suffix));
    let Some(of) = of else { return false };
    let is_database = |path: PathBuf| {
        let kind = open_file(&path).and_then(|mut file| Kind::of(&mut file));
        kind.is_ok_and(|kind| kind == Kind::Database)
    };
    is_database(PathBuf::from(of))
        && (text.ends_with("-shm") || journals(Path::new(of)).any(|journal| journal == path))
}

/// Gives a copy the owner, mode and times of what it is a copy of. Only root can give files away; for
/// others they stay theirs.
fn keep(copy: &File, metadata: &Metadata) -> io::Result<()> {
    let owner = (Uid::from_raw(metadata.uid()), Gid::from_raw(metadata.gid()));
    match rustix::fs::fchown(copy, Some(owner.0), Some(owner.1)) {
        Ok(()) | Err(rustix::io::Errno::PERM) => {}
        Err(error) => return Err(error.into()),
    }
    copy.set_permissions(fs::Permissions::from_mode(metadata.mode() & 0o7777))?;
    let times = FileTimes::new()
        .set_accessed(metadata.accessed()?)
        .set_modified(metadata.modified()?);
    copy.set_times(times)
}
