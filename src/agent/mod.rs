//! What runs on a node: one process per SSH channel, JSON lines in, JSON lines out.

pub mod announce;
pub mod paths;
pub mod program;
pub mod protocol;
pub mod traffic;
pub mod vip;
pub mod watch;

pub use paths::NodePaths;
