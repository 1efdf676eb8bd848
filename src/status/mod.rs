//! The pair at a glance, made from both nodes' facts: what the menu draws and `status` prints.

mod assemble;
pub mod doctor;
mod warnings;

pub use assemble::{assemble, query};

use crate::data::LastRun;
use crate::model::{BySide, Category, Debt, Generation, OpId, Priority, Side, Traffic, Work};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Needs attention.
    Warning,
    /// Calls are at risk or lost.
    Critical,
}

/// One thing to know, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// How bad.
    pub severity: Severity,
    /// A stable word for scripts: `vip_on_both`, `both_blocked`, `peer_unreachable`.
    pub code: String,
    /// One line.
    pub text: String,
    /// What to do.
    pub hint: Option<String>,
}

/// The pair now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Name of the pair.
    pub pair: String,
    /// Profile of the service.
    pub profile: String,
    /// RFC 3339, controller's clock.
    pub at: String,
    /// The side that serves calls: holds every VIP with traffic allowed, and is the only one.
    pub active: Option<Side>,
    /// By what the health of the sides is compared.
    #[serde(default)]
    pub priority: Priority,
    /// VIPs in order with the sides that hold each.
    pub vips: Vec<(IpAddr, Vec<Side>)>,
    /// By role.
    pub nodes: BySide<NodeStatus>,
    /// Newest operation, what it was, and whether it is unfinished.
    pub last_operation: Option<(OpId, String, bool)>,
    /// Worst first.
    pub warnings: Vec<Warning>,
}

/// An alarm that is raised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Its name.
    pub name: String,
    /// How bad it is.
    pub category: Category,
    /// RFC 3339, by the node's clock in UTC.
    pub since: String,
    /// Seconds until it is cleared by itself; `None`: not by itself.
    pub left_s: Option<u64>,
    /// The event's number, or `test`.
    pub cause: String,
}

/// What a node has of the other one's data.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Held {
    /// The newest mirror; `None` when there is none.
    pub newest: Option<Aged>,
    /// The mirror that is loaded; `None` when the node's data is its own.
    pub loaded: Option<Aged>,
}

/// A mirror.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aged {
    /// Its name.
    pub name: String,
    /// Seconds since its backup was made.
    pub age_s: u64,
}

/// One node now.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NodeStatus {
    /// Host name.
    pub hostname: String,
    /// Why it could not be asked, if so; everything below is then unknown.
    pub unreachable: Option<String>,
    /// Traffic as read from the kernel; `None` when unknown or when the families differ.
    pub traffic: Option<Traffic>,
    /// VIPs on its interfaces.
    pub holds: Vec<IpAddr>,
    /// Services of the profile: name and systemd's word.
    pub services: Vec<(String, String)>,
    /// Milliseconds (as microseconds) until the service answered OPTIONS at the node's own address.
    pub sip_us: Option<u64>,
    /// Service version.
    pub version: Option<String>,
    /// Calls and registrations.
    pub counters: Vec<(String, u64)>,
    /// Round trip from the controller to the agent, microseconds.
    pub link_us: Option<u64>,
    /// Round trip to the peer over the duplication link, microseconds.
    pub peer_us: Option<u64>,
    /// Recorded generation.
    pub generation: Option<Generation>,
    /// Services whose restart was put off.
    pub pending_restart: Vec<String>,
    /// Work left over.
    pub debts: Vec<Debt>,
    /// Alarms that are raised there.
    pub alarms: Vec<Alarm>,
    /// Names of the alarms that its alarm files describe.
    #[serde(default)]
    pub alarm_files: Vec<String>,
    /// The long step that is going on there.
    pub work: Option<Work>,
    /// The continuous synchronisation, in systemd's word; `None` where it is off.
    pub sync: Option<String>,
    /// When the schedule runs next, as systemd writes it.
    pub next_run: Option<String>,
    /// What it has of the other node's data; `None` where the profile has none.
    pub mirrors: Option<Held>,
    /// What the node last did by itself.
    pub runs: Vec<LastRun>,
}
