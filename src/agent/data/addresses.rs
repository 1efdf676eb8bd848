//! The addresses in a folder of data, data set by data set.

use super::translated::{rules, size};
use crate::agent::meter::Meter;
use crate::error::Result;
use crate::model::DataSet;
use crate::model::mask::masked;
use crate::translate::{self, Explanation, Findings, Subject, Table, Translator, scan_tree};
use std::path::Path;

/// Every address in the folder of `set` below `folder`, after so many bytes of other sets.
pub fn scan(folder: &Path, set: &DataSet, before: u64, meter: &Meter) -> Result<Findings> {
    scan_tree(&folder.join(&set.name), &rules(set), &|done| {
        meter.reach(before + done)
    })
}

/// Every place of `subject` in the folders of `sets` below `folder`, before and after translation, secrets masked.
pub fn explain(
    folder: &Path,
    sets: &[DataSet],
    subject: Subject,
    table: &Table,
    meter: &Meter,
) -> Result<Explanation> {
    let translator = Translator::new(table)?;
    let mut all = Vec::new();
    for (set, before) in sized(folder, sets, meter) {
        let (folder, rules) = (folder.join(&set.name), rules(set));
        let found = translate::explain(&folder, subject, &translator, &rules, &|done| {
            meter.reach(before + done)
        })?;
        all.push((set.name.as_str(), found));
    }
    let mut explanation = Explanation::joined(all);
    for explained in &mut explanation.places {
        explained.before = masked(&explained.before);
        explained.after = masked(&explained.after);
    }
    Ok(explanation)
}

/// The sets, each with the bytes of those before it, of which the meter is told the sum.
pub fn sized<'s>(folder: &Path, sets: &'s [DataSet], meter: &Meter) -> Vec<(&'s DataSet, u64)> {
    let mut total = 0;
    let mut sized = Vec::new();
    for set in sets {
        sized.push((set, total));
        total += size(&folder.join(&set.name));
    }
    meter.begin("search", Some(total));
    sized
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::DataSource;
    use std::fs;

    #[test]
    fn a_search_tells_how_much_there_is_in_all_sets_and_goes_to_the_end_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let sets = ["one", "two"].map(|name| DataSet {
            name: name.to_owned(),
            source: DataSource::Files {
                paths: vec!["/etc".to_owned()],
                own: Vec::new(),
            },
        });
        for set in &sets {
            let etc = folder.path().join(&set.name).join("etc");
            fs::create_dir_all(&etc).unwrap();
            fs::write(etc.join("file"), "listen=192.0.2.11\n".repeat(5000)).unwrap();
        }
        let meter = Meter::new();
        for (set, before) in sized(folder.path(), &sets, &meter) {
            assert_eq!(scan(folder.path(), set, before, &meter).unwrap().found.len(), 1);
        }
        let moved = meter.moved();
        assert_eq!(
            (moved.what.as_str(), moved.total),
            ("search", Some(2 * 5000 * 18))
        );
        assert_eq!(moved.percent(), Some(100), "{moved:?}");
    }
}
