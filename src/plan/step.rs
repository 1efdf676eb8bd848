//! What a plan is made of: stages of typed steps as plain, serialisable, secret-free data.
//!
//! A [`Step`] is carried out by the agent of one node and is idempotent: applied twice it changes
//! nothing the second time. Steps of one stage are independent between the nodes and run on both in
//! parallel; on one node they run in order. The next stage starts when the whole stage is verified.

use super::data::Purpose;
use super::data::{CountData, OfferBackup, PullBackup, SaveData, StageData, SwapData};
use crate::data::LedgerEntry;
use crate::model::{BlockStyle, BySide, Debt, Mode, NodeState, OpId, Patience, Port, Side, Standby, Traffic};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::IpAddr;

/// A step's number in its plan, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StepId(pub u32);

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Everything an operation will do, as it is reviewed, journalled and reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The operation's verb: `configure`, `takeover`, `traffic`, `reverse`, `remove`, `undo`.
    pub operation: String,
    /// One line for lists: "take over to secondary (beta)".
    pub title: String,
    /// What was asked, field by field, secrets left out.
    pub asked: Vec<(String, String)>,
    /// SHA-256 of the facts this was made from; the engine refuses when fresh facts differ.
    pub facts: String,
    /// Lines the operator must have read: service affecting or not, services touched, warnings.
    pub notice: Vec<String>,
    /// In order.
    pub stages: Vec<Stage>,
    /// Sides that take part; a lost peer does not.
    pub sides: Vec<Side>,
    /// True when calls may be interrupted.
    pub service_affecting: bool,
    /// How to take the whole operation back by hand, for the report.
    pub how_to_undo: String,
}

/// What was asked of an undo: the number of the earlier operation.
pub const UNDOES: &str = "operation";

impl Plan {
    /// True for operations that only add copies of data, or that nodes begin by themselves on the passive
    /// side: another operation does not wait for one that is going on, it stops it; and one that was
    /// interrupted is no obstacle to anything.
    pub fn gives_way(&self) -> bool {
        gives_way(&self.operation)
    }

    /// The earlier operation that this one takes back.
    pub fn undoes(&self) -> Option<OpId> {
        let asked = self.asked.iter().find(|(key, _)| key == UNDOES);
        asked.and_then(|(_, op)| op.parse().ok())
    }

    /// Every step in order.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.stages.iter().flat_map(|stage| &stage.steps)
    }

    /// The same plan after the roles were reversed: every step stays with its node.
    #[must_use]
    pub fn reversed(mut self) -> Self {
        for step in self.stages.iter_mut().flat_map(|stage| &mut stage.steps) {
            step.side = step.side.other();
        }
        for side in &mut self.sides {
            *side = side.other();
        }
        self
    }

    /// The key in `asked` under which a plan without a pair names its server.
    pub const SERVER: &str = "server";

    /// The server, in a plan that was made without a pair.
    pub fn server(&self) -> Option<&str> {
        let named = self.asked.iter().find(|(key, _)| key == Self::SERVER);
        named.map(|(_, name)| name.as_str())
    }

    /// What the nodes are called beside its steps: `known`, or the one server.
    pub fn hosts(&self, known: impl FnOnce() -> BySide<String>) -> BySide<String> {
        self.server()
            .map_or_else(known, |server| BySide::new(|_| server.to_owned()))
    }

    /// What an empty plan says of the nodes.
    pub fn as_asked(&self) -> String {
        let who = self.server().map(|server| format!("{server} is"));
        let who = who.as_deref().unwrap_or("both nodes are");
        format!("{who} already as asked")
    }

    /// The side that takes down by itself what this brings up there, when its controller falls silent; and
    /// after how many seconds.
    pub fn leased(&self) -> Option<(Side, u32)> {
        self.steps().find_map(|step| match &step.action {
            Action::Lease(lease) => Some((step.side, lease.seconds)),
            _ => None,
        })
    }

    /// True when the nodes are already as asked.
    pub fn is_empty(&self) -> bool {
        self.stages.iter().all(|stage| stage.steps.is_empty())
    }
}

/// Whether operations of this verb give way, see [`Plan::gives_way`].
pub fn gives_way(verb: &str) -> bool {
    matches!(verb, "backup" | "copy" | "failback-copy" | "sync")
}

/// Steps that may run on both nodes at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Shown while it runs.
    pub title: String,
    /// The steps; at most one node's steps in a [`Window`].
    pub steps: Vec<Step>,
    /// Where the stage lies in a takeover's dark window; the journal is written before it and after it.
    #[serde(default)]
    pub window: Window,
}

/// Whether calls are dark while a stage runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// No: each step is journalled, applied and verified by itself.
    #[default]
    None,
    /// Yes: intents were journalled with the stage before the window, completions follow after it.
    Dark,
    /// Traffic has moved. A step that fails takes it back, and so does the loss of the node that serves
    /// now; but the old one that goes away here does not: the operation stays open, calls stay where they
    /// are served.
    After,
}

/// One typed change on one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Number in the plan.
    pub id: StepId,
    /// The node that carries it out, by role at planning time.
    pub side: Side,
    /// One line for review, progress and report.
    pub title: String,
    /// What to do.
    pub action: Action,
    /// True when a lost login path could result, so an on-node timer takes it back unless confirmed (S9).
    #[serde(default)]
    pub armed: bool,
}

/// Where a step stands, as the journal records it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepPlace {
    /// Not begun.
    Waiting,
    /// Intent journalled, perhaps partly done.
    Begun,
    /// Applied and read back.
    Done,
    /// Taken back.
    Reverted,
    /// Failed.
    Failed,
}

/// What a step does. The agent knows for each how to apply, verify and revert it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// Replace, create or remove a file, keeping the first original.
    File(FilePut),
    /// systemd unit verbs. `DaemonReload` ignores the name.
    Unit {
        /// Unit name with suffix.
        unit: String,
        /// What to do.
        verb: UnitVerb,
    },
    /// Write runtime kernel parameters (their files are `File` steps).
    Sysctl {
        /// `net.ipv4.ip_nonlocal_bind` and the value.
        values: Vec<(String, String)>,
    },
    /// Make the node's own chain allow or block SIP traffic, verify by reading back.
    Traffic(Change),
    /// Take pairadm's own chain out of the packet filter; revert puts `was` back.
    RemoveChain {
        /// What the chain does before.
        was: Change,
    },
    /// Prepare [`Action::Traffic`] so that committing it in the window costs one kernel transaction.
    ArmTraffic(Change),
    /// Put what the steps after it bring up on this node on a lease: without a word from the controller
    /// the node takes it down by itself, until its journal calls the operation committed.
    Lease(Lease),
    /// Refuse unless nobody but `holders` answers for the addresses (ARP and neighbour discovery, 3 tries).
    ProbeVip {
        /// Addresses and interface to ask on.
        vips: Vec<VipPlace>,
        /// MAC addresses that may answer: the present holder's, none when it must be silent.
        holders: Vec<String>,
    },
    /// Commit the armed block when there is one, remove the addresses, read back that they are gone.
    Release {
        /// Addresses to remove.
        vips: Vec<VipPlace>,
        /// The block to commit first.
        block: Option<Change>,
    },
    /// Add the addresses as /32 and /128 (`nodad`), read back; if absent delete and re-add once; announce.
    Acquire {
        /// Addresses to add.
        vips: Vec<VipPlace>,
    },
    /// Send gratuitous ARP and unsolicited neighbour advertisements again.
    Announce {
        /// Addresses to announce.
        vips: Vec<VipPlace>,
    },
    /// Run a promote or demote hook of the profile, by argument vector, no shell.
    Hook {
        /// Program and arguments.
        argv: Vec<String>,
        /// The hook that takes it back, if any.
        undo: Option<Vec<String>>,
        /// Milliseconds it may take.
        timeout_ms: u64,
    },
    /// Tell that the node became active or passive: the system's log, and the node's own reactions.
    React {
        /// What it became; revert tells the opposite.
        mode: Mode,
        /// Whether the passive side keeps up: decides the events' numbers.
        standby: Standby,
    },
    /// Ask the SIP service on this node by OPTIONS; fails without an answer.
    SipCheck {
        /// Where to.
        target: IpAddr,
        /// UDP port.
        port: u16,
        /// Milliseconds to wait in all, with retransmissions.
        timeout_ms: u64,
    },
    /// Record role, who is active and the generation on the node.
    State {
        /// What to write.
        state: NodeState,
    },
    /// Take back one committed step of an earlier operation on this node: apply reverts that step
    /// from its journal (code `changed_since` when a person changed it meanwhile), revert applies it again.
    TakeBack {
        /// The earlier operation.
        op: OpId,
        /// Its step.
        step: StepId,
        /// The newest step that changed the same file, where later ones did: the file has to be as that one
        /// left it, and gets the original of the earlier one at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        left_by: Option<(OpId, StepId)>,
        /// True when that step made a service take something up: then it comes last on every way.
        #[serde(default)]
        takes_up: bool,
    },
    /// Save the live data of the node into a folder of its own.
    Save(SaveData),
    /// Let the other node read this node's current backup.
    Offer(OfferBackup),
    /// Bring the other node's current backup here, and check every byte of it.
    Pull(PullBackup),
    /// See that the backup is still the one that was offered, and offer it no more.
    Withdraw(OfferBackup),
    /// Give what was brought its name among the mirrors.
    KeepMirror {
        /// Mirrors of that side to keep in all; older ones go when the operation is committed.
        keep: usize,
        /// The side whose data it is.
        #[serde(default = "crate::data::usual_source")]
        source: Side,
    },
    /// Verify a folder of data, translate it into a copy, and have the profile's check validate that.
    Stage(StageData),
    /// Make the staged data live; revert makes live what the operation put aside before.
    Swap(SwapData),
    /// Have the running service take up data, by a command on its console whose text tells what came of
    /// it; revert says it again, with the data that is there then.
    Reload {
        /// Program and arguments, no shell.
        argv: Vec<String>,
        /// An answer that there is no such command is no failure.
        optional: bool,
        /// Which answers mean to say it again later.
        #[serde(default)]
        patience: Patience,
    },
    /// See that the running service has all of what was loaded, by numbers.
    Count(CountData),
    /// Ask the service by the profile's liveness command until it says that it lives.
    Alive {
        /// Program and arguments.
        argv: Vec<String>,
        /// Milliseconds to wait in all.
        timeout_ms: u64,
    },
    /// Record on the node what is loaded.
    Loaded(LedgerEntry),
    /// Record that a restart was put off, done, or that a debt exists or is paid.
    Note {
        /// Services to add to the pending list.
        pending_restart: Vec<Restart>,
        /// Debt to add.
        debt: Option<Debt>,
    },
}

impl Action {
    /// True when it makes a service take up files or data, or read itself anew: on every way that comes
    /// last, when all is in place.
    pub fn takes_up(&self) -> bool {
        match self {
            Self::Unit { verb, .. } => matches!(
                verb,
                UnitVerb::DaemonReload | UnitVerb::Restart | UnitVerb::Reload
            ),
            Self::Reload { .. } => true,
            Self::TakeBack { takes_up, .. } => *takes_up,
            _ => false,
        }
    }

    /// True when it only makes copies for steps that come later: nothing live is another afterwards.
    pub fn only_prepares(&self) -> bool {
        match self {
            Self::Stage(_) => true,
            Self::Save(order) => order.purpose == Purpose::Aside,
            _ => false,
        }
    }

    /// True when its side does not serve afterwards; taken back, it serves again.
    pub fn takes_down(&self) -> bool {
        matches!(
            self,
            Self::Release { .. }
                | Self::Traffic(Change {
                    traffic: Traffic::Blocked,
                    ..
                })
        )
    }

    /// The path of the file that this step replaces, creates or removes.
    pub fn file(&self) -> Option<&str> {
        match self {
            Self::File(put) => Some(&put.path),
            _ => None,
        }
    }
}

/// A restart that the operator was offered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Restart {
    /// Unit to restart.
    pub unit: String,
    /// Why it is needed.
    pub why: String,
}

/// systemd verbs that pairadm uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitVerb {
    /// Re-read unit files.
    DaemonReload,
    /// Enable at boot.
    Enable,
    /// Disable at boot.
    Disable,
    /// Start.
    Start,
    /// Stop.
    Stop,
    /// Restart.
    Restart,
    /// Reload, or restart where the unit cannot.
    Reload,
}

/// The whole rule set wanted in pairadm's own chain.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Change {
    /// Allowed or blocked.
    pub traffic: Traffic,
    /// Ports to block.
    pub ports: Vec<Port>,
    /// Silence or an ICMP error.
    pub style: BlockStyle,
    /// Addresses that are never blocked: the peer's, so that its probes pass.
    pub exempt: Vec<IpAddr>,
}

/// What a node takes down by itself when its controller falls silent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Lease {
    /// Addresses that go off.
    pub vips: Vec<VipPlace>,
    /// The block that is put back.
    pub block: Change,
    /// A node that has recorded itself active keeps serving while one of these answers an echo: then it is
    /// the controller that is gone, and not the network.
    pub witnesses: Vec<IpAddr>,
    /// How long the controller may be silent.
    pub seconds: u32,
}

/// A VIP and the interface that carries it on the node concerned.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VipPlace {
    /// The address.
    pub address: IpAddr,
    /// The interface.
    pub interface: String,
}

/// A file as it shall be.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FilePut {
    /// Absolute path on the node.
    pub path: String,
    /// The new content; `None` removes the file.
    pub content: Option<Content>,
    /// Permission bits for a new file; an existing one keeps its own.
    pub mode: u32,
    /// Permission bits to force on an existing file as well.
    #[serde(default)]
    pub force_mode: bool,
    /// Owner and group of a new file, by name; root's without. An existing file keeps its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<(String, String)>,
    /// SHA-256 (hex) of the content this was planned against; `None` when the file was absent (S5).
    pub before: Option<String>,
    /// Unified diff for review and report; empty for binary content.
    pub diff: String,
    /// Where the original is kept.
    pub keep: Keep,
}

/// Where the in-place backup of a file goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// Beside the file, `<file>.pairadm_<pid>_<epoch>`.
    Beside,
    /// Under `/var/lib/pairadm/backups`, because the directory loads every file in it.
    Aside,
}

/// File bytes, kept readable in JSON where they are text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// UTF-8.
    Text(String),
    /// Anything else, base64.
    Base64(String),
    /// The program that the node's agent runs from, if it is the one with this SHA-256 (hex): what is on
    /// the node already does not travel again.
    Program(String),
}

impl Content {
    /// From bytes, as text where they are UTF-8.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        use base64::Engine as _;
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::Text(text.to_owned()),
            Err(_) => Self::Base64(base64::engine::general_purpose::STANDARD.encode(bytes)),
        }
    }

    /// The bytes; an error names the fault in the encoding. A node's own program is known there only.
    pub fn to_bytes(&self) -> Result<Vec<u8>, String> {
        use base64::Engine as _;
        match self {
            Self::Text(text) => Ok(text.clone().into_bytes()),
            Self::Base64(text) => base64::engine::general_purpose::STANDARD
                .decode(text)
                .map_err(|error| format!("not base64: {error}")),
            Self::Program(_) => Err("only the node itself has its program".to_owned()),
        }
    }
}
