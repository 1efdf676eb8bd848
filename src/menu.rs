//! The numbered entries of the menu, in the one order that the drawn menu and the line mode share, and
//! which of them are refused as things are.

use crate::intent::Operation;
use crate::model::{BySide, Mode, Side};
use crate::status::{NodeStatus, Status};

/// One numbered entry; its number is its place in the list, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Shown beside the number; 22 columns at most.
    pub label: &'static str,
    /// What it does, for the line below the list.
    pub explanation: &'static str,
    /// What it opens.
    pub choice: Choice,
}

/// What an entry opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Everything both nodes say.
    Status,
    /// The questions of an operation.
    Operation(Operation),
    /// What was done, to take back or to go on with.
    History,
    /// What was done, to read about.
    Reports,
    /// Pre-flight checks.
    Doctor,
    /// The entries that check and try without changing anything.
    Tests,
    /// A node's reactions, as if it had become active or passive.
    TryReactions,
    /// An alarm of a node.
    TryAlarm,
    /// The entries about data.
    Data,
    /// Backup and mirrors, to load from.
    Mirrors,
    /// A mirror, read again.
    Verify,
    /// The translation table.
    Translation,
    /// Where the nodes' files differ.
    Differences,
    /// What a failback would lose.
    Losses,
}

/// The entries the menu begins with. Texts elsewhere name them by number: 1 status, 2 configure,
/// 7 history.
pub const MAIN: &[Entry] = &[
    entry(
        "Status and details",
        "Everything both nodes say, and all warnings with what to do about them.",
        Choice::Status,
    ),
    entry(
        "Configure the pair",
        "Set up the two servers, or change how they are set up.",
        Choice::Operation(Operation::Configure),
    ),
    entry(
        "Take over",
        "Move traffic to the other side. The roles stay.",
        Choice::Operation(Operation::Takeover),
    ),
    entry(
        "Block or allow traffic",
        "Stop SIP at one side, or let it in again.",
        Choice::Operation(Operation::Traffic),
    ),
    entry(
        "Reverse the roles",
        "Swap primary and secondary. Traffic stays where it is.",
        Choice::Operation(Operation::Reverse),
    ),
    entry(
        "Restart services",
        "Restart what was left for later.",
        Choice::Operation(Operation::Restart),
    ),
    entry(
        "History and undo",
        "What was done; take it back or go on with it.",
        Choice::History,
    ),
    entry("Reports", "Read the report of an operation.", Choice::Reports),
    entry(
        "Doctor and tests...",
        "Check both nodes before a change; try what they do when calls move. Nothing is changed.",
        Choice::Tests,
    ),
    entry(
        "Settings",
        "How traffic is blocked, and other settings.",
        Choice::Operation(Operation::Settings),
    ),
    entry(
        "Remove the pair",
        "Take what was set up off both nodes.",
        Choice::Operation(Operation::Remove),
    ),
    entry(
        "Data...",
        "Back up, copy and load the data of the service; the translation table.",
        Choice::Data,
    ),
];

/// The entries that check and try.
pub const TESTS: &[Entry] = &[
    entry(
        "Doctor",
        "Check both nodes before a change. Nothing is changed.",
        Choice::Doctor,
    ),
    entry(
        "Try reactions",
        "Run a node's reactions as if it had become active or passive. Nothing else happens.",
        Choice::TryReactions,
    ),
    entry(
        "Try an alarm",
        "Raise an alarm of a node as a test, or clear one that is raised.",
        Choice::TryAlarm,
    ),
];

/// A test of a node's reactions or of one of its alarms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trial {
    /// Its reactions are told that it became this.
    Reactions(Side, Mode),
    /// The alarm of this name is raised, or cleared.
    Alarm {
        /// The node.
        side: Side,
        /// The alarm.
        name: String,
        /// Raised; else cleared.
        raise: bool,
    },
}

impl Trial {
    /// Every test of reactions.
    pub fn of_reactions() -> Vec<Self> {
        let both = |side| [Mode::Active, Mode::Passive].map(|mode| Self::Reactions(side, mode));
        Side::BOTH.into_iter().flat_map(both).collect()
    }

    /// Alarms that can be raised, and those that are: these can be cleared.
    pub fn of_alarms(status: &Status) -> Vec<Self> {
        let of = |(side, node): (Side, &NodeStatus)| {
            let raised = |name: &String| node.alarms.iter().any(|alarm| alarm.name == *name);
            let mut names = node.alarm_files.clone();
            names.extend(node.alarms.iter().map(|alarm| alarm.name.clone()));
            names.sort_unstable();
            names.dedup();
            names
                .into_iter()
                .map(|name| Self::Alarm {
                    side,
                    raise: !raised(&name),
                    name,
                })
                .collect::<Vec<_>>()
        };
        status.nodes.iter().flat_map(of).collect()
    }

    /// What it does, for a list.
    pub fn label(&self, hosts: &BySide<String>) -> String {
        match self {
            Self::Reactions(side, mode) => format!("{}: as if it became {mode}", hosts[*side]),
            Self::Alarm { side, name, raise } => {
                let verb = if *raise { "raise" } else { "clear" };
                format!("{}: {verb} {name}", hosts[*side])
            }
        }
    }
}

/// The entries about data.
pub const DATA: &[Entry] = &[
    entry(
        "Back up",
        "Save the live data of one side. The service goes on meanwhile.",
        Choice::Operation(Operation::Backup),
    ),
    entry(
        "Copy to the secondary",
        "Bring the primary's newest backup to the secondary, as a mirror. Nothing is loaded.",
        Choice::Operation(Operation::Copy),
    ),
    entry(
        "Load on the secondary",
        "Make a mirror of the primary's data live on the secondary, translated.",
        Choice::Operation(Operation::Load),
    ),
    entry(
        "Roll back a load",
        "Give the secondary back the data it had before the newest load.",
        Choice::Operation(Operation::Rollback),
    ),
    entry(
        "Backup and mirrors",
        "What both nodes hold, how old it is, when it was verified, and which mirror is loaded.",
        Choice::Mirrors,
    ),
    entry(
        "Verify a mirror",
        "Read every byte of one again, on either node, and compare it with what was copied.",
        Choice::Verify,
    ),
    entry(
        "Synchronize files",
        "Bring administration files to the passive side, now or continuously.",
        Choice::Operation(Operation::Sync),
    ),
    entry(
        "Schedule",
        "Have the secondary bring data over by itself, or no longer.",
        Choice::Operation(Operation::Auto),
    ),
    entry(
        "Translation table",
        "Which address of the primary becomes which on the secondary.",
        Choice::Translation,
    ),
    entry(
        "Compare the nodes",
        "Files that should be the same on both and are not. Nothing is changed.",
        Choice::Differences,
    ),
    entry(
        "Preview a failback",
        "What was changed on the secondary and would be lost. Nothing is changed.",
        Choice::Losses,
    ),
    entry(
        "Copy back (failback)",
        "After a takeover: bring the secondary's data to the passive primary. Nothing is loaded.",
        Choice::Operation(Operation::FailbackCopy),
    ),
    entry(
        "Load on the primary",
        "After a failback copy: make that data live on the passive primary.",
        Choice::Operation(Operation::FailbackLoad),
    ),
    entry(
        "Roll back a failback",
        "Give the passive primary back the data it had before the newest failback.",
        Choice::Operation(Operation::FailbackRollback),
    ),
];

const fn entry(label: &'static str, explanation: &'static str, choice: Choice) -> Entry {
    Entry {
        label,
        explanation,
        choice,
    }
}

/// Why `choice` is refused while the pair is as `status` says. The planner has the last word: it asks
/// the nodes.
pub fn barred(choice: Choice, status: Option<&Status>) -> Option<&'static str> {
    let Choice::Operation(operation) = choice else {
        return None;
    };
    let into_secondary = matches!(operation, Operation::Copy | Operation::Load | Operation::Rollback);
    let into_primary = matches!(
        operation,
        Operation::FailbackCopy | Operation::FailbackLoad | Operation::FailbackRollback
    );
    match status.and_then(|status| status.active) {
        Some(Side::Secondary) if into_secondary => Some(
            "The secondary serves calls: its own data is newer than any mirror. Take over to the primary first.",
        ),
        Some(Side::Primary) if into_primary => Some(
            "The primary serves calls: a failback of data is for a passive primary, while the secondary is active.",
        ),
        _ => None,
    }
}
