//! Tries the reactions of one node by hand.

use super::Controller;
use crate::agent::protocol::{Request, Response};
use crate::error::{Error, Result};
use crate::model::{Mode, Side};
use std::time::Duration;

/// Reactions take seconds each at most.
const PATIENCE: Duration = Duration::from_secs(60);

impl Controller {
    /// Tells the node of `side` that it became `mode`, which it does not; what its reactions said.
    pub fn try_reactions(&self, side: Side, mode: Mode) -> Result<String> {
        let pair = self.need_pair()?;
        let (mut session, mut faults) = self.connect(&pair, "test reaction", &[side]);
        if let Some(fault) = faults[side].take() {
            return Err(fault);
        }
        let standby = pair.standby;
        match session.ask(side, Request::React { mode, standby }, PATIENCE)? {
            Response::Step(report) => Ok(report.detail),
            other => Err(Error::bug(format!("unexpected answer to a test: {other:?}"))),
        }
    }
}
