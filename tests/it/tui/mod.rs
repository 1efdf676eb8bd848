//! The menu: events in, frames out without a terminal; and all of it on a real one.

mod child;
mod data;
mod faults;
mod fixture;
mod flow;
mod forms;
mod frames;
mod pty;
mod terminal;
mod translation;
