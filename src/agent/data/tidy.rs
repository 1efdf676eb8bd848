//! What goes once a load is committed: the staged copy, and what older loads put aside.

use super::save::remove;
use crate::agent::paths::NodePaths;
use crate::data::{MANIFEST, Places, made_by, maker};
use crate::error::Result;
use crate::model::OpId;
use std::fs;
use std::path::Path;

/// Former data sets kept on a node.
const KEEP: usize = 3;

/// Removes all of the staged copies but their manifests, which tell later whether the files are still as
/// they were loaded; and all former data but the newest.
pub fn tidy(paths: &NodePaths) -> Result<()> {
    let places = Places::under(paths.var());
    for staged in listed(&places.staged()) {
        let staged = places.staged().join(staged);
        for entry in listed(&staged).iter().filter(|entry| *entry != MANIFEST) {
            remove(&staged.join(entry))?;
        }
    }
    let mut asides: Vec<OpId> = listed(&places.asides())
        .iter()
        .filter_map(|name| maker(name))
        .collect();
    asides.sort_unstable_by(|a, b| b.cmp(a));
    for &op in asides.iter().skip(KEEP) {
        remove(&places.asides().join(made_by(op)))?;
        remove(&places.staged().join(made_by(op)))?;
    }
    Ok(())
}

fn listed(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}
