//! Searches a folder of data for addresses. Changes nothing but what it remembers of the search.

use super::{findings, preview, stage};
use crate::agent::meter::Meter;
use crate::agent::paths::NodePaths;
use crate::agent::protocol::{SearchQuery, SearchedFolder};
use crate::data::{Manifest, Origin, Places};
use crate::error::Result;
use crate::model::DataSet;
use crate::translate::Findings;
use std::path::PathBuf;

/// The addresses in the folder that `query` names.
pub fn search(paths: &NodePaths, query: &SearchQuery, meter: &Meter) -> Result<Findings> {
    let places = Places::under(paths.var());
    let (folder, kept) = match &query.folder {
        SearchedFolder::Mirror(name) => {
            let name = preview::named(&places, name)?;
            (places.of(&Origin::Mirror(name.clone())), places.findings(&name))
        }
        SearchedFolder::Backup(path) => (PathBuf::from(path), places.backup_findings()),
    };
    let manifest = Manifest::read(&folder)?;
    let digest = stage::digest(&folder)?;
    let sets: Vec<&DataSet> = query
        .sets
        .iter()
        .filter(|set| manifest.sets.contains(&set.name))
        .collect();
    findings::of(&kept, &folder, &digest, &sets, meter)
}
