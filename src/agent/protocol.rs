//! The typed conversation between the engine and a node's agent.
//!
//! Controller and agent are the same binary at the same version, so the protocol carries no
//! compatibility burden: [`VERSION`] must match or the agent is replaced. Each line on standard input
//! is one [`Call`], each line on standard output one [`Reply`]. The agent's first line is
//! [`HELLO_MARK`] followed by a [`Hello`], so that noise of login scripts before it can be skipped.
//! After a call the channel is silent until its reply: one call at a time.

use crate::agent::data::mirror::Peer;
use crate::data::{Choice, Preview, RowsQuery, TableRows};
use crate::error::Error;
use crate::facts::{Facts, FactsQuery};
use crate::model::{DataSet, LoadCount, Mode, Moved, NodeState, OpId, Side, Standby};
use crate::plan::{Action, Plan, StepId, StepPlace, VipPlace};
use crate::translate::{Explanation, Findings, Subject, Table};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// The version and, after it, a hash of the sources this was built from: it changes with any change of a
/// type that crosses the channel.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "-", env!("PAIRADM_BUILD"));

/// Precedes the agent's first line.
pub const HELLO_MARK: &str = "pairadm-agent-hello:";

/// The agent's first line, after [`HELLO_MARK`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`VERSION`] of the agent.
    pub version: String,
    /// The node's `hostname`.
    pub hostname: String,
    /// Process number, for messages.
    pub pid: u32,
    /// Effective user; must be 0.
    pub uid: u32,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Echoed in the reply.
    pub id: u64,
    /// The agent gives up after this many milliseconds.
    pub deadline_ms: u64,
    /// What to do.
    pub request: Request,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The call's number.
    pub id: u64,
    /// Microseconds the agent spent.
    pub took_us: u64,
    /// What came of it.
    pub outcome: Outcome,
}

/// Result in a serialisable shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Done and read back.
    Ok(Response),
    /// Not done; the error says what is true now.
    Err(Error),
}

/// What can be asked of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Request {
    /// Answers with nothing: measures the link.
    Ping,
    /// Describe the node.
    Facts(FactsQuery),
    /// Take the pair's lock; fails with code `locked` and the owner's name.
    Lock {
        /// Shown to whoever finds the lock taken.
        owner: LockOwner,
    },
    /// Ask whoever holds the lock to give way; fails with code `locked` when what it does cannot.
    GiveWay {
        /// What is more urgent, and whose it is: "takeover by root@beta".
        to: String,
    },
    /// Log in to the other node, for a copy that is being planned; the answer does not wait for it. Only a
    /// shortcut: without it the copy logs in by itself.
    LogInAhead(Peer),
    /// Give the lock back.
    Unlock,
    /// Journal a new operation with its whole plan, fsynced.
    Begin {
        /// Number.
        op: OpId,
        /// In-place backup suffix without the dot: `pairadm_<pid>_<epoch>`.
        tag: String,
        /// Who, from where.
        owner: LockOwner,
        /// The plan.
        plan: Plan,
    },
    /// Make this node's steps of a stage safe to begin: back up originals, journal intents, one fsync.
    Prepare {
        /// Operation.
        op: OpId,
        /// Steps of this node in order.
        steps: Vec<StepId>,
    },
    /// Apply one prepared step and read it back.
    Apply {
        /// Operation.
        op: OpId,
        /// Step of the journalled plan.
        step: StepId,
    },
    /// Read one step back without changing anything.
    Verify {
        /// Operation.
        op: OpId,
        /// Step of the journalled plan.
        step: StepId,
    },
    /// Take one step back; fails with code `changed_since` when a person changed it meanwhile.
    Revert {
        /// Operation.
        op: OpId,
        /// Step of the journalled plan.
        step: StepId,
    },
    /// Stop the long step that is going on; its own request then tells what came of it.
    Stop {
        /// Operation.
        op: OpId,
    },
    /// What a load would do; asked again while it is answered with how far the look is.
    Preview(Box<LoadQuery>),
    /// The addresses in a folder of data; asked again while it is answered with how far the search is.
    Search(Box<SearchQuery>),
    /// Every place of one address; asked again while it is answered with how far the search is.
    Explain(Box<ExplainQuery>),
    /// Journal completions of the stage's steps, one fsync.
    Settle {
        /// Operation.
        op: OpId,
    },
    /// End the lease of an operation that is left open: what it brought up on this node stays.
    Keep {
        /// Operation.
        op: OpId,
    },
    /// Start the on-node timer that reverts the operation's armed steps unless confirmed (S9).
    Arm {
        /// Operation.
        op: OpId,
        /// Seconds until it fires.
        seconds: u32,
    },
    /// Stop that timer. Sent over a *new* connection.
    Confirm {
        /// Operation.
        op: OpId,
    },
    /// Journal the end of the operation.
    Finish {
        /// Operation.
        op: OpId,
        /// How it ended.
        end: End,
    },
    /// The journal of one operation, or the newest `limit` of all.
    History {
        /// One operation, or all.
        op: Option<OpId>,
        /// At most this many, newest first.
        limit: u32,
    },
    /// Run one action outside any operation: probes only (`ProbeVip`, `SipCheck`).
    Probe {
        /// The probe.
        action: Action,
    },
    /// Tell what the node became, without its becoming it: tries the reactions.
    React {
        /// What is told.
        mode: Mode,
        /// Decides the event's number.
        standby: Standby,
    },
    /// Raise an alarm as a test, or clear one that is raised.
    Alarm {
        /// Its name.
        name: String,
        /// Raise it.
        raise: bool,
    },
    /// Who answers for these addresses on the network, by MAC address.
    WhoHas {
        /// Addresses.
        vips: Vec<VipPlace>,
    },
    /// Read every byte of a mirror again; answers how far it is until it is done.
    Examine {
        /// Its name, or `newest`.
        mirror: String,
        /// The side whose data the newest one is of.
        source: Side,
    },
    /// Read a file for planning or to show a conflict.
    Read {
        /// Absolute path.
        path: String,
    },
    /// Rows of databases, for a comparison.
    Rows(RowsQuery),
    /// Measure how fast data comes here from the other node of the recorded pair.
    LinkRate,
    /// Answer with so many bytes, for a measurement.
    Blob {
        /// How many.
        bytes: usize,
    },
    /// In-place backups pairadm has left on this node.
    Backups,
    /// Remove backups by path; only paths that `Backups` lists.
    Prune {
        /// Paths.
        paths: Vec<String>,
    },
    /// Read the recorded state.
    State,
    /// Ping an address from this node: control address, peer.
    Reach {
        /// Target.
        target: IpAddr,
        /// Milliseconds to wait.
        timeout_ms: u64,
    },
    /// Watch SIP at an address from this node while traffic moves: sends OPTIONS at `hz` until `Watched`.
    Watch {
        /// VIP.
        target: IpAddr,
        /// UDP port.
        port: u16,
        /// Probes a second.
        hz: u32,
    },
    /// Stop watching and tell the longest gap.
    Watched,
}

/// A load to look at before it is planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadQuery {
    /// The folder to load.
    pub choice: Choice,
    /// Data sets of the profile.
    pub sets: Vec<DataSet>,
    /// Decided rows of the translation table.
    pub table: Table,
    /// The side whose data the newest mirror shall be.
    pub source: Side,
    /// What the running service is asked to count.
    pub counts: Vec<LoadCount>,
}

/// A folder of data to search for addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchQuery {
    /// Which.
    pub folder: SearchedFolder,
    /// Data sets of the profile; those that are in the folder are searched.
    pub sets: Vec<DataSet>,
}

/// One address to search for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainQuery {
    /// Where.
    pub search: SearchQuery,
    /// The address.
    pub subject: Subject,
    /// Shows what becomes of it.
    pub table: Table,
}

/// Which folder of data is searched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchedFolder {
    /// The mirror of this name.
    Mirror(String),
    /// The backup in this directory, that has a manifest.
    Backup(String),
}

/// What a node answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Response {
    /// Nothing more to say.
    Done,
    /// Facts.
    Facts(Box<Facts>),
    /// A step was applied, verified or reverted.
    Step(StepReport),
    /// The same, and the operator is told something.
    Warned {
        /// What was done.
        report: StepReport,
        /// What is told.
        warnings: Vec<String>,
    },
    /// The step takes long and goes on: the same request asks again.
    Running(Moved),
    /// What a load would do.
    Preview(Box<Preview>),
    /// The addresses that were found.
    Searched(Findings),
    /// The places of one address.
    Explained(Box<Explanation>),
    /// Journals.
    History {
        /// Newest first.
        operations: Vec<Operation>,
    },
    /// MAC addresses seen for each address.
    Holders {
        /// Address and the MACs that answered.
        seen: Vec<(IpAddr, Vec<String>)>,
    },
    /// A file.
    File(FileImage),
    /// Backups.
    Backups {
        /// In no order.
        backups: Vec<Backup>,
    },
    /// Tables with their rows.
    Rows {
        /// By data set and table.
        tables: Vec<TableRows>,
    },
    /// What a measurement found.
    LinkRate {
        /// Bytes a second.
        bytes_s: u64,
    },
    /// Bytes that mean nothing.
    Blob {
        /// As many as were asked for.
        text: String,
    },
    /// Recorded state, if any.
    State {
        /// `None` on a node that was never configured.
        state: Option<NodeState>,
    },
    /// Round-trip time, or none within the time-out.
    Reached {
        /// Microseconds.
        rtt_us: Option<u64>,
    },
    /// What the watcher saw.
    Watched {
        /// Requests sent.
        sent: u64,
        /// Answers received.
        answered: u64,
        /// Longest time without an answer, microseconds.
        dark_us: u64,
    },
}

/// Who holds or takes a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockOwner {
    /// Login and host of the operator: `root@alpha`.
    pub who: String,
    /// Process number of the controller.
    pub pid: u32,
    /// What it is doing.
    pub operation: String,
    /// RFC 3339 local time of the controller.
    pub since: String,
}

/// What came of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReport {
    /// False when the node was already as wanted.
    pub changed: bool,
    /// One line for the report: backup path and hash, rule count, unit state.
    pub detail: String,
    /// Backup made for this step.
    pub backup: Option<Backup>,
}

/// An original that was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// The file it is of.
    pub of: String,
    /// Where it is.
    pub path: String,
    /// SHA-256 of its content.
    pub sha256: String,
    /// Bytes.
    pub size: u64,
    /// The operation that made it.
    pub op: OpId,
}

/// How an operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Verified on every node that took part.
    Committed,
    /// Everything taken back.
    RolledBack,
    /// Left as it is by an operator's decision.
    Abandoned,
}

/// One operation as a node's journal tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Number.
    pub op: OpId,
    /// Backup suffix.
    pub tag: String,
    /// Who began it.
    pub owner: LockOwner,
    /// Its plan.
    pub plan: Plan,
    /// Where each of this node's steps stands.
    pub places: Vec<(StepId, StepPlace)>,
    /// How it ended; `None` while it is open.
    pub end: Option<End>,
}

/// A file as read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileImage {
    /// Path asked for.
    pub path: String,
    /// `None` when absent.
    pub content: Option<crate::plan::Content>,
    /// SHA-256, hex.
    pub sha256: Option<String>,
    /// Permission bits.
    pub mode: u32,
    /// Owner and group.
    pub owner: (u32, u32),
    /// Why it cannot be replaced safely, if so: symlink, hard links, bind mount, immutable, read-only.
    pub obstacle: Option<String>,
}
