//! Where a node keeps copies of data, below pairadm's own directory.

use super::Origin;
use crate::model::OpId;
use std::path::{Path, PathBuf};

/// The folders of one node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    var: PathBuf,
}

impl Places {
    /// Below `var`, which is `/var/lib/pairadm` on a real node.
    pub fn under(var: &Path) -> Self {
        Self { var: var.to_owned() }
    }

    /// Backups of this node's data that pairadm made.
    pub fn backups(&self) -> PathBuf {
        self.var.join("backup")
    }

    /// A link to the newest of them.
    pub fn current_backup(&self) -> PathBuf {
        self.backups().join("current")
    }

    /// Copies of the other node's backups.
    pub fn mirrors(&self) -> PathBuf {
        self.var.join("mirrors")
    }

    /// What is being copied, or what is left of a copy that was broken off.
    pub fn incoming(&self) -> PathBuf {
        self.mirrors().join("incoming")
    }

    /// This node's data as it was before a load.
    pub fn asides(&self) -> PathBuf {
        self.var.join("data/aside")
    }

    /// Translated copies, each while it is being loaded.
    pub fn staged(&self) -> PathBuf {
        self.var.join("data/staged")
    }

    /// What was loaded here.
    pub fn ledger(&self) -> PathBuf {
        self.var.join("data/loaded.json")
    }

    /// What the databases were like after each load.
    pub fn live_digests(&self) -> PathBuf {
        self.ledger().with_file_name("live-digests.json")
    }

    /// The folder of `origin`.
    pub fn of(&self, origin: &Origin) -> PathBuf {
        match origin {
            Origin::Mirror(name) => self.mirrors().join(name),
            Origin::Aside(op) => self.asides().join(made_by(*op)),
        }
    }

    /// The addresses found in mirrors.
    pub fn all_findings(&self) -> PathBuf {
        self.var.join("data/findings")
    }

    /// The addresses found in this node's current backup.
    pub fn backup_findings(&self) -> PathBuf {
        self.var.join("data/backup.findings.json")
    }

    /// Hashes of the newest mirror's files, see `agent::data::hashed`.
    pub fn hashed_mirror(&self) -> PathBuf {
        self.var.join("data/hashed/mirror.json")
    }

    /// Hashes of the files of this node's current backup, where something else than pairadm made it.
    pub fn hashed_backup(&self) -> PathBuf {
        self.var.join("data/hashed/backup.json")
    }

    /// The addresses found in one mirror.
    pub fn findings(&self, mirror: &str) -> PathBuf {
        self.all_findings().join(format!("{mirror}.json"))
    }

    /// What came of the newest readings of mirrors.
    pub fn all_verified(&self) -> PathBuf {
        self.var.join("data/verified")
    }

    /// What came of the newest reading of one mirror.
    pub fn verified(&self, mirror: &str) -> PathBuf {
        self.all_verified().join(format!("{mirror}.json"))
    }
}

/// The operation that made what has this name, if one did.
pub fn maker(name: &str) -> Option<OpId> {
    name.strip_prefix("op")?.parse().ok()
}

/// The name of what an operation makes in one of these folders.
pub fn made_by(op: OpId) -> String {
    format!("op{op}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_operation_and_other_names_tell_none() {
        assert_eq!(maker(&made_by(OpId(17))), Some(OpId(17)));
        for other in ["current", "incoming", "op", "opx", "17"] {
            assert_eq!(maker(other), None, "{other}");
        }
    }
}
