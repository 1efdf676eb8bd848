//! What both nodes hold of the pair's data.

use super::facts::gather;
use super::{Cancel, Controller};
use crate::agent::protocol::{Request, Response};
use crate::error::{Error, Result};
use crate::facts::{DataFacts, DataQuery, FactsQuery};
use crate::model::{BySide, Moved, Side};
use serde::Serialize;
use std::time::Duration;

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

/// One answer of how far the reading is.
const TOLD: Duration = Duration::from_secs(15);

impl Controller {
    /// Reads every byte of a mirror on `side` again and tells `told` how far it is. What it comes
    /// to, in words; code `data_damaged` with the path when something is not as it was copied.
    pub fn examine(
        &self,
        side: Side,
        mirror: &str,
        cancel: &Cancel,
        told: &mut dyn FnMut(Moved),
    ) -> Result<String> {
        let pair = self.need_pair()?;
        let (mut session, mut faults) = self.connect(&pair, "verify a mirror", &[side]);
        if let Some(fault) = faults[side].take() {
            return Err(fault);
        }
        loop {
            let request = Request::Examine {
                mirror: mirror.to_owned(),
                source: side.other(),
            };
            match session.ask(side, request, TOLD)? {
                Response::Step(report) => return Ok(report.detail),
                Response::Running(moved) => told(moved),
                other => return Err(Error::bug(format!("unexpected answer to a reading: {other:?}"))),
            }
            if cancel.asked() {
                return Err(Error::refused(
                    "cancelled",
                    "stopped on request before everything was read",
                ));
            }
        }
    }

    /// What each node holds; a node that cannot be asked says why.
    pub fn data_held(&self) -> Result<BySide<DataHeld>> {
        let pair = self.need_pair()?;
        let profile = self.profile(&pair)?;
        let (mut session, mut faults) = self.connect(&pair, "list data", &Side::BOTH);
        let mut answers = gather(&mut session, &Side::BOTH, |_| FactsQuery {
            brief: true,
            data: Some(DataQuery {
                backup: profile.backup.clone(),
                live: Vec::new(),
            }),
            ..FactsQuery::default()
        });
        Ok(BySide::new(|side| {
            let hostname = pair.nodes[side].hostname.to_string();
            match answers[side].take() {
                Some(Ok((facts, _))) => DataHeld {
                    hostname,
                    now: facts.clock_us / 1_000_000,
                    data: facts.data,
                    error: None,
                },
                Some(Err(error)) => DataHeld {
                    hostname,
                    error: Some(error),
                    ..DataHeld::default()
                },
                None => DataHeld {
                    hostname,
                    error: faults[side].take(),
                    ..DataHeld::default()
                },
            }
        }))
    }
}
