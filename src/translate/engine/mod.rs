//! What the table makes of the addresses in a text: translating and scanning, on top of the crate
//! `addresses`, which recognises them.

#[cfg(test)]
mod cases;
mod scan;
#[cfg(test)]
mod tests;
mod translator;

pub use scan::{Occurrence, scan};
pub(super) use scan::{Scan, subject};
pub use translator::{Counts, Translator};
