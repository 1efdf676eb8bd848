//! What runs on a node: one process per SSH channel, JSON lines in, JSON lines out.

pub mod paths;
pub mod program;
pub mod protocol;
pub mod traffic;

pub use paths::NodePaths;
