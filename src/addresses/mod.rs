//! Recognises IP addresses in texts, and copies texts with some of them replaced.
//!
//! ```text
//!  bytes ─stream─> pieces ─candidates─> dots and colons ─v4, v6─> Token ─lookup─> Replacement
//! ```
//!
//! Translating and scanning are two visitors of the same pass, so they cannot disagree about what an
//! address is.

mod candidates;
mod classes;
mod copy;
mod lookup;
mod stream;
mod token;
mod v4;
mod v6;

pub use copy::Copy;
pub use lookup::Lookup;
#[cfg(test)]
pub use stream::pass_in;
pub use stream::{Piece, Visitor, pass, pass_whole};
pub use token::{REACH, Token};
