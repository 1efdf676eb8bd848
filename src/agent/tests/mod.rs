//! The agent as its controller sees it: whole operations on real files, with everything that can go
//! wrong between two of their effects.

mod arm;
mod crash;
mod files;
mod lease;
mod lifecycle;
mod long;
pub mod support;
mod units;
