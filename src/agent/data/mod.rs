//! The node's part of moving data: saving what is live, and what is kept of it.
//!
//! ```text
//!   save ──┬── files, sqlite, postgresql ──┬── copy: files with all that belongs to them
//!          └── inventory ─> manifest       └── stream: programs whose input or output is data
//!   mirror: copying what was saved from node to node
//! ```

mod copy;
mod files;
mod inventory;
mod kept;
pub mod mirror;
mod names;
mod postgresql;
mod rows;
mod save;
mod sqlite;
mod stream;
mod survey;

pub use kept::{Kept, apply, look, revert, verify};
pub use rows::rows;
pub use survey::survey;
