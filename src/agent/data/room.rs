//! What a load writes, by the file systems that it writes to: the translated copy and what is put aside in
//! pairadm's own directory, and beside the live data what takes its place.

use super::copy::failed;
use super::files::members;
use super::postgresql;
use super::put_files::nearest;
use crate::data::{Change, FileChange, Manifest, Places, Room};
use crate::error::Result;
use crate::model::{DataSet, DataSource};
use rustix::fs::statvfs;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Left over where pairadm keeps journals, and elsewhere for others.
const MARGIN: (u64, u64) = (64 << 20, 1 << 20);

/// File systems by their device.
#[derive(Default)]
struct Rooms(BTreeMap<u64, Room>);

impl Rooms {
    fn add(&mut self, path: &Path, bytes: u64, margin: u64) -> Result<()> {
        let directory = nearest(path.parent().unwrap_or(path));
        let fault = |error: std::io::Error| failed(&directory, error);
        let device = fs::metadata(&directory).map_err(fault)?.dev();
        if let Some(room) = self.0.get_mut(&device) {
            room.needed += bytes;
            return Ok(());
        }
        let stat = statvfs(&directory).map_err(|error| fault(error.into()))?;
        let room = Room {
            at: directory.to_string_lossy().into_owned(),
            needed: bytes + margin,
            free: stat.f_bavail * stat.f_frsize,
        };
        self.0.insert(device, room);
        Ok(())
    }
}

/// What loading `sets` of the folder with this manifest needs, each beside the bytes that are live of it, where
/// files change as `changes` says; `search` finds programs.
pub fn rooms(
    places: &Places,
    search: &str,
    manifest: &Manifest,
    sets: &[(&DataSet, u64)],
    changes: &[FileChange],
) -> Result<Vec<Room>> {
    let mut rooms = Rooms::default();
    rooms.add(&places.staged(), manifest.bytes(), MARGIN.0)?;
    let new: BTreeSet<&str> = changes
        .iter()
        .filter(|change| change.change != Change::Removed)
        .map(|change| change.path.as_str())
        .collect();
    for &(set, live) in sets {
        let files = || {
            manifest
                .files()
                .filter_map(|(path, size)| Some((inside(path, set)?, size)))
        };
        let loaded = files().map(|(_, size)| size).sum::<u64>();
        rooms.add(&places.asides(), live, MARGIN.0)?;
        match &set.source {
            // All new files are there before the first old one goes.
            DataSource::Files { .. } => {
                for (path, size) in files() {
                    let place = format!("/{path}");
                    if new.contains(place.as_str()) {
                        rooms.add(Path::new(&place), size, MARGIN.1)?;
                    }
                }
            }
            // The pages before the load or those after it lie beside the database until it is done.
            DataSource::Sqlite { path, .. } => rooms.add(Path::new(path), loaded.max(live), MARGIN.1)?,
            DataSource::Postgresql { .. } => {
                if let Some(directory) = postgresql::directory(search) {
                    rooms.add(&directory, loaded, MARGIN.1)?;
                }
            }
        }
    }
    Ok(rooms.0.into_values().collect())
}

/// The path of a member below the folder of its set, if that is `set`.
fn inside<'p>(path: &'p str, set: &DataSet) -> Option<&'p str> {
    path.strip_prefix(set.name.as_str())?.strip_prefix('/')
}

/// Bytes that the set takes up on the node now; of a PostgreSQL database what its server says, 0 where there is
/// none.
pub fn live_bytes(set: &DataSet, search: &str) -> Result<u64> {
    Ok(match &set.source {
        DataSource::Files { paths, own } => {
            let mut bytes = 0;
            for path in paths {
                let members = members(Path::new(path), own)?;
                bytes += members.iter().map(|(_, meta)| meta.len()).sum::<u64>();
            }
            bytes
        }
        DataSource::Sqlite { path, .. } => fs::metadata(path).map_or(0, |meta| meta.size()),
        DataSource::Postgresql { database, .. } => postgresql::size(search, database).unwrap_or(0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{Entry, Kind};
    use crate::model::{Generation, OpId};

    #[test]
    fn the_file_system_of_each_set_needs_room_for_its_new_files_before_the_old_ones_go() {
        let (var, live) = (
            tempfile::tempdir().unwrap(),
            tempfile::tempdir_in("/dev/shm").unwrap(),
        );
        let place = |name: &str| live.path().join(name).to_string_lossy().into_owned();
        fs::write(place("old"), [b'x'; 300]).unwrap();
        let set = DataSet {
            name: "configuration".to_owned(),
            source: DataSource::Files {
                paths: vec![live.path().to_string_lossy().into_owned()],
                own: Vec::new(),
            },
        };
        let mut manifest = Manifest::new("office".to_owned(), "alpha".to_owned(), Generation(1), OpId(1));
        let file = |name: &str, size| Entry {
            path: format!("configuration{}", place(name)),
            kind: Kind::File {
                size,
                blake3: String::new(),
            },
            mode: 0o644,
            owner: (0, 0),
            changed: 0,
        };
        manifest.entries = vec![file("old", 300), file("new", 5000), file("same", 7000)];
        let change = |name: &str, change| FileChange {
            path: place(name),
            change,
            diff: String::new(),
        };
        let changes = [change("new", Change::Added), change("gone", Change::Removed)];
        let places = Places::under(var.path());
        let live_files = live_bytes(&set, "/nowhere").unwrap();
        let found = rooms(&places, "/nowhere", &manifest, &[(&set, live_files)], &changes).unwrap();
        let needed = |at: &Path| {
            let mut rooms = found.iter();
            let room = rooms.find(|room| Path::new(&room.at).starts_with(at));
            room.unwrap_or_else(|| panic!("{} in {found:?}", at.display()))
                .needed
        };
        assert!(live_files >= 300);
        assert_eq!(needed(var.path()), 300 + 5000 + 7000 + live_files + MARGIN.0);
        assert_eq!(needed(live.path()), 5000 + MARGIN.1);
        assert_eq!(found.len(), 2);
    }
}
