//! What is known before data is loaded, and what is remembered afterwards.

use super::Manifest;
use crate::model::{Counted, OpId};
use crate::translate::Findings;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A folder of data that can be loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A mirror, by the name of its folder.
    Mirror(String),
    /// What this operation put aside: the node's own data as it was before it.
    Aside(OpId),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mirror(name) => write!(f, "mirror {name}"),
            Self::Aside(op) => write!(f, "the data from before operation {op}"),
        }
    }
}

/// Which folder is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// The newest mirror.
    Newest,
    /// The mirror of this name.
    Named(String),
    /// What was there before the newest load.
    Before,
}

/// A folder of data as it would be loaded on the node that has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// The folder.
    pub origin: Origin,
    /// BLAKE3 of its manifest, hex: the same data has the same.
    pub digest: String,
    /// Its manifest without the entries.
    pub manifest: Manifest,
    /// Files in it, and their bytes.
    pub size: (usize, u64),
    /// Bytes of the same data sets as the node has them now.
    pub live: u64,
    /// The file systems that a load writes to.
    pub rooms: Vec<Room>,
    /// The addresses in it; `None` where none is translated.
    pub findings: Option<Findings>,
    /// Files of the node that would change, databases left out.
    pub changes: Vec<FileChange>,
    /// Changes beyond those listed.
    pub more: usize,
    /// What was loaded so far.
    pub ledger: Ledger,
    /// Databases that are not as the newest load left them.
    #[serde(default)]
    pub databases: Vec<String>,
    /// What the running service has, and from where.
    #[serde(default)]
    pub counted: Vec<Counted>,
}

/// A file system that a load writes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    /// A directory of it.
    pub at: String,
    /// Bytes that the load needs there while it lasts.
    pub needed: u64,
    /// Bytes free there.
    pub free: u64,
}

impl Preview {
    /// Names of the data sets that the folder is for. What a load put aside is for all that it loaded, also
    /// where there was nothing before.
    pub fn sets(&self) -> &[String] {
        match (&self.origin, self.ledger.newest()) {
            (Origin::Aside(_), Some(newest)) => &newest.sets,
            _ => &self.manifest.sets,
        }
    }
}

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It is new.
    Added,
    /// Its content is another.
    Changed,
    /// It goes.
    Removed,
}

/// A file of the node that a load changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileChange {
    /// Where it is on the node.
    pub path: String,
    /// What becomes of it.
    pub change: Change,
    /// The difference as a unified diff, without secrets; empty for what is no short text.
    pub diff: String,
}

/// One load, as the node remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loaded {
    /// The operation that loaded it; what was there before is aside under its number.
    #[serde(default)]
    pub op: OpId,
    /// Name of the mirror.
    pub mirror: String,
    /// Whose data it is.
    pub node: String,
    /// When that was saved, Unix seconds of that node.
    pub made: i64,
    /// Names of the data sets that were loaded.
    pub sets: Vec<String>,
    /// BLAKE3 of the mirror's manifest.
    pub digest: String,
    /// SHA-256 of the decided rows of the translation table it was loaded with.
    pub table: String,
    /// When it was loaded, Unix seconds of this node.
    #[serde(default)]
    pub at: i64,
}

/// What was loaded on a node and can be taken back one after the other, newest last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// The loads.
    pub loads: Vec<Loaded>,
}

impl Ledger {
    /// What is live now; `None` when it is the node's own.
    pub fn newest(&self) -> Option<&Loaded> {
        self.loads.last()
    }
}

/// A change of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerEntry {
    /// This was loaded.
    Load(Loaded),
    /// The newest load was taken back.
    Rollback,
}
