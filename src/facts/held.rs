//! What both nodes hold of the pair's data, and which of it a mirror is.

use super::{DataFacts, MirrorFacts};
use crate::error::Error;
use crate::model::{BySide, Side};
use serde::Serialize;
use std::fmt;

/// What one node holds.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct DataHeld {
    /// Its name.
    pub hostname: String,
    /// Its clock, Unix seconds: ages of what it made are told by it.
    pub now: i64,
    /// Backup and mirrors.
    pub data: Option<DataFacts>,
    /// Why it could not say.
    pub error: Option<Error>,
}

/// What a mirror can be loaded for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MirrorUse {
    /// The primary's data, on the secondary.
    Usual,
    /// The secondary's data, on the primary.
    Failback,
    /// Copied when the nodes had each other's roles: it is not loaded.
    FormerRole,
}

impl MirrorUse {
    const fn of(holder: Side, source: Side) -> Self {
        match (holder, source) {
            (Side::Secondary, Side::Primary) => Self::Usual,
            (Side::Primary, Side::Secondary) => Self::Failback,
            (Side::Primary, Side::Primary) | (Side::Secondary, Side::Secondary) => Self::FormerRole,
        }
    }
}

impl fmt::Display for MirrorUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Usual => "mirror",
            Self::Failback => "failback",
            Self::FormerRole => "old role",
        })
    }
}

/// A mirror with the node that holds it.
#[derive(Debug, Clone, Copy)]
pub struct HeldMirror<'h> {
    /// The role of that node.
    pub side: Side,
    /// The node.
    pub holder: &'h DataHeld,
    /// The mirror.
    pub mirror: &'h MirrorFacts,
    /// What it can be loaded for.
    pub used: MirrorUse,
    /// It was loaded last there, and not rolled back.
    pub loaded: bool,
}

/// All mirrors of both nodes: the secondary's before the primary's, the newest first.
pub fn mirrors(held: &BySide<DataHeld>) -> Vec<HeldMirror<'_>> {
    let of = |side: Side| {
        let holder = &held[side];
        let data = holder.data.iter();
        data.flat_map(move |data| {
            data.mirrors.iter().map(move |mirror| HeldMirror {
                side,
                holder,
                mirror,
                used: MirrorUse::of(side, mirror.source),
                loaded: data.loaded.as_deref() == Some(mirror.name.as_str()),
            })
        })
    };
    [Side::Secondary, Side::Primary]
        .into_iter()
        .flat_map(of)
        .collect()
}
