//! What both nodes hold of the pair's data.

use super::facts::gather;
use super::{Cancel, Controller};
use crate::agent::protocol::{Request, Response};
use crate::engine::Session;
use crate::error::{Error, Result};
use crate::facts::{DataHeld, DataQuery, FactsQuery};
use crate::intent::VerifyIntent;
use crate::intent::mirror::NEWEST;
use crate::model::syntax::shown;
use crate::model::{BySide, Moved, Side};
use std::time::Duration;

/// One answer of how far the reading is.
const TOLD: Duration = Duration::from_secs(15);

impl Controller {
    /// Reads every byte of a mirror again and tells `told` how far it is. What it comes to, in words;
    /// code `data_damaged` with the path when something is not as it was copied.
    pub fn examine(
        &self,
        wanted: &VerifyIntent,
        cancel: &Cancel,
        told: &mut dyn FnMut(Moved),
    ) -> Result<String> {
        let pair = self.need_pair()?;
        let sides: &[Side] = match wanted.side {
            Some(Side::Primary) => &[Side::Primary],
            Some(Side::Secondary) => &[Side::Secondary],
            None if wanted.mirror == NEWEST => &[Side::Secondary],
            // The nodes number their operations together: one of them has the mirror.
            None => &[Side::Secondary, Side::Primary],
        };
        let (mut session, mut faults) = self.connect(&pair, "verify a mirror", sides);
        let mut missing = None;
        for &side in sides {
            if let Some(fault) = faults[side].take() {
                // It may be the one that has it.
                missing = Some(fault);
                continue;
            }
            match read_on(&mut session, side, &wanted.mirror, cancel, told) {
                Err(error) if error.code == "no_mirror" && sides.len() > 1 => {}
                done => return done,
            }
        }
        Err(missing.unwrap_or_else(|| {
            let message = format!("neither node has a mirror `{}`", shown(&wanted.mirror));
            Error::refused("no_mirror", message).hint("`pairadm data list` names them")
        }))
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

/// Reads it on one node until that has read everything.
fn read_on(
    session: &mut Session,
    side: Side,
    mirror: &str,
    cancel: &Cancel,
    told: &mut dyn FnMut(Moved),
) -> Result<String> {
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
