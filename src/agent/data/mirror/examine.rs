//! Reads every byte of a mirror again.

use super::keep;
use crate::agent::data::inventory;
use crate::agent::meter::Meter;
use crate::agent::paths::NodePaths;
use crate::agent::protocol::StepReport;
use crate::data::{Manifest, Places, maker};
use crate::error::{Error, Result};
use crate::model::Side;
use crate::render::bytes;
use std::path::PathBuf;

/// Stands for the newest mirror where a name is asked for.
const NEWEST: &str = "newest";

/// Compares the mirror `name` of the data of `source` with its manifest; code `data_damaged` with the first
/// path that differs.
pub fn examine(paths: &NodePaths, name: &str, source: Side, meter: &Meter) -> Result<StepReport> {
    let folder = folder(&Places::under(paths.var()), name, source)?;
    let manifest = Manifest::read(&folder)?;
    meter.begin("verify", Some(manifest.bytes()));
    inventory::verify(&folder, &manifest, meter)?;
    Ok(StepReport {
        changed: false,
        detail: format!(
            "{} is whole: {} in {} files",
            folder.file_name().unwrap_or_default().to_string_lossy(),
            bytes(manifest.bytes()),
            manifest.files().count()
        ),
        backup: None,
    })
}

fn folder(places: &Places, name: &str, source: Side) -> Result<PathBuf> {
    let known = keep::of(places, source)?;
    let found = match name {
        NEWEST => known.into_iter().next(),
        name => known
            .into_iter()
            .find(|folder| maker(name).is_some() && folder.ends_with(name)),
    };
    found.ok_or_else(|| {
        Error::refused("no_mirror", format!("there is no mirror `{name}`"))
            .at(places.mirrors().display())
            .hint("`pairadm data list` names them")
    })
}
