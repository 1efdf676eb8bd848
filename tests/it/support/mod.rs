//! What integration tests share.

#![allow(dead_code, reason = "what one test does not need the next one does")]

pub mod drive;
pub mod hold;
pub mod lab;
pub mod sentinel;
pub mod snapshot;
pub mod wire;
