//! Orders of the steps that move data: what is saved, offered, brought, kept and loaded.

use crate::data::{FileChange, Origin};
use crate::model::{DataSet, Generation, LoadCount, Side};
use crate::translate::Table;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// Live data to save.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaveData {
    /// What for; decides where it goes.
    pub purpose: Purpose,
    /// What is saved; a set that the node does not have is passed over.
    pub sets: Vec<DataSet>,
    /// Name of the pair.
    pub pair: String,
    /// Host name of the node.
    pub node: String,
    /// What the node knows of the pair.
    pub generation: Generation,
    /// Prints the version of the service.
    pub version_command: Vec<String>,
    /// Backups to keep in all; older ones are removed after this one is whole.
    pub keep: usize,
}

/// A folder of data to make ready for a load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageData {
    /// The folder.
    pub origin: Origin,
    /// BLAKE3 of its manifest, hex; another one is refused.
    pub digest: String,
    /// What is staged of it.
    pub sets: Vec<DataSet>,
    /// Decided rows of the translation table; none where nothing is translated.
    pub table: Table,
    /// Validates the staged data: program and arguments with `{NAME}` for the folder of the set NAME.
    pub check: Vec<String>,
}

/// Staged data to make live.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwapData {
    /// What is replaced, in this order.
    pub sets: Vec<DataSet>,
    /// Files and directories whose change would need more than the plan's reloads: the step refuses to
    /// begin when one of them would change after all.
    pub settled: Vec<String>,
    /// Files that change, for the review; a plan whose list is another one is stale.
    pub changes: Vec<FileChange>,
    /// Seconds it may take before the node gives up on its controller.
    pub allowance_s: u32,
}

/// What the running service has to have of loaded data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountData {
    /// How it is counted.
    pub count: LoadCount,
    /// Where the rows may be.
    pub sets: Vec<DataSet>,
    /// Places that held as many as the service had before: one of them is what it reads.
    pub origins: Vec<String>,
}

/// What live data is saved for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// To be the node's current backup, which the other node copies.
    Backup,
    /// To be put back if a load goes wrong.
    Aside,
}

/// A backup that the other node shall be able to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferBackup {
    /// Where it is on this node, without links in the path; the backup that this operation made itself
    /// where [`fresh`](Self::fresh).
    pub folder: String,
    /// BLAKE3 (hex) of its manifest; `None` for a backup that something else than pairadm made: its
    /// manifest is written when it is offered.
    pub manifest: Option<String>,
    /// Newest change in the backup, Unix seconds of this node.
    pub made: i64,
    /// Name of the pair, for a manifest that has to be written.
    pub pair: String,
    /// Host name of the node, for the same.
    pub node: String,
    /// What the node knows of the pair, for the same.
    pub generation: Generation,
    /// Version of the service, for the same.
    pub version: Option<String>,
    /// Names of the profile's data sets in their order, for the same.
    pub sets: Vec<String>,
    /// How it is offered beside SSH: when the link need not be encrypted.
    pub plain: Option<PlainLink>,
    /// The other node has a way round the link: without the service beside SSH it goes on all the same.
    #[serde(default)]
    pub way_round: bool,
    /// It is the backup that an earlier step of the same operation made.
    #[serde(default)]
    pub fresh: bool,
}

/// Reading without encryption: rsync's own service, for one address and the time of one copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlainLink {
    /// Address of the node that offers; nothing else is listened at.
    pub address: IpAddr,
    /// TCP port.
    pub port: u16,
    /// Address of the node that may read.
    pub reader: IpAddr,
    /// Seconds after which the service ends by itself, if nobody ended it.
    pub seconds: u64,
}

/// The other node's backup, to be brought here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullBackup {
    /// Address of the other node.
    pub address: IpAddr,
    /// Its main address, where the first one is that of a duplication link: for when that does not answer.
    /// Over it data travels encrypted in any case.
    #[serde(default)]
    pub way_round: Option<IpAddr>,
    /// Port of its SSH server.
    pub ssh_port: u16,
    /// Its host key, type and base64: no other is talked to.
    pub host_key: String,
    /// Port of rsync's own service there; `None` when the data travels encrypted.
    pub plain: Option<u16>,
    /// BLAKE3 (hex) of the backup's manifest, where that was known beforehand.
    pub manifest: Option<String>,
    /// KiB a second at most.
    pub limit: Option<u32>,
    /// The other node's role: the secondary's data is for a failback only.
    #[serde(default = "crate::data::usual_source")]
    pub source: Side,
}
