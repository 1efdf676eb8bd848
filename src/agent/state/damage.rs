//! A recorded state that is there and says nothing. What writes it anew keeps the damaged bytes with its
//! operation and its way back leads to them: a node whose state is merely gone belongs to no pair, and would
//! start with SIP let in.

use super::sync;
use crate::agent::file::fault;
use crate::agent::paths::NodePaths;
use crate::error::{Error, Result};
use crate::model::OpId;
use std::io::ErrorKind;
use std::path::PathBuf;

/// Stands for it among errors.
pub(super) const CODE: &str = "state_damaged";

/// `result`, with nothing in the place of what is damaged.
pub(super) fn as_none<T>(result: Result<Option<T>>) -> Result<Option<T>> {
    match result {
        Err(error) if is(&error) => Ok(None),
        result => result,
    }
}

/// True when that is why the state could not be read.
pub(super) fn is(error: &Error) -> bool {
    error.code == CODE
}

/// Keeps what is there now, unless the operation has kept it before.
pub(super) fn keep(paths: &NodePaths, op: OpId) -> Result<()> {
    let kept = kept(paths, op);
    if kept.exists() {
        return Ok(());
    }
    std::fs::copy(paths.state(), &kept)
        .and_then(|_| std::fs::File::open(&kept)?.sync_all())
        .map_err(|error| fault(&kept, "the damaged state cannot be kept", &error))
}

/// Puts it back; false when the operation has kept none.
pub(super) fn give_back(paths: &NodePaths, op: OpId) -> Result<bool> {
    let path = paths.state();
    match std::fs::rename(kept(paths, op), &path) {
        Ok(()) => sync(&path).map(|()| true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(fault(&path, "the damaged state cannot be put back", &error)),
    }
}

fn kept(paths: &NodePaths, op: OpId) -> PathBuf {
    paths.op(op).join("state.damaged")
}

#[cfg(test)]
mod tests {
    use super::super::{apply, find, read, revert};
    use super::*;
    use crate::plan::sample::Sample;

    #[test]
    fn what_is_damaged_is_written_anew_and_the_way_back_leads_to_it() {
        let root = tempfile::tempdir().unwrap();
        let paths = NodePaths::under(root.path());
        let op = OpId(7);
        std::fs::create_dir_all(paths.op(op)).unwrap();
        std::fs::create_dir_all(paths.state().parent().unwrap()).unwrap();
        std::fs::write(paths.state(), "{ damaged").unwrap();
        assert!(is(&read(&paths).unwrap_err()));
        assert_eq!(find(&paths).unwrap(), None);
        let state = Sample::default().facts.primary.unwrap().state.unwrap();
        // A run that was interrupted does it twice.
        for _ in 0..2 {
            apply(&paths, op, &state).unwrap();
            assert_eq!(read(&paths).unwrap().as_ref(), Some(&state));
        }
        for _ in 0..2 {
            revert(&paths, op, &state, None).unwrap();
            assert_eq!(std::fs::read(paths.state()).unwrap(), b"{ damaged");
        }
    }
}
