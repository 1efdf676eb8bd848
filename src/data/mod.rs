//! The pair's data: what a SIP server knows beside its program, as sets that can be saved, copied,
//! translated and loaded.
//!
//! ```text
//!   primary                              secondary
//!   live data ──save──> backup ──copy──> mirror ──translate──> staged ──load──> live data
//!                                                                    present data ──save──> aside
//! ```
//!
//! Backup, mirror, staged and aside are folders of one shape: a folder for each data set of the profile,
//! and beside them [`Manifest`], which says what is in them, whose it is, and the hash of every file.

mod automatic;
pub mod diff;
pub mod failback;
mod load;
mod manifest;
mod places;
mod rows;
mod survey;
mod verified;

pub use automatic::{LastRun, RunEnd, Trigger};
pub use load::{Change, Choice, FileChange, Ledger, LedgerEntry, Loaded, Origin, Preview, Room};
pub use manifest::{Copied, Entry, Kind, MANIFEST, Manifest, relative, usual_source};
pub use places::{Places, made_by, maker};
pub use rows::{Row, RowsQuery, TableRows};
pub use survey::{Limit, Survey, Surveyed};
pub use verified::Verified;
