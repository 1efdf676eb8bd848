//! The text of every file that pairadm manages: the present text and what is wanted in, the new text out.
//! Lines of others stay as they are and where they are.

pub mod authorized_keys;
pub mod chrony;
pub mod guard_units;
pub mod hosts;
pub mod known_hosts;
mod lines;
pub mod schedule_unit;
pub mod sync_unit;
pub mod sysctl;
mod template;
