//! Searches a folder of data for addresses. Changes nothing but what it remembers of the search.

use super::{addresses, findings, preview, stage};
use crate::agent::meter::Meter;
use crate::agent::paths::NodePaths;
use crate::agent::protocol::{ExplainQuery, SearchQuery, SearchedFolder};
use crate::data::{Manifest, Origin, Places};
use crate::error::Result;
use crate::model::DataSet;
use crate::translate::{Explanation, Findings};
use std::path::PathBuf;

/// The addresses in the folder that `query` names.
pub fn search(paths: &NodePaths, query: &SearchQuery, meter: &Meter) -> Result<Findings> {
    let places = Places::under(paths.var());
    let folder = folder(&places, query)?;
    let kept = match &query.folder {
        SearchedFolder::Mirror(name) => places.findings(name),
        SearchedFolder::Backup(_) => places.backup_findings(),
    };
    let sets = sets(&Manifest::read(&folder)?, query);
    findings::of(&kept, &folder, &stage::digest(&folder)?, &sets, meter)
}

/// Every place of one address in the folder.
pub fn explain(paths: &NodePaths, query: &ExplainQuery, meter: &Meter) -> Result<Explanation> {
    let folder = folder(&Places::under(paths.var()), &query.search)?;
    let sets = sets(&Manifest::read(&folder)?, &query.search);
    addresses::explain(&folder, &sets, query.subject, &query.table, meter)
}

fn folder(places: &Places, query: &SearchQuery) -> Result<PathBuf> {
    Ok(match &query.folder {
        SearchedFolder::Mirror(name) => places.of(&Origin::Mirror(preview::named(places, name)?)),
        SearchedFolder::Backup(path) => PathBuf::from(path),
    })
}

/// Those data sets that are in the folder.
fn sets(manifest: &Manifest, query: &SearchQuery) -> Vec<DataSet> {
    let mut sets = query.sets.clone();
    sets.retain(|set| manifest.sets.contains(&set.name));
    sets
}
