//! `reverse`: swap the roles. It asks nothing, because both nodes hold every detail of the pair.

use super::Form;
use crate::model::Pair;

/// A form without questions: the review shows what becomes of the roles.
pub fn form(pair: &Pair) -> Form {
    Form {
        title: format!(
            "Reverse the roles: {} becomes primary, {} secondary; traffic stays",
            pair.nodes.secondary.hostname, pair.nodes.primary.hostname
        ),
        fields: Vec::new(),
    }
}
