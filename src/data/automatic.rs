//! What happens without a person: on a schedule, or when a file changes. Each node keeps a record of the
//! last run of either kind.

use crate::error::{Error, Result};
use crate::model::OpId;
use serde::{Deserialize, Serialize};
use std::fmt;
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

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Timer => "scheduled",
            Self::Change => "continuous",
        })
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
        let text = serde_json::to_string(self).map_err(|error| Error::bug(error.to_string()))?;
        replace(&path(var, self.trigger), &text)
    }
}

impl LastRun {
    /// Writes the run as `PAIR-auto-TIME.txt` for people, readable by root only, as all reports are.
    pub fn report(&self, directory: &Path, pair: &str) -> Result<()> {
        let time: String = self.at.chars().filter(char::is_ascii_digit).take(14).collect();
        let path = directory.join(format!("{pair}-auto-{time}.txt"));
        let operations: Vec<String> = self.operations.iter().map(OpId::to_string).collect();
        let end = match self.end {
            RunEnd::Done => "DONE",
            RunEnd::Skipped => "SKIPPED",
            RunEnd::Failed => "FAILED",
        };
        let text = format!(
            "{} run of {}, {} s: {end}\n{}\noperations: {}\n",
            self.trigger,
            self.at,
            self.seconds,
            self.text,
            if operations.is_empty() {
                "none".to_owned()
            } else {
                operations.join(", ")
            }
        );
        replace(&path, &text)
    }
}

/// Writes a file that no reader sees half.
fn replace(path: &Path, text: &str) -> Result<()> {
    let fault = |error: std::io::Error| {
        Error::incomplete("run_not_recorded", "the run cannot be recorded")
            .at(path.display())
            .because(error)
    };
    let directory = path.parent().unwrap_or(path);
    std::fs::create_dir_all(directory).map_err(fault)?;
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(fault)?;
    file.write_all(text.as_bytes()).map_err(fault)?;
    file.persist(path).map_err(|error| fault(error.error))?;
    Ok(())
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
