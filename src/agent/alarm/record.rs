//! Which alarms are raised, on disk: `/var/lib/pairadm/state/alarms.json`. Read by anybody, changed under a
//! lock of its own: an event, a timer and a person may come at once.

use crate::agent::file::fault;
use crate::agent::paths::NodePaths;
use crate::agent::state;
use crate::error::{Error, Result};
use crate::model::Raised;
use rustix::fs::{FlockOperation, flock};
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How often a wait for the lock looks again.
const LOOK: Duration = Duration::from_millis(20);

/// The record with its lock.
pub struct Record {
    path: PathBuf,
    raised: Vec<Raised>,
    _lock: File,
}

/// The record as it is; empty where nothing was ever raised.
pub fn read(paths: &NodePaths) -> Result<Vec<Raised>> {
    let path = paths.alarms();
    let unreadable = |why: &dyn std::fmt::Display| {
        Error::unknown("alarms_unreadable", "the record of alarms cannot be read")
            .at(path.display())
            .because(why)
            .hint("remove it: alarms are raised anew by the next event")
    };
    match std::fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|error| unreadable(&error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(unreadable(&error)),
    }
}

impl Record {
    /// Waits for the lock, and reads.
    pub fn open(paths: &NodePaths, deadline: Instant) -> Result<Self> {
        let lock = lock(paths, deadline)?;
        Ok(Self {
            path: paths.alarms(),
            raised: read(paths)?,
            _lock: lock,
        })
    }

    /// All, in order of name.
    pub fn all(&self) -> &[Raised] {
        &self.raised
    }

    /// The alarm `name`, if it is raised.
    pub fn get(&self, name: &str) -> Option<&Raised> {
        self.raised.iter().find(|raised| raised.name == name)
    }

    /// Adds it, or replaces the one of its name.
    pub fn put(&mut self, raised: Raised) -> Result<()> {
        self.raised.retain(|before| before.name != raised.name);
        self.raised.push(raised);
        self.raised.sort_by(|a, b| a.name.cmp(&b.name));
        state::replace(&self.path, &self.raised)
    }

    /// Takes it away; `false` when it was not there.
    pub fn remove(&mut self, name: &str) -> Result<bool> {
        let before = self.raised.len();
        self.raised.retain(|raised| raised.name != name);
        if self.raised.len() == before {
            return Ok(false);
        }
        state::replace(&self.path, &self.raised).map(|()| true)
    }
}

fn lock(paths: &NodePaths, deadline: Instant) -> Result<File> {
    let path = paths.run().join("alarms.lock");
    let failed = |error: std::io::Error| fault(&path, "the alarms cannot be locked", &error);
    std::fs::create_dir_all(paths.run()).map_err(failed)?;
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(failed)?;
    loop {
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(file),
            Err(rustix::io::Errno::WOULDBLOCK) if Instant::now() < deadline => std::thread::sleep(LOOK),
            Err(error) => return Err(failed(error.into())),
        }
    }
}
