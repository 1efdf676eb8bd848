//! What the menu knows of the pair, and how old that is. Old data is never shown as if it were new.

use super::backend::{Identity, Unfinished};
use crate::error::{Error, Result};
use crate::facts::DataHeld;
use crate::model::{BySide, Side};
use crate::status::Status;

/// Milliseconds between two looks at the pair.
pub const REFRESH_MS: u64 = 3_000;
/// From this age on what is shown is marked as old: three looks were missed.
pub const STALE_MS: u64 = 10_000;

/// The pair as last seen.
#[derive(Debug, Clone, Default)]
pub struct PairView {
    /// Names from the pair file.
    pub identity: Identity,
    /// The newest answer, with the time it arrived.
    pub latest: Option<(Status, u64)>,
    /// Why the newest look failed.
    pub trouble: Option<Error>,
    /// Since when the nodes are being asked.
    pub asking: Option<u64>,
    /// The operation that was left open.
    pub unfinished: Option<Unfinished>,
    /// What the nodes hold of the pair's data, with the time that was told.
    pub held: Option<(BySide<DataHeld>, u64)>,
    next: u64,
}

/// How far what is shown can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Nobody has answered yet.
    Never,
    /// Age in milliseconds.
    Fresh(u64),
    /// Age in milliseconds, too old or known to have failed since.
    Stale(u64),
}

impl PairView {
    /// Before the first answer.
    pub fn new(identity: Identity) -> Self {
        Self {
            identity,
            ..Self::default()
        }
    }

    /// How old the data is.
    pub fn freshness(&self, now: u64) -> Freshness {
        match &self.latest {
            None => Freshness::Never,
            Some((_, at)) => {
                let age = now.saturating_sub(*at);
                if age >= STALE_MS || self.trouble.is_some() {
                    Freshness::Stale(age)
                } else {
                    Freshness::Fresh(age)
                }
            }
        }
    }

    /// The newest answer.
    pub fn status(&self) -> Option<&Status> {
        self.latest.as_ref().map(|(status, _)| status)
    }

    /// The host name of a side as far as known.
    pub fn host(&self, side: Side) -> &str {
        let asked = self
            .status()
            .map(|status| status.nodes[side].hostname.as_str())
            .filter(|name| !name.is_empty());
        let named = self.identity.pair.as_ref().map(|pair| pair.hosts[side].as_str());
        asked
            .or(named)
            .filter(|name| !name.is_empty())
            .unwrap_or(side.as_str())
    }

    /// True when the nodes should be asked again; the caller then asks.
    pub fn start_look(&mut self, now: u64) -> bool {
        let due = self.asking.is_none() && now >= self.next;
        if due {
            self.asking = Some(now);
        }
        due
    }

    /// Ask again at once.
    pub fn hurry(&mut self) {
        self.next = 0;
    }

    /// When the next look is due; `None` while one is under way.
    pub fn next_look(&self) -> Option<u64> {
        self.asking.is_none().then_some(self.next)
    }

    /// Takes in an answer.
    pub fn answered(&mut self, identity: Identity, status: Option<Result<Box<Status>>>, now: u64) {
        if identity != self.identity {
            self.latest = None;
            self.held = None;
        }
        self.identity = identity;
        self.asking = None;
        self.next = now + REFRESH_MS;
        match status {
            Some(Ok(status)) => {
                self.latest = Some((*status, now));
                self.trouble = None;
            }
            Some(Err(error)) => self.trouble = Some(error),
            None => {
                self.latest = None;
                self.trouble = None;
            }
        }
    }
}
