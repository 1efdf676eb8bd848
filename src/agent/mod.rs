//! What runs on a node: one process per SSH channel, JSON lines in, JSON lines out.

pub mod program;
pub mod protocol;
