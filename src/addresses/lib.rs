//! Recognises IP addresses in texts, and copies texts with some of them replaced.
//!
//! ```text
//!  bytes ─stream─> pieces ─candidates─> dots and colons ─v4, v6─> Token ─lookup─> Replacement
//! ```
//!
//! A crate of its own for one reason: it is compiled for speed, the rest of the program for size. What
//! it does with each byte therefore stays in here; callers see pieces of many addresses.
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
pub use lookup::{Lookup, Replacement};
pub use stream::{Piece, Visitor, pass, pass_in, pass_whole};
pub use token::{Prefix, REACH, Token};
