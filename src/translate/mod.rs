//! Translation: data of the primary is loaded on the secondary with the primary's addresses replaced by
//! the secondary's. A [`Table`] says which address becomes which, [`check`] what is wrong with it,
//! [`Findings`] what the data holds.

pub mod check;
pub mod csv_file;
mod edit;
mod engine;
mod findings;
mod subject;
mod table;
mod table_csv;
mod table_file;
mod tree;
mod view;

pub use edit::{Edit, Edits, checked_note};
pub use engine::{Counts, Occurrence, Translator, scan};
pub use findings::{Findings, Found, Place};
pub use subject::Subject;
pub use table::{Entry, NoWayBack, Table};
pub use table_csv::CsvKind;
pub use table_file::TRANSLATION_FILE;
pub use tree::{Explained, Explanation, Rules, TreeReport, explain, scan_tree, translate_tree};
pub use view::{Decision, Files, Owner, Owners, Row, Scanned, TranslationView};
