//! What can move traffic to the other side.

use std::process::Command;

/// Moves traffic each time it is asked.
pub trait Mover {
    /// To the side that is passive now; returns when that is done by its own account.
    fn take_over(&mut self);
}

/// Moves nothing: what is measured then is the machine.
pub struct Stay;

impl Mover for Stay {
    fn take_over(&mut self) {}
}

/// The names of both nodes, the active one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Active {
    /// Serves calls.
    pub now: &'static str,
    /// Does not.
    pub next: &'static str,
}

impl Active {
    /// As configured: the first node serves calls.
    pub const FIRST: Self = Self {
        now: "alpha",
        next: "beta",
    };

    /// After a takeover.
    pub fn moved(self) -> Self {
        Self {
            now: self.next,
            next: self.now,
        }
    }
}

/// A program at the priority that programs have; this process's own is higher.
pub fn normal(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new("nice");
    command.args(["-n", "20"]).arg(program);
    command
}
