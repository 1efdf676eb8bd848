//! pairadm administers a redundant pair of SIP servers: it plans a change, shows it, pushes it to
//! both nodes, verifies it, undoes it, and reports it.

pub mod agent;
pub mod cli;
pub mod config;
pub mod controller;
pub mod engine;
pub mod error;
pub mod facts;
pub mod intent;
pub mod lab;
pub mod model;
pub mod plan;
pub mod probe;
pub mod prompt;
pub mod remote;
pub mod render;
pub mod report;
pub mod status;
pub mod tui;
