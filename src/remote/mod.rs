//! Reaching an agent: a local child process, or a channel over SSH.

use crate::agent::protocol::{Hello, Request, Response};
use crate::error::Result;
use std::time::Duration;

/// A conversation with the agent of one node. One request at a time; dropping it ends the agent,
/// which then reverts what was armed and not confirmed.
pub trait Link: Send {
    /// What the agent said of itself.
    fn hello(&self) -> &Hello;

    /// Asks and waits for the answer. The deadline covers sending, the work on the node, and the
    /// answer; when it passes, the link is broken and every later call fails with code `link_lost`.
    fn call(&mut self, request: Request, deadline: Duration) -> Result<Response>;
}

/// Opens links; the engine opens a second one to confirm armed changes (S9).
pub trait Dial: Send + Sync {
    /// Connects to the node of `side` within `deadline`.
    fn dial(&self, side: crate::model::Side, deadline: Duration) -> Result<Box<dyn Link>>;
}
