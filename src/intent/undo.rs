//! `undo`: take back an earlier operation. Its number is all it needs; the review shows the rest.

use super::Form;
use crate::model::OpId;

/// A form without questions.
pub fn form(op: OpId) -> Form {
    Form {
        title: format!("Undo operation {op}"),
        fields: Vec::new(),
    }
}
