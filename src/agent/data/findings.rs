//! The addresses in a folder of data, searched for once and kept: set by set, so that a search that was
//! stopped is gone on with.

use super::addresses::{scan, sized};
use super::save::remember;
use crate::agent::meter::Meter;
use crate::error::Result;
use crate::model::DataSet;
use crate::translate::Findings;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::Path;

/// What was found, and in what.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// BLAKE3 of the folder's manifest.
    digest: String,
    /// The sets that were searched to their end, with the tables that were left out.
    searched: Vec<(DataSet, Findings)>,
}

/// The addresses in all `sets` of `folder`, whose manifest has this digest; kept in the file `place`.
pub fn of(place: &Path, folder: &Path, digest: &str, sets: &[DataSet], meter: &Meter) -> Result<Findings> {
    let mut kept = Kept::read(place, digest);
    let mut all = Vec::new();
    for (set, before) in sized(folder, sets, meter) {
        let known = kept.searched.iter().find(|(known, _)| known == set);
        let found = if let Some((_, found)) = known {
            found.clone()
        } else {
            let found = scan(folder, set, before, meter)?;
            kept.searched.push((set.clone(), found.clone()));
            remember(place, &kept)?;
            found
        };
        all.push((set.name.as_str(), found));
    }
    Ok(Findings::joined(all))
}

impl Kept {
    /// What is kept of the data with this digest.
    fn read(place: &Path, digest: &str) -> Self {
        let kept = fs::read(place)
            .ok()
            .and_then(|text| serde_json::from_slice::<Self>(&text).ok());
        kept.filter(|kept| kept.digest == digest).unwrap_or(Self {
            digest: digest.to_owned(),
            searched: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use crate::model::DataSource;

    /// Two sets with an address each.
    struct Data {
        directory: tempfile::TempDir,
        sets: Vec<DataSet>,
    }

    impl Data {
        fn new() -> Self {
            let directory = tempfile::tempdir().unwrap();
            let sets = ["first", "second"].map(|name| DataSet {
                name: name.to_owned(),
                source: DataSource::Files {
                    paths: Vec::new(),
                    own: Vec::new(),
                },
            });
            let data = Self {
                directory,
                sets: sets.to_vec(),
            };
            data.write("first", "10.0.0.1");
            data.write("second", "10.0.0.2");
            data
        }

        fn write(&self, set: &str, address: &str) {
            let folder = self.directory.path().join("data").join(set);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join("file"), address).unwrap();
        }

        fn found(&self, digest: &str, meter: &Meter) -> Result<Vec<String>> {
            let place = self.directory.path().join("kept.json");
            let found = of(
                &place,
                &self.directory.path().join("data"),
                digest,
                &self.sets,
                meter,
            )?;
            Ok(found.found.iter().map(|one| one.subject.to_string()).collect())
        }
    }

    #[test]
    fn what_was_searched_before_a_stop_is_not_searched_again_and_never_taken_for_the_whole() {
        let mut data = Data::new();
        let second = data.sets.pop().unwrap();
        let meter = Meter::new();
        assert_eq!(data.found("d", &meter).unwrap(), ["10.0.0.1"]);
        // As if that had been as far as it came.
        data.sets.push(second);
        data.write("first", "10.0.0.9");
        assert_eq!(data.found("d", &meter).unwrap(), ["10.0.0.1", "10.0.0.2"]);
        assert_eq!(data.found("other", &meter).unwrap(), ["10.0.0.2", "10.0.0.9"]);
    }

    #[test]
    fn a_search_that_is_stopped_keeps_nothing_of_the_set_it_was_in() {
        let data = Data::new();
        let meter = Meter::new();
        meter.stop();
        assert!(data.found("d", &meter).is_err());
        assert_eq!(data.found("d", &Meter::new()).unwrap(), ["10.0.0.1", "10.0.0.2"]);
    }
}
