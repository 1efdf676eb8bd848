//! What both nodes hold of the pair's data.

use super::Controller;
use super::facts::gather;
use crate::error::{Error, Result};
use crate::facts::{DataFacts, DataQuery, FactsQuery};
use crate::model::{BySide, Side};
use serde::Serialize;

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

impl Controller {
    /// What each node holds; a node that cannot be asked says why.
    pub fn data_held(&self) -> Result<BySide<DataHeld>> {
        let pair = self.need_pair()?;
        let profile = self.profile(&pair)?;
        let (mut session, mut faults) = self.connect(&pair, "list data", &Side::BOTH);
        let mut answers = gather(&mut session, &Side::BOTH, |_| FactsQuery {
            brief: true,
            data: Some(DataQuery {
                backup: profile.backup.clone(),
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
