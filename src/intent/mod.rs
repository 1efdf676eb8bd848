//! From raw answers to validated intents. One [`Form`] per operation serves menu, prompts and flags.

mod form;
mod operation;

pub use form::{Answers, Field, FieldKind, Form};
pub use operation::Operation;
