//! Hashes of files that were read before, so that a copy need not read again what by all that the kernel
//! tells was not touched since: the same file (device and inode) with the same size, the same time of change,
//! and the same time of the last change of anything about it (ctime), which no program can set back.
//!
//! What the kernel does not tell, a disk that loses bits, is not seen here: `data verify` and every load read
//! and hash all bytes, and trust no line of this.
//!
//! ```text
//!   read, hash ──> noted, if the file was at rest before it was read ──> the same stamp: the same hash
//! ```
//!
//! A further name of a file, or one less, changes its ctime. Where pairadm itself links and unlinks, the
//! hashes are held across that: the stamp is compared before, and afterwards only file, size and time of
//! change. Somebody who writes in between and sets the time of change back is not seen by a copy either.

use super::inventory::{Seen, members};
use super::save::remember;
use crate::data::Kind;
use crate::error::Result;
use rustix::time::{ClockId, clock_getres};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Two changes within one tick of the kernel's clock can have the same time; ticks are 10 ms at most.
const LONGEST_TICK: Duration = Duration::from_millis(10);

/// The shape of what is written down; another one is as good as none.
const FORMAT: u32 = 1;

/// Seconds and nanoseconds.
type Time = (i64, i64);

/// By which a file is known again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    changed: Time,
    touched: Time,
}

impl Stamp {
    /// What the kernel tells of a file.
    pub fn of(meta: &Metadata) -> Self {
        Self {
            device: meta.dev(),
            inode: meta.ino(),
            size: meta.size(),
            changed: (meta.mtime(), meta.mtime_nsec()),
            touched: (meta.ctime(), meta.ctime_nsec()),
        }
    }

    fn file(&self) -> (u64, u64) {
        (self.device, self.inode)
    }

    /// True when every change at `moment` or later gives another stamp. A file system that counts whole
    /// seconds can never be told so.
    fn at_rest(&self, moment: SystemTime) -> bool {
        let Some(tick_before) = moment.checked_sub(ticks()) else {
            return false;
        };
        let Ok(since) = tick_before.duration_since(UNIX_EPOCH) else {
            return false;
        };
        let moment = (
            i64::try_from(since.as_secs()).unwrap_or(i64::MIN),
            i64::from(since.subsec_nanos()),
        );
        self.touched.1 != 0 && self.touched < moment
    }
}

/// Hashes of files, by their stamps.
#[derive(Debug, Default)]
pub struct Hashed(HashMap<(u64, u64), (Stamp, String)>);

#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    files: Vec<(Stamp, String)>,
}

impl Hashed {
    /// What is written down in `place`; nothing when it makes no sense: then everything is read.
    pub fn read(place: &Path) -> Self {
        let stored = fs::read(place)
            .ok()
            .and_then(|text| serde_json::from_slice::<Stored>(&text).ok())
            .filter(|stored| stored.format == FORMAT);
        let files = stored.map(|stored| stored.files).unwrap_or_default();
        Self(files.into_iter().map(|known| (known.0.file(), known)).collect())
    }

    /// The hash of a file that was not touched since it was read.
    pub fn of(&self, meta: &Metadata) -> Option<String> {
        let stamp = Stamp::of(meta);
        let (known, hash) = self.0.get(&stamp.file())?;
        (*known == stamp).then(|| hash.clone())
    }

    /// Those of the files in `folder` that were not touched since they were read, to be known again after
    /// pairadm gave them names or took names away.
    pub fn held(&self, folder: &Path) -> Result<Held> {
        let found = members(folder)?;
        let held = found.iter().filter(|(_, meta)| meta.is_file());
        let held = held.filter_map(|(_, meta)| Some((Stamp::of(meta), self.of(meta)?)));
        Ok(Held(held.map(|held| (held.0.file(), held)).collect()))
    }
}

/// Hashes that are held while links are made and removed.
#[derive(Debug, Default)]
pub struct Held(HashMap<(u64, u64), (Stamp, String)>);

impl Held {
    /// The hash of a file of which at most the names have changed.
    pub fn of(&self, meta: &Metadata) -> Option<String> {
        let stamp = Stamp::of(meta);
        let (known, hash) = self.0.get(&stamp.file())?;
        let same = known.size == stamp.size && known.changed == stamp.changed;
        same.then(|| hash.clone())
    }

    /// Writes down in `place` what is still held of `folder`.
    pub fn note(&self, folder: &Path, place: &Path) -> Result<()> {
        let moment = at_rest();
        let found = members(folder)?;
        let files = found.iter().filter(|(_, meta)| meta.is_file());
        let known = files.filter_map(|(_, meta)| Some((Stamp::of(meta), self.of(meta)?)));
        write(place, known, moment)
    }
}

/// Two ticks of the clock that files get their times from, see `clock_getres(2)`,
/// `CLOCK_REALTIME_COARSE`.
fn ticks() -> Duration {
    let told = clock_getres(ClockId::RealtimeCoarse);
    let tick = Duration::try_from(told).unwrap_or(LONGEST_TICK);
    2 * tick.clamp(Duration::from_millis(1), LONGEST_TICK)
}

/// Waits until whatever changes from now on gives another stamp than what changed before; the moment from
/// which that is so.
pub fn at_rest() -> SystemTime {
    std::thread::sleep(ticks());
    SystemTime::now()
}

/// Writes down the hashes of files that were read at `moment` or later.
pub fn note(seen: &[Seen], place: &Path, moment: SystemTime) -> Result<()> {
    let files = seen.iter().filter_map(|seen| match &seen.entry.kind {
        Kind::File { blake3, .. } => Some((seen.stamp, blake3.clone())),
        Kind::Directory | Kind::Link { .. } => None,
    });
    write(place, files, moment)
}

fn write(place: &Path, files: impl Iterator<Item = (Stamp, String)>, moment: SystemTime) -> Result<()> {
    let stored = Stored {
        format: FORMAT,
        files: files.filter(|(stamp, _)| stamp.at_rest(moment)).collect(),
    };
    remember(place, &stored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::data::inventory::look;
    use crate::agent::meter::Meter;
    use std::path::PathBuf;

    /// A folder with one file, read and noted.
    fn noted() -> (tempfile::TempDir, PathBuf, PathBuf) {
        let root = tempfile::tempdir().unwrap();
        let (folder, place) = (root.path().join("folder"), root.path().join("hashed/x.json"));
        fs::create_dir_all(folder.join("set")).unwrap();
        let file = folder.join("set/one");
        fs::write(&file, "1").unwrap();
        let moment = at_rest();
        let seen = look(&folder, &|_| None, &Meter::new()).unwrap();
        note(&seen, &place, moment).unwrap();
        (root, file, place)
    }

    fn known(file: &Path, place: &Path) -> bool {
        Hashed::read(place)
            .of(&fs::symlink_metadata(file).unwrap())
            .is_some()
    }

    /// Gives a file the time of change that another one has.
    fn set_time_as(file: &Path, like: &Metadata) {
        let modified = like.modified().unwrap();
        fs::File::options()
            .write(true)
            .open(file)
            .unwrap()
            .set_modified(modified)
            .unwrap();
    }

    #[test]
    fn an_untouched_file_is_known_again_with_its_hash() {
        let (_root, file, place) = noted();
        let meta = fs::symlink_metadata(&file).unwrap();
        let hash = Hashed::read(&place).of(&meta);
        assert_eq!(hash, Some(blake3::hash(b"1").to_hex().to_string()));
    }

    #[test]
    fn a_change_that_keeps_size_and_time_of_change_is_noticed() {
        let (_root, file, place) = noted();
        let before = fs::symlink_metadata(&file).unwrap();
        fs::write(&file, "2").unwrap();
        set_time_as(&file, &before);
        let after = fs::symlink_metadata(&file).unwrap();
        assert_eq!(
            (before.modified().unwrap(), before.len()),
            (after.modified().unwrap(), after.len())
        );
        assert!(!known(&file, &place));
    }

    #[test]
    fn another_file_of_the_same_size_and_time_is_not_taken_for_it() {
        let (_root, file, place) = noted();
        let before = fs::symlink_metadata(&file).unwrap();
        let other = file.with_extension("other");
        fs::write(&other, "2").unwrap();
        set_time_as(&other, &before);
        fs::rename(&other, &file).unwrap();
        assert!(!known(&file, &place));
    }

    #[test]
    fn what_may_have_changed_in_the_tick_in_which_it_was_read_is_not_noted() {
        let (root, file, place) = noted();
        fs::write(&file, "2").unwrap();
        let moment = SystemTime::now();
        let seen = look(&root.path().join("folder"), &|_| None, &Meter::new()).unwrap();
        note(&seen, &place, moment).unwrap();
        assert!(!known(&file, &place));
    }

    #[test]
    fn whole_seconds_tell_nothing() {
        let mut stamp = Stamp::of(&fs::symlink_metadata("/").unwrap());
        stamp.touched = (1, 1);
        assert!(stamp.at_rest(SystemTime::now()));
        stamp.touched = (1, 0);
        assert!(!stamp.at_rest(SystemTime::now()));
    }

    #[test]
    fn links_of_our_own_do_not_make_a_file_unknown_and_a_change_before_them_does() {
        let (root, file, place) = noted();
        let folder = root.path().join("folder");
        let held = Hashed::read(&place).held(&folder).unwrap();
        fs::hard_link(&file, root.path().join("further")).unwrap();
        assert!(!known(&file, &place), "its ctime is another one");
        held.note(&folder, &place).unwrap();
        assert!(known(&file, &place));

        let before = fs::symlink_metadata(&file).unwrap();
        fs::write(&file, "2").unwrap();
        set_time_as(&file, &before);
        let held = Hashed::read(&place).held(&folder).unwrap();
        held.note(&folder, &place).unwrap();
        assert!(!known(&file, &place));
    }

    #[test]
    fn what_makes_no_sense_is_nothing() {
        let (_root, file, place) = noted();
        fs::write(&place, "{").unwrap();
        assert!(!known(&file, &place));
    }
}
