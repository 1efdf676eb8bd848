//! The data of a pair on real nodes: saved, copied, translated and loaded, and what is left when
//! something goes away in the middle.

mod auto;
mod backup;
mod copy;
mod diff;
mod failback;
mod load;
mod load_counts;
mod load_faults;
mod loading;
mod mirrors;
mod preview_failback;
mod sync;
mod translation;
