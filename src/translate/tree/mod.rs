//! Walks a mirror: copies it translated, lists its addresses, or explains one of them. Texts, SQLite
//! databases, and archives of these in any nesting are looked into; everything else is copied as it is.

mod archive;
mod collect;
mod content;
mod database;
mod explain;
mod job;
mod kind;
mod rules;
mod sift;
mod sql_tables;
mod sql_words;
mod table_rows;
#[cfg(test)]
mod tests;
mod walk;

pub use explain::{Explained, Explanation};
pub use rules::Rules;
pub use walk::{TreeReport, explain, scan_tree, translate_tree};
