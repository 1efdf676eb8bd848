//! The operations that change a pair, as an operator names them.

use crate::model::OpId;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Set up or change the pair.
    Configure,
    /// Move traffic; roles stay.
    Takeover,
    /// Block or allow traffic on one side.
    Traffic,
    /// Swap the roles; traffic stays where it is.
    Reverse,
    /// Take the pair's configuration off both nodes.
    Remove,
    /// Change settings of a configured pair.
    Settings,
    /// Restart services whose restart was put off.
    Restart,
    /// Save the live data of a side.
    Backup,
    /// Change the translation table.
    Translation,
    /// Bring the primary's current backup to the secondary, as a mirror.
    Copy,
    /// Make a mirror live on the secondary.
    Load,
    /// Make live again what the secondary had before the newest load.
    Rollback,
    /// Bring the active secondary's data to the passive primary, as a failback mirror.
    FailbackCopy,
    /// Make a failback mirror live on the passive primary.
    FailbackLoad,
    /// Make live again what the primary had before the newest failback.
    FailbackRollback,
    /// Bring administration files from the active side to the passive one.
    Sync,
    /// Bring data over on a schedule, or no longer.
    Auto,
    /// Take back an earlier operation.
    Undo(OpId),
}

impl Operation {
    /// The verb, as in `pairadm VERB` and in reports.
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Configure => "configure",
            Self::Takeover => "takeover",
            Self::Traffic => "traffic",
            Self::Reverse => "reverse",
            Self::Remove => "remove",
            Self::Settings => "settings",
            Self::Restart => "restart",
            Self::Backup => "backup",
            Self::Translation => "translation",
            Self::Copy => "copy",
            Self::Load => "load",
            Self::Rollback => "rollback",
            Self::FailbackCopy => "failback-copy",
            Self::FailbackLoad => "failback-load",
            Self::FailbackRollback => "failback-rollback",
            Self::Sync => "sync",
            Self::Auto => "auto",
            Self::Undo(_) => "undo",
        }
    }

    /// True when doing it twice is not the same as doing it once: whoever asks for it again after an interruption
    /// wants what is left of it, and nothing after that.
    pub const fn is_once(self) -> bool {
        matches!(
            self,
            Self::Undo(_) | Self::Remove | Self::Reverse | Self::Rollback | Self::FailbackRollback
        )
    }
}
