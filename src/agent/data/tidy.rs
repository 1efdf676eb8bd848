//! What goes once an operation is committed: staged copies, what older loads put aside, and what is known
//! of mirrors that are gone.

use super::copy::failed;
use super::ledger;
use super::save::remove;
use crate::agent::file::remove_if_there;
use crate::agent::paths::NodePaths;
use crate::data::{MANIFEST, Places, made_by, maker};
use crate::error::Result;
use crate::model::OpId;
use std::fs;
use std::path::Path;

/// Former data sets kept on a node: of the newest loads that can be rolled back, and of the newest operations,
/// which can be undone.
const KEEP: usize = 3;

/// Removes all of the staged copies but their manifests, which tell later whether the files are still as
/// they were loaded; all former data but the newest; and what is known of a mirror that is gone.
pub fn tidy(paths: &NodePaths) -> Result<()> {
    let places = Places::under(paths.var());
    for staged in listed(&places.staged()) {
        let staged = places.staged().join(staged);
        for entry in listed(&staged).iter().filter(|entry| *entry != MANIFEST) {
            remove(&staged.join(entry))?;
        }
    }
    let loads = ledger::read(paths)?.loads;
    let mut asides: Vec<OpId> = listed(&places.asides())
        .iter()
        .filter_map(|name| maker(name))
        .collect();
    asides.sort_unstable_by(|a, b| b.cmp(a));
    let to_roll_back: Vec<OpId> = loads.iter().rev().take(KEEP).map(|load| load.op).collect();
    for &op in asides.iter().skip(KEEP).filter(|op| !to_roll_back.contains(op)) {
        remove(&places.asides().join(made_by(op)))?;
        remove(&places.staged().join(made_by(op)))?;
    }
    for known in [places.all_findings(), places.all_verified()] {
        for name in listed(&known) {
            let mirror = name.trim_end_matches(".json");
            if !places.mirrors().join(mirror).exists() {
                remove_if_there(&known.join(&name)).map_err(|error| failed(&known, error))?;
            }
        }
    }
    Ok(())
}

fn listed(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::data::save::make;
    use crate::data::{Ledger, Loaded};

    #[test]
    fn what_a_load_can_be_rolled_back_to_outlives_later_operations() {
        let root = tempfile::tempdir().unwrap();
        let paths = NodePaths::under(root.path());
        let places = Places::under(paths.var());
        for op in 1..=9 {
            make(&places.asides().join(made_by(OpId(op)))).unwrap();
        }
        let load = |op| Loaded {
            op: OpId(op),
            mirror: "op1".to_owned(),
            node: "alpha".to_owned(),
            made: 0,
            sets: Vec::new(),
            digest: String::new(),
            table: String::new(),
            at: 0,
        };
        let ledger = Ledger {
            loads: [1, 2, 3, 4].map(load).to_vec(),
        };
        fs::write(places.ledger(), serde_json::to_vec(&ledger).unwrap()).unwrap();
        tidy(&paths).unwrap();
        let mut left = listed(&places.asides());
        left.sort_unstable();
        assert_eq!(left, ["op2", "op3", "op4", "op7", "op8", "op9"]);
    }
}
