//! A data set with the primary's addresses replaced by the secondary's.

use super::copy::{copy, failed, wear};
use super::files::members;
use crate::agent::meter::Meter;
use crate::error::{Error, Result};
use crate::model::DataSet;
use crate::translate::{Rules, Table, Translator, translate_tree};
use std::fs::File;
use std::path::Path;
use std::time::Duration;

/// How often it is looked how far a translation is.
const LOOK: Duration = Duration::from_millis(250);

/// Copies the folder of a data set to the new folder `to` with every address of `table` replaced.
pub fn translate(from: &Path, to: &Path, set: &DataSet, table: &Table, meter: &Meter) -> Result<()> {
    let translator = Translator::new(table)?;
    let rules = rules(set);
    watched(to, meter, || {
        translate_tree(from, to, &translator, &rules).map(drop)
    })?;
    // A translated copy has no links and wears less than what it is a copy of.
    for (path, meta) in members(from, &[])?.iter().rev() {
        let place = to.join(path.strip_prefix(from).unwrap_or(path));
        if meta.is_symlink() {
            copy(path, &place, meta, meter)?;
        } else {
            wear(path, &place, meta).map_err(|error| failed(&place, error))?;
        }
    }
    Ok(())
}

/// Tables that hold clients' addresses are nobody's to translate.
pub(super) fn rules(set: &DataSet) -> Rules {
    Rules {
        never_translate: set.source.runtime().to_vec(),
        ..Rules::default()
    }
}

/// Does `work` on a thread of its own and tells the meter how large `folder` has become. The work cannot
/// be stopped in the middle; a wish to stop is followed when it is done.
fn watched<T: Send>(folder: &Path, meter: &Meter, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let done = std::thread::scope(|scope| {
        let worker = scope.spawn(work);
        let mut looks: u64 = 0;
        while !worker.is_finished() {
            looks += 1;
            // Before anything grows, that it is being worked is all there is to tell.
            let size = size(folder).max(looks);
            // The wish to stop is asked for below.
            let _ = meter.reach(size);
            std::thread::sleep(LOOK.min(Duration::from_millis(looks)));
        }
        worker.join()
    });
    meter.go_on()?;
    done.unwrap_or_else(|_| Err(Error::bug("a translation ran into a defect")))
}

/// Bytes of the files below `folder` so far.
pub(super) fn size(folder: &Path) -> u64 {
    let found = if folder.is_dir() {
        members(folder, &[])
    } else {
        Ok(Vec::new())
    };
    let found = found.unwrap_or_default();
    found
        .iter()
        .filter(|(_, meta)| meta.is_file())
        .map(|(_, meta)| meta.len())
        .sum()
}

/// Translates texts in memory.
pub struct Texts(Translator);

impl Texts {
    /// With this table.
    pub fn new(table: &Table) -> Result<Self> {
        Translator::new(table).map(Self)
    }

    /// BLAKE3, hex, of a file with every address of the table replaced, however large it is.
    pub fn digest(&self, path: &Path) -> Result<String> {
        let mut file = File::open(path).map_err(|error| failed(path, error))?;
        let mut hasher = blake3::Hasher::new();
        self.0.copy(&mut file, &mut hasher)?;
        Ok(hasher.finalize().to_hex().to_string())
    }

    /// A text with every address of the table replaced.
    pub fn translated(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut translated = Vec::with_capacity(bytes.len());
        self.0.copy(&mut &*bytes, &mut translated)?;
        Ok(translated)
    }
}
