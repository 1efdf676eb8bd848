//! Status that stays connected: the menu and `status --watch` ask again and again over open links.

use super::Controller;
use super::lookout::Lookout;
use crate::error::{Error, Result};
use crate::model::{BySide, Cancel, Pair, Side};
use crate::status::Status;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longer than any dialling and asking takes by its own deadlines.
const WITHOUT_HURRY: Duration = Duration::from_secs(60);

/// How long looks that were stopped may take to end.
const ENDING: Duration = Duration::from_millis(500);

/// Open links for looking. Makes no change and takes no lock.
pub struct Live {
    controller: Arc<Controller>,
    patience: Duration,
    watched: Option<(Arc<Pair>, BySide<Lookout>)>,
}

impl Live {
    /// Nothing is connected yet. Waits for both nodes as long as their deadlines allow.
    pub fn new(controller: Arc<Controller>) -> Self {
        Self {
            controller,
            patience: WITHOUT_HURRY,
            watched: None,
        }
    }

    /// Waits no longer than this for a node; the next status may then have its answer.
    #[must_use]
    pub fn patient(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The pair now. A node that cannot be asked is part of the answer (L3); `cancel` stops the look (L4).
    pub fn status(&mut self, cancel: &Cancel) -> Result<Status> {
        let pair = self.controller.need_pair()?;
        let profile = self.controller.profile(&pair)?;
        let patience = self.patience;
        let lookouts = self.lookouts(&pair)?;
        for side in Side::BOTH {
            lookouts[side].begin();
        }
        let answers = BySide::new(|side| lookouts[side].answer(patience, cancel));
        if cancel.asked() {
            self.leave();
            return Err(Error::cancelled());
        }
        Ok(crate::status::assemble(
            &pair,
            &profile,
            &answers,
            super::identity::now(),
        ))
    }

    /// Ends the looks under way and what they asked the operator.
    fn leave(&mut self) {
        let Some((_, lookouts)) = self.watched.take() else {
            return;
        };
        for (_, lookout) in lookouts.iter() {
            lookout.stop();
        }
        let until = Instant::now() + ENDING;
        for (_, lookout) in lookouts.iter() {
            lookout.ended(until);
        }
    }

    /// The lookouts for this pair; new ones when the pair file has changed.
    fn lookouts(&mut self, pair: &Arc<Pair>) -> Result<&mut BySide<Lookout>> {
        if self.watched.as_ref().is_none_or(|(watched, _)| watched != pair) {
            let start = |side| -> Result<Lookout> {
                let profile = self.controller.profile(pair)?;
                Lookout::new(Arc::clone(&self.controller), Arc::clone(pair), profile, side)
            };
            let lookouts = BySide {
                primary: start(Side::Primary)?,
                secondary: start(Side::Secondary)?,
            };
            self.watched = Some((Arc::clone(pair), lookouts));
        }
        let watched = self.watched.as_mut();
        watched
            .map(|(_, lookouts)| lookouts)
            .ok_or_else(|| Error::bug("nothing is watched"))
    }
}
