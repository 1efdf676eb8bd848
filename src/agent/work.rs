//! How far the long step of this node is, where agents of other controllers find it.

use super::paths::NodePaths;
use crate::error::{Error, Result};
use crate::model::Work;
use std::fs;
use std::path::PathBuf;

/// Writes it down.
pub fn publish(paths: &NodePaths, work: &Work) -> Result<()> {
    let (path, draft) = (file(paths), paths.run().join("work.new"));
    let text = serde_json::to_vec(work).map_err(|error| Error::bug(error.to_string()))?;
    fs::write(&draft, text)
        .and_then(|()| fs::rename(&draft, &path))
        .map_err(|error| super::file::fault(&path, "progress cannot be told", &error))
}

/// There is none any more.
pub fn clear(paths: &NodePaths) {
    // Only a holder of the lock is believed, so what stays here misleads nobody.
    let _ = fs::remove_file(file(paths));
}

/// What was written last; it counts only while somebody holds the lock.
pub fn read(paths: &NodePaths) -> Option<Work> {
    serde_json::from_slice(&fs::read(file(paths)).ok()?).ok()
}

fn file(paths: &NodePaths) -> PathBuf {
    paths.run().join("work.json")
}
