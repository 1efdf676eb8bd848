//! Carries out a plan: lock, journal, apply stage by stage, verify, commit; and the ways back.
//!
//! ```text
//!          lock both ──> begin ──> [arm] ──> stage 1 ──> … ──> stage n ──> confirm ──> finish ──> unlock
//!              │           │                    │ a step fails                │
//!           refused     refused                 └──> revert in reverse order ─┴──> rolled back / unknown
//! ```

mod event;

pub use event::{Event, Listener, Progress};
