//! Reads every byte of a mirror again.

use super::keep;
use crate::agent::data::verified;
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

/// Compares the mirror `name`, or the newest one of the data of `source`, with its manifest; code `data_damaged`
/// with the first path that differs.
pub fn examine(paths: &NodePaths, name: &str, source: Side, meter: &Meter) -> Result<StepReport> {
    let places = Places::under(paths.var());
    let folder = folder(&places, name, source)?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let manifest = Manifest::read(&folder)?;
    meter.begin("verify", Some(manifest.bytes()));
    verified::verify(&places, &name, &manifest, meter)?;
    Ok(StepReport {
        changed: false,
        detail: format!(
            "{name} is whole: {} in {} files",
            bytes(manifest.bytes()),
            manifest.files().count()
        ),
        backup: None,
    })
}

fn folder(places: &Places, name: &str, source: Side) -> Result<PathBuf> {
    let found = match name {
        NEWEST => keep::of(places, source)?.into_iter().next(),
        name => keep::all(places)?
            .into_iter()
            .find(|folder| maker(name).is_some() && folder.ends_with(name)),
    };
    found.ok_or_else(|| {
        Error::refused("no_mirror", format!("there is no mirror `{name}`"))
            .at(places.mirrors().display())
            .hint("`pairadm data list` names them")
    })
}
