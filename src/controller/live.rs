//! Status that stays connected: the menu and `status --watch` ask again and again over open links.

use super::Controller;
use super::facts::gather;
use crate::engine::Session;
use crate::error::{Error, Result};
use crate::model::{BySide, Side};
use crate::status::Status;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// After this long a node that could not be reached is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// Open links for looking. Makes no change and takes no lock.
pub struct Live {
    controller: Arc<Controller>,
    session: Option<Session>,
    faults: BySide<Option<Error>>,
    tried: Instant,
}

impl Live {
    /// Nothing is connected yet.
    pub fn new(controller: Arc<Controller>) -> Self {
        Self {
            controller,
            session: None,
            faults: BySide::default(),
            tried: Instant::now(),
        }
    }

    /// The pair now. A node that cannot be asked is part of the answer (L3).
    pub fn status(&mut self) -> Result<Status> {
        let pair = self.controller.need_pair()?;
        let profile = self.controller.profile(&pair)?;
        let down = self.faults.iter().any(|(_, fault)| fault.is_some());
        if self.session.is_none() || (down && self.tried.elapsed() >= RETRY) {
            let (session, faults) = self.controller.connect(&pair, "status", &Side::BOTH);
            (self.session, self.faults, self.tried) = (Some(session), faults, Instant::now());
        }
        let Some(session) = &mut self.session else {
            return Err(Error::bug("no session after connecting"));
        };
        let up = session.up();
        let answers = gather(session, &up, |side| crate::status::query(&pair, &profile, side));
        for (side, answer) in answers.iter() {
            if let Some(Err(error)) = answer {
                self.faults[side] = Some(error.clone());
            }
        }
        let mut faults = self.faults.clone();
        let answers = answers.map(|side, answer| {
            answer.unwrap_or_else(|| {
                Err(faults[side]
                    .take()
                    .unwrap_or_else(|| Error::incomplete("unreachable", "not asked")))
            })
        });
        Ok(crate::status::assemble(
            &pair,
            &profile,
            &answers,
            super::identity::now(),
        ))
    }
}
