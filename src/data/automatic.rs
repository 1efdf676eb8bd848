//! What happens without a person: on a schedule, or when a file changes. Each node keeps a record of the
//! last run of either kind.

use crate::error::{Error, Result};
use crate::model::OpId;
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// What made it run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The timer on the secondary.
    Timer,
    /// A changed file on the active node.
    Change,
}

impl Trigger {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::Timer, Self::Change];

    const fn name(self) -> &'static str {
        match self {
            Self::Timer => "timer",
            Self::Change => "change",
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunEnd {
    /// As asked, read back.
    Done,
    /// Not this node's turn.
    Skipped,
    /// Not as asked.
    Failed,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastRun {
    /// What made it run.
    pub trigger: Trigger,
    /// When it began, RFC 3339, this node's clock.
    pub at: String,
    /// Seconds it took.
    pub seconds: u64,
    /// How it ended.
    pub end: RunEnd,
    /// What was done, or why not.
    pub text: String,
    /// Its operations.
    pub operations: Vec<OpId>,
}

impl LastRun {
    /// The last run of this kind on the node whose directory is `var`; `None` before the first, and for a
    /// record that cannot be read, which the next run writes anew.
    pub fn read(var: &Path, trigger: Trigger) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path(var, trigger)).ok()?).ok()
    }

    /// Records the run in place of the one before.
    pub fn write(&self, var: &Path) -> Result<()> {
        let path = path(var, self.trigger);
        let fault = |error: std::io::Error| {
            Error::incomplete("run_not_recorded", "the run cannot be recorded")
                .at(path.display())
                .because(error)
        };
        let text = serde_json::to_vec(self).map_err(|error| Error::bug(error.to_string()))?;
        let directory = path.parent().unwrap_or(var);
        std::fs::create_dir_all(directory).map_err(fault)?;
        let mut file = tempfile::NamedTempFile::new_in(directory).map_err(fault)?;
        file.write_all(&text).map_err(fault)?;
        file.persist(&path).map_err(|error| fault(error.error))?;
        Ok(())
    }
}

fn path(var: &Path, trigger: Trigger) -> PathBuf {
    var.join("runs").join(format!("{}.json", trigger.name()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_run_has_its_own_record() {
        let var = tempfile::tempdir().unwrap();
        let run = LastRun {
            trigger: Trigger::Timer,
            at: "2026-11-21T03:30:00+00:00".to_owned(),
            seconds: 3,
            end: RunEnd::Skipped,
            text: "active".to_owned(),
            operations: vec![OpId(4)],
        };
        run.write(var.path()).unwrap();
        assert_eq!(LastRun::read(var.path(), Trigger::Timer), Some(run));
        assert_eq!(LastRun::read(var.path(), Trigger::Change), None);
    }
}
