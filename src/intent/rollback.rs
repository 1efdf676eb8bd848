//! `data rollback`: make live again what a side had before the newest load. The review shows what
//! that is; nothing is asked.

use super::Form;
use crate::model::{Pair, Side};

/// A form without questions.
pub fn form(pair: &Pair, side: Side) -> Form {
    Form {
        title: format!(
            "Roll back data of the pair {} on {}",
            pair.name, pair.nodes[side].hostname
        ),
        fields: Vec::new(),
    }
}
