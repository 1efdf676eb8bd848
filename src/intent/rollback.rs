//! `data rollback`: make live again what the secondary had before the newest load. The review shows what
//! that is; nothing is asked.

use super::Form;
use crate::model::{Pair, Side};

/// A form without questions.
pub fn form(pair: &Pair) -> Form {
    Form {
        title: format!(
            "Roll back data of the pair {} on {}",
            pair.name,
            pair.nodes[Side::Secondary].hostname
        ),
        fields: Vec::new(),
    }
}
