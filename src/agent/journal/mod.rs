//! The node's journal of each operation: append, fsync, then act. It survives a crash at any byte.
//!
//! Intents are on disk before the step they announce begins. Completions are written at once but
//! reach the disk with the next barrier: after a power cut a step that was done may be found merely
//! begun, and looking at what is there tells the rest.

mod entry;
mod line;

pub use entry::{Entry, Log, Timer};

use super::boundary;
use super::file::fault;
use super::paths::NodePaths;
use crate::error::{Error, Result};
use crate::model::OpId;
use rustix::fs::{FallocateFlags, fallocate};
use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Disk space set aside with the first line, so that the way back can be journalled on a full disk.
pub(super) const RESERVE: u64 = 256 * 1024;

/// The journal of one operation, open for appending. Only the holder of the pair's lock has one,
/// apart from the connection that confirms.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: PathBuf,
    /// Bytes of whole lines.
    length: u64,
    /// A crash left half a line behind them; it goes before the next line is written.
    torn: bool,
    unsynced: bool,
    log: Log,
}

impl Journal {
    /// Starts the journal of a new operation; its first line is on disk when this returns.
    pub fn create(paths: &NodePaths, first: Entry) -> Result<Self> {
        let Entry::Begun { op, .. } = &first else {
            return Err(Error::bug("a journal begins with the operation"));
        };
        let path = paths.journal(*op);
        make_directories(paths, &paths.op(*op))?;
        let file = File::options()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|error| unwritable(&path, &error))?;
        boundary::reached("journal file created");
        let log = Log::of(vec![first.clone()]).ok_or_else(|| Error::bug("a first line makes a log"))?;
        let mut journal = Self {
            file,
            path,
            length: 0,
            torn: false,
            unsynced: false,
            log,
        };
        journal.write(&[first])?;
        // Not every file system can; without it, a full disk is reported when it happens.
        let _ = fallocate(&journal.file, FallocateFlags::KEEP_SIZE, journal.length, RESERVE);
        journal.sync()?;
        sync_directory(&paths.op(op_of(&journal.log)))?;
        sync_directory(&paths.ops())?;
        Ok(journal)
    }

    /// Opens the journal of a known operation.
    pub fn open(paths: &NodePaths, op: OpId) -> Result<Option<Self>> {
        let path = paths.journal(op);
        let mut file = match File::options().read(true).write(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unwritable(&path, &error)),
        };
        let read = read_entries(&mut file, &path)?;
        Ok(Log::of(read.entries).map(|log| Self {
            file,
            path,
            length: read.whole,
            torn: read.torn,
            // What the process before left in memory is waited for with our first line.
            unsynced: true,
            log,
        }))
    }

    /// What the journal says.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Takes in what another process (a confirmation, the timer) has appended meanwhile.
    pub fn refresh(&mut self) -> Result<()> {
        let length = self
            .file
            .metadata()
            .map_err(|error| unwritable(&self.path, &error))?
            .len();
        if length == self.length {
            return Ok(());
        }
        let mut file = File::open(&self.path).map_err(|error| unwritable(&self.path, &error))?;
        let read = read_entries(&mut file, &self.path)?;
        (self.length, self.torn) = (read.whole, read.torn);
        if let Some(log) = Log::of(read.entries) {
            self.log = log;
        }
        Ok(())
    }

    /// Appends lines; they reach the disk with the next [`Journal::sync`].
    pub fn append(&mut self, entries: Vec<Entry>) -> Result<()> {
        self.write(&entries)?;
        for entry in entries {
            self.log.add(entry);
        }
        Ok(())
    }

    /// Appends lines and waits until they are on disk.
    pub fn record(&mut self, entries: Vec<Entry>) -> Result<()> {
        self.append(entries)?;
        self.sync()
    }

    /// Waits until everything appended is on disk.
    pub fn sync(&mut self) -> Result<()> {
        if self.unsynced {
            self.file
                .sync_data()
                .map_err(|error| unwritable(&self.path, &error))?;
            self.unsynced = false;
            boundary::reached("journal synced");
        }
        Ok(())
    }

    fn write(&mut self, entries: &[Entry]) -> Result<()> {
        let mut text = String::new();
        for entry in entries {
            text += &line::write(entry).map_err(|error| Error::bug(error.to_string()))?;
        }
        boundary::reached("before journal line");
        if let Err(error) = self.write_bytes(text.as_bytes()) {
            // Half a line would be taken for a crash's; without it the journal is as before.
            self.torn = self.file.set_len(self.length).is_err();
            return Err(unwritable(&self.path, &error));
        }
        self.length += text.len() as u64;
        self.unsynced = true;
        boundary::reached("journal line written");
        Ok(())
    }

    /// One write in the program; in tests two, with a point between them to be killed at.
    fn write_bytes(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        if self.torn {
            self.file.set_len(self.length)?;
            self.torn = false;
        }
        self.file.seek(SeekFrom::Start(self.length))?;
        let cut = if cfg!(test) { bytes.len() / 2 } else { 0 };
        let (first, rest) = bytes.split_at(cut);
        if cfg!(test) {
            self.file.write_all(first)?;
            boundary::reached("half a journal line written");
        }
        self.file.write_all(rest)
    }
}

/// Reads the journal of one operation; `None` when the node has none.
pub fn read(paths: &NodePaths, op: OpId) -> Result<Option<Log>> {
    let path = paths.journal(op);
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(&path).because(error)),
    };
    Ok(Log::of(read_entries(&mut file, &path)?.entries))
}

/// Numbers of all operations this node has a directory for, newest first.
pub fn numbers(paths: &NodePaths) -> Result<Vec<OpId>> {
    let listing = match std::fs::read_dir(paths.ops()) {
        Ok(listing) => listing,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(&paths.ops()).because(error)),
    };
    let mut numbers: Vec<OpId> = listing
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    numbers.sort_unstable_by(|a, b| b.cmp(a));
    Ok(numbers)
}

/// The newest operations, newest first; lazily, because callers want a few of many.
pub fn newest_first(paths: &NodePaths) -> Result<impl Iterator<Item = Result<Log>>> {
    let numbers = numbers(paths)?;
    Ok(numbers.into_iter().filter_map(|op| read(paths, op).transpose()))
}

/// Every operation that was never finished, newest first. Of the finished ones only the last line is
/// read: there may be hundreds.
pub fn unfinished(paths: &NodePaths) -> Result<Vec<Log>> {
    let mut open = Vec::new();
    for op in numbers(paths)? {
        if !ends(&paths.journal(op)) {
            open.extend(read(paths, op)?.filter(|log| log.end.is_none()));
        }
    }
    Ok(open)
}

/// True when the last line of the journal says that the operation is finished. False also when that
/// cannot be told from the end of the file alone.
fn ends(path: &Path) -> bool {
    /// The last line of a finished operation is some 70 bytes long.
    const END: u64 = 512;
    let tail = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(END)))?;
        let mut tail = Vec::new();
        file.take(END).read_to_end(&mut tail)?;
        Ok(tail)
    };
    let Ok(tail) = tail() else { return false };
    let last = tail
        .split_inclusive(|&byte| byte == b'\n')
        .next_back()
        .unwrap_or(&[]);
    let lines = line::read_all::<Entry>(last);
    matches!(
        lines.as_ref().map(|lines| &lines.entries[..]),
        Ok([Entry::Finished { .. }])
    )
}

fn op_of(log: &Log) -> OpId {
    log.op
}

/// A journal file as read.
struct Read {
    entries: Vec<Entry>,
    whole: u64,
    torn: bool,
}

fn read_entries(file: &mut File, path: &Path) -> Result<Read> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)
        .map_err(|error| unreadable(path).because(error))?;
    match line::read_all(&bytes) {
        Ok(lines) => Ok(Read {
            torn: lines.whole < bytes.len(),
            whole: lines.whole as u64,
            entries: lines.entries,
        }),
        Err(number) => Err(unreadable(path)
            .because(format!("line {number} is damaged"))
            .hint("compare the files with their backups by hand, then move this journal away")),
    }
}

fn make_directories(paths: &NodePaths, directory: &Path) -> Result<()> {
    let fault = |error| unwritable(directory, &error);
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    builder.mode(0o755).create(paths.var()).map_err(fault)?;
    // Plans may quote files that only root may read.
    builder.mode(0o700).create(directory).map_err(fault)?;
    sync_directory(paths.var())
}

fn sync_directory(path: &Path) -> Result<()> {
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(|error| unwritable(path, &error))
}

fn unreadable(path: &Path) -> Error {
    Error::unknown("journal_damaged", "the journal of an operation cannot be read").at(path.display())
}

fn unwritable(path: &Path, error: &std::io::Error) -> Error {
    fault(path, "the journal cannot be written", error)
}
