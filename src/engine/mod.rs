//! Carries out a plan: lock, journal, apply stage by stage, verify, commit; and the ways back.
//!
//! ```text
//!   lock both ─> begin ─> arm ─> prepare ─> apply + read back ─> settle ─> … ─> confirm ─> finish ─> unlock
//!      │           │       │        │              │                              │
//!   refused     refused  refused    └── a step failed: revert in reverse order ───┘
//!                                          │                 │               │
//!                                     rolled back   a node is away:   a person changed
//!                                                     incomplete      it: unknown
//! ```
//!
//! The engine decides nothing: which step, where and in which order is in the plan, how a step is
//! applied, verified and reverted is in the agent.

mod deadline;
mod event;
mod give_way;
mod group;
mod keep_alive;
mod lease;
mod long;
mod recover;
mod rollback;
mod run;
mod session;

#[cfg(test)]
mod fake;
#[cfg(test)]
mod tests;

pub use event::{Event, Listener, Progress, Record, Recorder};
pub use give_way::{ask_for_way, clear};
pub use recover::{OpenOperation, find_open, next_op, oriented};
pub use run::{Direction, Run, Verdict};
pub use session::Session;
