//! What all three doors stand on: the pair, ways to its nodes, and the life of an operation from
//! form to report.

mod cancel;

pub use cancel::Cancel;
