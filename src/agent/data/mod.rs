//! The node's part of moving data: saving what is live, loading what was copied, and what is kept of it.
//!
//! ```text
//!   save ──┬── files, sqlite, postgresql ──┬── copy: files with all that belongs to them
//!          └── inventory ─> manifest       └── stream: programs whose input or output is data
//!              hashed                      what need not be read again
//!   mirror: copying what was saved from node to node
//!   preview ── findings                    what a load would do
//!   search ─── findings                    which addresses there are
//!   stage ──── translated ─> check         a translated copy
//!   swap ───── put_files, sqlite, postgresql_put    the copy becomes live, or what was before
//!   count                                  whether the running service has all of it
//!   live_digest                            what databases were like then
//!   ledger                                 what is loaded
//!   verified                               what came of reading a mirror again
//! ```

mod addresses;
mod copy;
mod count;
mod files;
mod findings;
mod hashed;
mod inventory;
mod kept;
pub mod ledger;
mod live_digest;
pub mod mirror;
mod names;
mod postgresql;
mod postgresql_put;
mod preview;
mod put_files;
pub mod room;
mod rows;
mod save;
mod search;
mod sqlite;
pub mod stage;
mod stream;
mod survey;
pub mod swap;
mod tidy;
mod translated;
pub mod verified;

pub use count::count;
pub use kept::{Kept, apply, look, revert, verify};
pub use names::Names;
pub use preview::preview;
pub use rows::rows;
pub use search::{explain, search};
pub use survey::survey;
pub use tidy::tidy;
