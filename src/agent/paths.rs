//! Where pairadm keeps things on a node, and where it looks for programs: given to everything the
//! agent does, so that tests run on a directory of their own.

use crate::model::{OpId, paths};
use std::path::{Path, PathBuf};

/// Directories of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodePaths {
    var: PathBuf,
    lock: PathBuf,
    proc_sys: PathBuf,
    reactions: PathBuf,
    search: String,
}

impl NodePaths {
    /// A real node's.
    pub fn system() -> Self {
        Self {
            var: paths::VAR_DIR.into(),
            lock: paths::LOCK_FILE.into(),
            proc_sys: "/proc/sys".into(),
            reactions: paths::REACTIONS_DIR.into(),
            search: super::program::PATH.to_owned(),
        }
    }

    /// Everything under one directory: `var`, `lock`, `sys`, and programs in `bin` before the node's own.
    pub fn under(root: &Path) -> Self {
        Self {
            var: root.join("var"),
            lock: root.join("lock"),
            proc_sys: root.join("sys"),
            reactions: root.join("reactions.d"),
            search: format!("{}:{}", root.join("bin").display(), super::program::PATH),
        }
    }

    /// pairadm's own directory, `/var/lib/pairadm`.
    pub fn var(&self) -> &Path {
        &self.var
    }

    /// The recorded state.
    pub fn state(&self) -> PathBuf {
        self.var.join("state/state.json")
    }

    /// Alarms that are raised.
    pub fn alarms(&self) -> PathBuf {
        self.var.join("state/alarms.json")
    }

    /// Reactions and alarm files.
    pub fn reactions(&self) -> &Path {
        &self.reactions
    }

    /// Journals of all operations.
    pub fn ops(&self) -> PathBuf {
        self.var.join("ops")
    }

    /// What belongs to one operation.
    pub fn op(&self, op: OpId) -> PathBuf {
        self.ops().join(op.to_string())
    }

    /// The journal of one operation.
    pub fn journal(&self, op: OpId) -> PathBuf {
        self.op(op).join("journal.jsonl")
    }

    /// Backups of files whose directory loads everything in it.
    pub fn backups(&self) -> PathBuf {
        self.var.join("backups")
    }

    /// The pair's lock on this node.
    pub fn lock(&self) -> &Path {
        &self.lock
    }

    /// What is gone after a boot.
    pub fn run(&self) -> &Path {
        self.lock.parent().unwrap_or(&self.lock)
    }

    /// What the other node may read, while it may.
    pub fn offer(&self) -> PathBuf {
        self.run().join("offer")
    }

    /// What is up here on a lease, while it is.
    pub fn lease(&self) -> PathBuf {
        self.run().join("lease.json")
    }

    /// When the controller of what is up on a lease was last heard.
    pub fn lease_heard(&self) -> PathBuf {
        self.run().join("lease.heard")
    }

    /// The kernel's parameters, `/proc/sys`.
    pub fn proc_sys(&self) -> &Path {
        &self.proc_sys
    }

    /// Search path for programs.
    pub fn search(&self) -> &str {
        &self.search
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_places_everybody_uses() {
        let node = NodePaths::system();
        assert_eq!(node.state(), Path::new(paths::STATE_FILE));
        assert_eq!(node.ops(), Path::new(paths::OPS_DIR));
        assert_eq!(node.backups(), Path::new(paths::BACKUPS_DIR));
        assert_eq!(node.lock(), Path::new(paths::LOCK_FILE));
    }
}
