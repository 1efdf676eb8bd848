//! Files on a node: looked at, backed up, replaced atomically and restored exactly (S3, S4, S5, S10).
//!
//! ```text
//!   look ──> obstacles? ──> backup ──> journal ──> temp beside, fsync, rename, fsync ──> read back
//!                                         │                                                 │
//!                                         └──────── live hash is the original's, ours, ─────┘
//!                                                   or somebody else's: conflict
//! ```

mod backup;
mod conflict;
mod directory;
mod fault;
mod found;
mod live;
mod obstacle;
mod put;
mod replace;
mod space;

pub use backup::existing as backup_of;
pub use fault::fault;
pub use found::Found;
pub use obstacle::{check as check_replaceable, check_own, existing_directory, image};
pub use put::{Request, Want, Wear, apply, find, revert, still_ours, sweep, verify};
pub use replace::{beside, remove_if_there};
pub use space::check_room;
