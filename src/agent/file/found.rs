//! What a file step found, as the journal keeps it: the first original and the states to compare with.

use super::live::{Live, Meta, Seal};
use crate::agent::protocol::{Backup, StepReport};
use crate::error::{Error, Result};
use crate::model::OpId;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// What a file step found and is about to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The file.
    pub path: PathBuf,
    /// The first original: its content's hash and everything else about it. `None`: no file.
    pub original: Option<Original>,
    /// What was there when the step was prepared; differs from the original only when an operation
    /// that was never finished had changed the file already.
    pub here: Option<Seal>,
    /// What the step makes of it.
    pub after: Option<Seal>,
    /// Directories to be made, outermost first.
    pub made: Vec<PathBuf>,
}

/// A first original.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// SHA-256 of its content.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    /// Owner, mode, times, attributes.
    pub meta: Meta,
    /// Where it is kept.
    pub backup: PathBuf,
    /// The operation that kept it.
    pub op: OpId,
}

impl Original {
    fn seal(&self) -> Seal {
        Seal {
            sha256: self.sha256.clone(),
            mode: self.meta.mode,
            uid: self.meta.uid,
            gid: self.meta.gid,
        }
    }

    /// For listings and reports.
    pub fn describe(&self, of: &Path) -> Backup {
        Backup {
            of: of.display().to_string(),
            path: self.backup.display().to_string(),
            sha256: self.sha256.clone(),
            size: self.size,
            op: self.op,
        }
    }
}

impl Found {
    /// What was there before anybody changed it.
    pub fn seal(&self) -> Option<Seal> {
        self.original.as_ref().map(Original::seal)
    }

    /// What came of the step.
    pub fn report(&self, changed: bool, verb: &str) -> StepReport {
        let path = self.path.display();
        let (detail, backup) = match &self.original {
            Some(original) => (
                format!("{verb} {path}; original kept as {}", original.backup.display()),
                Some(original.describe(&self.path)),
            ),
            None => (format!("{verb} {path}; there was no such file"), None),
        };
        StepReport {
            changed,
            detail,
            backup,
        }
    }

    /// The first original's bytes, checked against the journalled hash.
    pub fn original_bytes(&self) -> Result<Option<(Vec<u8>, &Original)>> {
        let Some(original) = &self.original else {
            return Ok(None);
        };
        let kept = Live::read(&original.backup)?.filter(|kept| kept.sha256 == original.sha256);
        match kept {
            Some(kept) => Ok(Some((kept.bytes, original))),
            None => Err(Error::unknown(
                "backup_damaged",
                "the backup is missing or not the original any more",
            )
            .at(original.backup.display())
            .because(format!("SHA-256 {} is in the journal", original.sha256))
            .hint(format!(
                "restore {} by hand from another backup",
                self.path.display()
            ))),
        }
    }
}
