//! Where operations are remembered on the controller: their journals, and the reports made from them.

use super::render::{Format, render};
use super::summary::Report;
use crate::engine::{Event, Record};
use crate::error::{Error, Result};
use crate::model::OpId;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The controller's journals of one pair: `<state>/controller/<pair>/<number>.jsonl`.
#[derive(Debug, Clone)]
pub struct Journals {
    directory: PathBuf,
}

/// One journal as read back.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The plan and who began it.
    pub record: Record,
    /// Everything that happened, all runs after each other.
    pub events: Vec<Event>,
}

/// Where a report was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// For people.
    pub text: PathBuf,
    /// For programs.
    pub json: PathBuf,
}

impl Journals {
    /// The journals of the pair `name` under the controller's state directory.
    pub fn of(state: &Path, pair: &str) -> Self {
        Self {
            directory: state.join("controller").join(pair),
        }
    }

    /// The pairs, and servers without one, that have journals under the controller's state directory.
    pub fn names(state: &Path) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(state.join("controller")) else {
            return Vec::new();
        };
        let mut names: Vec<String> = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect();
        names.sort_unstable();
        names
    }

    /// The file of one operation.
    pub fn path(&self, op: OpId) -> PathBuf {
        self.directory.join(format!("{op}.jsonl"))
    }

    /// The newest number this controller knows; 0 without any.
    pub fn newest(&self) -> OpId {
        OpId(self.numbers().into_iter().max().unwrap_or(0))
    }

    /// One operation.
    pub fn read(&self, op: OpId) -> Result<Stored> {
        let path = self.path(op);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Error::refused(
                "no_such_operation",
                format!("operation {op} is not in this controller's journal"),
            )
            .at(path.display())
            .because(error)
            .hint("pairadm history lists the operations")
        })?;
        let mut lines = text.lines();
        let record = lines
            .next()
            .and_then(|line| serde_json::from_str(line).ok())
            .ok_or_else(|| {
                Error::unknown(
                    "journal_damaged",
                    format!("the journal of operation {op} has no readable first line"),
                )
                .at(path.display())
            })?;
        // A torn last line is what a crash leaves; everything before it stands.
        let events = lines.map_while(|line| serde_json::from_str(line).ok()).collect();
        Ok(Stored { record, events })
    }

    /// The newest `limit` operations, newest first; unreadable ones are left out.
    pub fn list(&self, limit: usize) -> Vec<Report> {
        let mut numbers = self.numbers();
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        let stored = numbers
            .into_iter()
            .take(limit)
            .filter_map(|number| self.read(OpId(number)).ok());
        stored
            .map(|stored| Report::new(&stored.record, &stored.events))
            .collect()
    }

    fn numbers(&self) -> Vec<u64> {
        let Ok(entries) = std::fs::read_dir(&self.directory) else {
            return Vec::new();
        };
        let number = |name: &std::ffi::OsStr| name.to_str()?.strip_suffix(".jsonl")?.parse().ok();
        entries
            .flatten()
            .filter_map(|entry| number(&entry.file_name()))
            .collect()
    }
}

/// Writes text and JSON of `report` into `directory`, readable by root only: diffs may hold
/// what configuration files hold.
pub fn save(directory: &Path, report: &Report) -> Result<Saved> {
    let stem = format!("{}-{:04}-{}", report.pair, report.op.0, report.operation);
    let saved = Saved {
        text: directory.join(format!("{stem}.txt")),
        json: directory.join(format!("{stem}.json")),
    };
    for (path, format) in [(&saved.text, Format::Text), (&saved.json, Format::Json)] {
        write(directory, path, &render(report, format)?)?;
    }
    Ok(saved)
}

fn write(directory: &Path, path: &Path, text: &str) -> Result<()> {
    let fault = |error: std::io::Error| {
        Error::incomplete("report_not_written", "the report cannot be written")
            .at(path.display())
            .because(error)
            .hint("the operation itself is in the journal: pairadm report prints it again")
    };
    std::fs::create_dir_all(directory).map_err(fault)?;
    // A temporary file of this crate has mode 0600; no reader sees half a report.
    let mut file = tempfile::NamedTempFile::new_in(directory).map_err(fault)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.as_file().sync_all())
        .map_err(fault)?;
    file.persist(path).map_err(|error| fault(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::summary::tests::sample;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn reports_are_readable_by_their_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        let saved = save(directory.path(), &sample()).unwrap();
        for path in [&saved.text, &saved.json] {
            assert_eq!(
                std::fs::metadata(path).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
        assert!(saved.text.ends_with("lab-0007-configure.txt"));
    }

    #[test]
    fn a_torn_last_line_does_not_hide_the_journal() {
        let directory = tempfile::tempdir().unwrap();
        let journals = Journals::of(directory.path(), "lab");
        assert_eq!(journals.newest(), OpId(0));
        let path = journals.path(OpId(3));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "not a record\n").unwrap();
        assert_eq!(journals.read(OpId(3)).unwrap_err().code, "journal_damaged");
        assert_eq!(journals.newest(), OpId(3));
        assert!(journals.list(9).is_empty());
    }
}
