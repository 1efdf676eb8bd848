//! Reaching an agent: a local child process, or a channel over SSH.
//!
//! [`Dialer`] connects, [`Operator`] answers what only a person can, [`Link`] is the conversation. On the
//! way over SSH the host key decides first, before anything is sent ([`HostKey`], S6); then the log-in,
//! each way once; then the agent is started, and brought to the node where it is missing. Every step
//! runs on non-blocking sockets under one deadline (L2) and ends when somebody asks to stop ([`GiveUp`], L4), and text of a node is cleaned when it arrives
//! ([`sanitize`], S11).

mod auth;
mod bootstrap;
mod connect;
mod deadline;
mod dialer;
mod give_up;
mod host_key;
mod ingest;
mod keys;
mod known_hosts;
mod link;
mod local;
mod named;
mod operator;
mod resolve;
pub mod sanitize;
mod ssh;
#[cfg(test)]
mod stub;
mod target;
#[cfg(test)]
mod tests;
mod trust;
mod wire;

pub use bootstrap::Program;
pub use dialer::{Dialer, WithoutNodeKey};
pub use give_up::GiveUp;
pub use host_key::HostKey;
pub use keys::KeySources;
pub use known_hosts::Opinion;
pub use named::Named;
pub use operator::{Introduction, Operator, SecretWanted, Unattended};
pub use sanitize::{excerpt, sanitize};
pub use target::Target;

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
    /// Connects to the node of `side` within `deadline`, unless it is to be given up: code `cancelled`. Waits
    /// on the link end with the same wish.
    fn dial_unless(
        &self,
        side: crate::model::Side,
        deadline: Duration,
        give_up: &GiveUp,
    ) -> Result<Box<dyn Link>>;

    /// Connects within `deadline`; nobody can stop it.
    fn dial(&self, side: crate::model::Side, deadline: Duration) -> Result<Box<dyn Link>> {
        self.dial_unless(side, deadline, &GiveUp::never())
    }
}
