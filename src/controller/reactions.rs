//! Tries the reactions and alarms of one node by hand.

use super::{Cancel, Controller};
use crate::agent::protocol::{Request, Response};
use crate::error::{Error, Result};
use crate::model::{Mode, Side};
use std::time::Duration;

/// Reactions take seconds each at most.
const PATIENCE: Duration = Duration::from_secs(60);

impl Controller {
    /// Tells the node of `side` that it became `mode`, which it does not; what its reactions said.
    pub fn try_reactions(&self, side: Side, mode: Mode, cancel: &Cancel) -> Result<String> {
        let standby = self.need_pair()?.standby;
        self.try_out(side, "test reaction", Request::React { mode, standby }, cancel)
    }

    /// Raises the alarm `name` of the node of `side` as a test, or clears it; what its program said.
    pub fn try_alarm(&self, side: Side, name: &str, raise: bool, cancel: &Cancel) -> Result<String> {
        let name = name.to_owned();
        self.try_out(side, "test alarm", Request::Alarm { name, raise }, cancel)
    }

    fn try_out(&self, side: Side, what: &str, request: Request, cancel: &Cancel) -> Result<String> {
        let pair = self.need_pair()?;
        let (mut session, mut faults) = self.connect(&pair, what, &[side], cancel)?;
        if let Some(fault) = faults[side].take() {
            return Err(fault);
        }
        let said = session.ask(side, request, PATIENCE);
        match said.map_err(|error| left_running(error, session.name(side)))? {
            Response::Step(report) => Ok(report.detail),
            other => Err(Error::bug(format!("unexpected answer to a test: {other:?}"))),
        }
    }
}

/// What the node was told to run goes on there when nobody waits for it any more.
fn left_running(error: Error, node: &str) -> Error {
    if error.code != "cancelled" {
        return error;
    }
    Error::unknown(
        "cancelled",
        "stopped on request; what it was told to run may go on",
    )
    .on(node)
    .hint("the node's log tells what became of it: `journalctl -t pairadm`")
}
