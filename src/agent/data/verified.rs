//! Reads every byte of a mirror and remembers what came of it, so that a list of mirrors can tell.

use super::inventory;
use super::save::remember;
use crate::agent::meter::Meter;
use crate::data::{Manifest, Places, Verified};
use crate::error::Result;
use std::fs;
use std::path::Path;

/// Compares the mirror `name` with its manifest, as [`inventory::verify`] does.
pub fn verify(places: &Places, name: &str, manifest: &Manifest, meter: &Meter) -> Result<()> {
    let read = inventory::verify(&places.mirrors().join(name), manifest, meter);
    let fault = match &read {
        Ok(()) => None,
        Err(error) if error.code == "data_damaged" => Some(error.message.clone()),
        // It was not read to its end.
        Err(_) => return read,
    };
    let at = chrono::Utc::now().timestamp();
    // Only remembered: a full disk does not make a mirror a bad one.
    let _ = remember(&places.verified(name), &Verified { at, fault });
    read
}

/// What came of the newest reading of a mirror; `None` where it was not read since it was copied.
pub fn read(place: &Path) -> Option<Verified> {
    serde_json::from_slice(&fs::read(place).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::data::save::make;
    use crate::model::{Generation, OpId};

    #[test]
    fn a_damaged_mirror_is_remembered_as_such_until_it_is_read_whole() {
        let var = tempfile::tempdir().unwrap();
        let places = Places::under(var.path());
        let file = places.mirrors().join("op7/set/file");
        make(file.parent().unwrap()).unwrap();
        fs::write(&file, "as copied").unwrap();
        let mut manifest = Manifest::new("office".to_owned(), "alpha".to_owned(), Generation(1), OpId(7));
        manifest.entries = inventory::inventory(&places.mirrors().join("op7"), &Meter::new()).unwrap();
        let verify = || verify(&places, "op7", &manifest, &Meter::new());
        let fault = || read(&places.verified("op7")).map(|verified| verified.fault);

        assert_eq!(fault(), None);
        fs::write(&file, "something").unwrap();
        assert_eq!(verify().unwrap_err().code, "data_damaged");
        assert!(fault().flatten().unwrap().contains("set/file"));
        fs::write(&file, "as copied").unwrap();
        verify().unwrap();
        assert_eq!(fault(), Some(None));
    }
}
