//! The addresses in a folder of data, searched for once and kept.

use super::addresses::scan;
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
    /// The sets that were searched, with the tables that were left out.
    sets: Vec<DataSet>,
    findings: Findings,
}

/// The addresses in `folder`, whose manifest has this digest; kept in the file `place`.
pub fn of(place: &Path, folder: &Path, digest: &str, sets: &[DataSet], meter: &Meter) -> Result<Findings> {
    let kept = fs::read(place)
        .ok()
        .and_then(|text| serde_json::from_slice::<Kept>(&text).ok())
        .filter(|kept| kept.digest == digest && kept.sets == sets);
    if let Some(kept) = kept {
        return Ok(kept.findings);
    }
    let findings = scan(folder, sets, meter)?;
    let kept = Kept {
        digest: digest.to_owned(),
        sets: sets.to_vec(),
        findings,
    };
    remember(place, &kept)?;
    Ok(kept.findings)
}
