//! What both nodes hold of the pair's data.

use super::facts::gather;
use super::looking::{Looking, look};
use super::{Cancel, Controller};
use crate::agent::protocol::{Request, Response};
use crate::engine::Session;
use crate::error::{Error, Result};
use crate::facts::{DataHeld, DataQuery, FactsQuery};
use crate::intent::VerifyIntent;
use crate::intent::mirror::NEWEST;
use crate::model::syntax::shown;
use crate::model::{BySide, Side};

impl Controller {
    /// Reads every byte of a mirror again. What it comes to, in words; code `data_damaged` with the path when
    /// something is not as it was copied.
    pub fn examine(&self, wanted: &VerifyIntent, looking: Looking<'_>) -> Result<String> {
        let pair = self.need_pair()?;
        let sides: &[Side] = match wanted.side {
            Some(Side::Primary) => &[Side::Primary],
            Some(Side::Secondary) => &[Side::Secondary],
            None if wanted.mirror == NEWEST => &[Side::Secondary],
            // The nodes number their operations together: one of them has the mirror.
            None => &[Side::Secondary, Side::Primary],
        };
        let (mut session, mut faults) = self.connect(&pair, "verify a mirror", sides, looking.cancel)?;
        let mut missing = None;
        for &side in sides {
            if let Some(fault) = faults[side].take() {
                // It may be the one that has it.
                missing = Some(fault);
                continue;
            }
            match read_on(&mut session, side, &wanted.mirror, looking) {
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
    pub fn data_held(&self, cancel: &Cancel) -> Result<BySide<DataHeld>> {
        let pair = self.need_pair()?;
        let profile = self.profile(&pair)?;
        let (mut session, mut faults) = self.connect(&pair, "list data", &Side::BOTH, cancel)?;
        let mut answers = gather(&mut session, &Side::BOTH, |_| FactsQuery {
            brief: true,
            data: Some(DataQuery {
                backup: profile.backup.clone(),
                live: Vec::new(),
            }),
            ..FactsQuery::default()
        })?;
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
fn read_on(session: &mut Session, side: Side, mirror: &str, looking: Looking<'_>) -> Result<String> {
    let request = Request::Examine {
        mirror: mirror.to_owned(),
        source: side.other(),
    };
    match look(session, side, &request, looking)? {
        Response::Step(report) => Ok(report.detail),
        other => Err(Error::bug(format!("unexpected answer to a reading: {other:?}"))),
    }
}
