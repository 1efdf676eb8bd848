//! The menu without a terminal: events in, frames out.

mod fixture;
mod flow;
mod frames;
