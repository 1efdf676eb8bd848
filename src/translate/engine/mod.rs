//! The engine: recognising addresses in a text, and copying the text with some of them replaced.
//!
//! ```text
//!  bytes ─stream─> pieces ─candidates─> dots and colons ─v4, v6─> Token ─lookup─> Replacement
//! ```
//!
//! Translating and scanning are two visitors of the same pass, so they cannot disagree about what an
//! address is.

mod candidates;
#[cfg(test)]
mod cases;
mod lookup;
mod scan;
mod stream;
#[cfg(test)]
mod tests;
mod token;
mod translator;
mod v4;
mod v6;

pub(super) use scan::Scan;
pub use scan::{Occurrence, scan};
pub(super) use stream::{Piece, Visitor, pass, pass_whole};
pub(super) use token::REACH;
pub use translator::{Counts, Translator};
