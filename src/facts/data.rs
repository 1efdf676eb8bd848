//! What a node holds of the pair's data: its own current backup, and its mirrors of the other node's.

use crate::data::{Manifest, Verified, made_by};
use crate::model::{BackupSource, DataSet, Generation, OpId, Side};
use serde::{Deserialize, Serialize};

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataQuery {
    /// Where the current backup is.
    pub backup: BackupSource,
    /// Data sets whose size is to be told; none when it is nobody's question.
    #[serde(default)]
    pub live: Vec<DataSet>,
}

/// What there is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DataFacts {
    /// The current backup, if there is one.
    pub backup: Option<BackupFacts>,
    /// Why the backup could not be looked at, if so.
    pub backup_fault: Option<String>,
    /// Mirrors, newest first.
    pub mirrors: Vec<MirrorFacts>,
    /// Bytes that a copy brought that was broken off.
    pub incoming: u64,
    /// Name of the mirror that was loaded last.
    pub loaded: Option<String>,
    /// Bytes that the live data takes up, where that was asked.
    #[serde(default)]
    pub live: Option<u64>,
    /// Bytes free for mirrors.
    pub free: u64,
}

/// A node's current backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupFacts {
    /// Its folder, without links in the path.
    pub path: String,
    /// BLAKE3 (hex) of its manifest; `None` when it has none, because pairadm did not make it.
    pub manifest: Option<String>,
    /// When it was made, Unix seconds of that node; without a manifest the newest change in it.
    pub made: i64,
    /// Bytes of its files.
    pub bytes: u64,
    /// Number of files.
    pub files: u64,
    /// Operation that made it.
    pub op: Option<OpId>,
    /// What the node knew of the pair when it was made.
    pub generation: Option<Generation>,
    /// Version of the service then.
    pub version: Option<String>,
    /// Host name of the node whose data it is.
    pub node: Option<String>,
}

/// A mirror.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MirrorFacts {
    /// Its folder's name.
    pub name: String,
    /// Operation that copied it.
    pub op: OpId,
    /// When its backup was made, Unix seconds of the node whose data it is.
    pub made: i64,
    /// When it was whole and verified, Unix seconds of the node that holds it.
    pub copied: i64,
    /// The newest reading of every byte; the copy where there was none since.
    pub verified: Verified,
    /// Bytes of its files.
    pub bytes: u64,
    /// Of these, bytes of files that other mirrors have as well, on the disk only once.
    pub shared: u64,
    /// Number of files.
    pub files: u64,
    /// What the other node knew of the pair when the backup was made.
    pub generation: Generation,
    /// Version of the service then.
    pub version: Option<String>,
    /// Host name of the node whose data it is.
    pub node: String,
    /// The side that it was copied from; the secondary for a failback.
    #[serde(default = "crate::data::usual_source")]
    pub source: Side,
}

/// A mirror and its age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Its folder's name.
    pub name: String,
    /// When its backup was made, Unix seconds of the node whose data it is.
    pub made: i64,
}

impl DataFacts {
    /// Mirrors of the data of `source`, newest first.
    pub fn mirrors_of(&self, source: Side) -> impl Iterator<Item = &MirrorFacts> {
        self.mirrors.iter().filter(move |mirror| mirror.source == source)
    }
}

impl MirrorFacts {
    /// What `manifest` tells of the mirror in the folder of `op`.
    pub fn of(op: OpId, manifest: &Manifest, shared: u64, read: Option<Verified>) -> Self {
        let copied = manifest.copied.as_ref().map_or(manifest.made, |copied| copied.at);
        Self {
            name: made_by(op),
            op,
            made: manifest.made,
            copied,
            verified: read.unwrap_or(Verified {
                at: copied,
                fault: None,
            }),
            bytes: manifest.bytes(),
            shared,
            files: manifest.files().count() as u64,
            generation: manifest.generation,
            version: manifest.version.clone(),
            node: manifest.node.clone(),
            source: manifest.source(),
        }
    }
}
