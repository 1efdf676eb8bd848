//! The addresses in a mirror, searched for once and kept.

use super::copy::failed;
use super::save::make;
use super::translated::scan;
use crate::agent::meter::Meter;
use crate::data::Places;
use crate::error::{Error, Result};
use crate::model::DataSet;
use crate::translate::Findings;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io::Write as _;

/// What was found, and in what.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// BLAKE3 of the mirror's manifest.
    digest: String,
    /// The sets that were searched, with the tables that were left out.
    sets: Vec<DataSet>,
    findings: Findings,
}

/// The addresses in the mirror `name`, whose manifest has this digest.
pub fn of(places: &Places, name: &str, digest: &str, sets: &[&DataSet], meter: &Meter) -> Result<Findings> {
    let path = places.findings(name);
    let sets: Vec<DataSet> = sets.iter().map(|set| (*set).clone()).collect();
    let kept = fs::read(&path)
        .ok()
        .and_then(|text| serde_json::from_slice::<Kept>(&text).ok())
        .filter(|kept| kept.digest == digest && kept.sets == sets);
    if let Some(kept) = kept {
        return Ok(kept.findings);
    }
    meter.begin("search", None);
    let findings = scan(&places.mirrors().join(name), &sets, meter)?;
    let kept = Kept {
        digest: digest.to_owned(),
        sets,
        findings,
    };
    let text = serde_json::to_vec(&kept).map_err(|error| Error::bug(error.to_string()))?;
    let directory = places.all_findings();
    make(&directory)?;
    let mut draft = tempfile::NamedTempFile::new_in(&directory).map_err(|error| failed(&path, error))?;
    draft.write_all(&text).map_err(|error| failed(&path, error))?;
    draft.persist(&path).map_err(|error| failed(&path, error.error))?;
    Ok(kept.findings)
}
