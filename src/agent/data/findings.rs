//! The addresses in a folder of data, searched for once and kept.

use super::addresses::scan;
use super::copy::failed;
use super::save::make;
use crate::agent::meter::Meter;
use crate::error::{Error, Result};
use crate::model::DataSet;
use crate::translate::Findings;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write as _;
use std::path::Path;

/// What was found, and in what.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// BLAKE3 of the folder's manifest.
    digest: String,
    /// The sets that were searched, with the tables that were left out.
    sets: Vec<DataSet>,
    findings: Findings,
}

/// The addresses in `folder`, whose manifest has this digest; kept in the file `place`.
pub fn of(place: &Path, folder: &Path, digest: &str, sets: &[&DataSet], meter: &Meter) -> Result<Findings> {
    let sets: Vec<DataSet> = sets.iter().map(|set| (*set).clone()).collect();
    let kept = fs::read(place)
        .ok()
        .and_then(|text| serde_json::from_slice::<Kept>(&text).ok())
        .filter(|kept| kept.digest == digest && kept.sets == sets);
    if let Some(kept) = kept {
        return Ok(kept.findings);
    }
    let findings = scan(folder, &sets, meter)?;
    let kept = Kept {
        digest: digest.to_owned(),
        sets,
        findings,
    };
    let text = serde_json::to_vec(&kept).map_err(|error| Error::bug(error.to_string()))?;
    let directory = place.parent().unwrap_or(folder);
    make(directory)?;
    let mut draft = tempfile::NamedTempFile::new_in(directory).map_err(|error| failed(place, error))?;
    draft.write_all(&text).map_err(|error| failed(place, error))?;
    draft.persist(place).map_err(|error| failed(place, error.error))?;
    Ok(kept.findings)
}
