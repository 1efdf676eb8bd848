//! Where a lab keeps its things: the base directory shared by all labs, and each lab's own.

use crate::error::{Error, Result};
use std::fmt;
use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A lab's name: it becomes part of namespace and machine names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabName(String);

impl LabName {
    /// Longest name: leaves room for a node's name in a host name label of 63.
    const LONGEST: usize = 40;
}

impl FromStr for LabName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fits = (1..=Self::LONGEST).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(format!(
                "`{text}` is not a lab name; accepted: 1 to {} lower-case letters, digits and inner hyphens",
                Self::LONGEST
            ))
        }
    }
}

impl fmt::Display for LabName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The directory that holds the cached root file system and every lab.
#[derive(Debug, Clone)]
pub struct Place {
    base: PathBuf,
}

impl Place {
    /// Used when neither the flag nor `PAIRADM_LAB_DIR` says otherwise.
    pub const DEFAULT: &'static str = "/var/lib/pairadm-lab";

    /// A place at `base`, which is made when first written to.
    pub fn new(base: impl Into<PathBuf>) -> Self {
        Self { base: base.into() }
    }

    /// The directory itself.
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// The lab's own directory.
    pub fn lab(&self, name: &LabName) -> PathBuf {
        self.labs().join(&name.0)
    }

    /// The directory of all labs.
    pub fn labs(&self) -> PathBuf {
        self.base.join("labs")
    }

    /// Downloaded packages, kept for the next build of a root file system.
    pub fn packages(&self) -> PathBuf {
        self.base.join("packages")
    }

    /// Holds the named lock until dropped; waits for whoever has it.
    pub fn lock(&self, name: &str) -> Result<Lock> {
        let path = self.base.join(format!("{name}.lock"));
        std::fs::create_dir_all(&self.base)
            .and_then(|()| Lock::take(&path))
            .map_err(|error| {
                Error::refused("lab_lock", "cannot take the lab's lock")
                    .at(path.display())
                    .because(error)
            })
    }
}

/// A lock on a file, held until dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
    path: PathBuf,
}

impl Lock {
    fn take(path: &Path) -> std::io::Result<Self> {
        loop {
            let file = File::create(path)?;
            file.lock()?;
            // The holder we waited for may have removed the file: then others lock a new one.
            if std::fs::metadata(path)
                .is_ok_and(|now| file.metadata().is_ok_and(|own| own.ino() == now.ino()))
            {
                return Ok(Self {
                    _file: file,
                    path: path.to_owned(),
                });
            }
        }
    }

    /// Gives the lock up together with its file, for a lab that is no more.
    pub fn discard(self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_break_a_path_or_a_namespace_are_refused() {
        for bad in ["", "../x", "Lab", "a b", "-a", "a-", &"x".repeat(41)] {
            assert!(bad.parse::<LabName>().is_err(), "{bad}");
        }
        assert_eq!("t-menu-2".parse::<LabName>().unwrap().to_string(), "t-menu-2");
    }

    #[test]
    fn whoever_waited_for_a_discarded_lock_still_excludes_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.lock");
        let first = Lock::take(&path).unwrap();
        let waiting = std::thread::spawn({
            let path = path.clone();
            move || Lock::take(&path).unwrap()
        });
        std::thread::sleep(std::time::Duration::from_millis(50));
        first.discard();
        let _second = waiting.join().unwrap();
        assert!(
            File::open(&path).unwrap().try_lock().is_err(),
            "the lock's file is not the one held"
        );
    }
}
