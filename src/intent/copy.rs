//! `data copy`: bring the primary's current backup to the secondary. What and where is in the pair file
//! and the profile, so nothing is asked.

use super::Form;
use crate::model::Pair;

/// No questions.
pub fn form(pair: &Pair) -> Form {
    Form {
        title: format!("Copy the backup of the pair {}", pair.name),
        fields: Vec::new(),
    }
}
