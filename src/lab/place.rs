//! Where a lab keeps its things: the base directory shared by all labs, and each lab's own.

use crate::error::{Error, Result};
use std::fmt;
use std::fs::File;
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

    /// Holds the named lock until the file is dropped; waits for whoever has it.
    pub fn lock(&self, name: &str) -> Result<File> {
        let path = self.base.join(format!("{name}.lock"));
        let io = |error: std::io::Error| {
            Error::refused("lab_lock", "cannot take the lab's lock")
                .at(path.display())
                .because(error)
        };
        std::fs::create_dir_all(&self.base).map_err(io)?;
        let file = File::create(&path).map_err(io)?;
        rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive).map_err(|e| io(e.into()))?;
        Ok(file)
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
}
