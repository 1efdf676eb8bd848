//! All integration tests in one binary: one link, one place for the practice lab's slots.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod cli;
mod data;
mod fuzz;
mod lab;
mod network;
mod pair;
mod remote;
mod support;
mod tui;
