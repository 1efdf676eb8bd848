//! `restart`: restart services whose restart was put off.

use super::{Answers, Field, Form};
use crate::model::{Pair, Side};

/// Restarts to make up for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestartIntent {
    /// Sides whose pending restarts are made, one after the other.
    pub sides: Vec<Side>,
}

/// The questions.
pub fn form(pair: &Pair) -> Form {
    const HELP: &str = "Where to restart the services whose restart was put off.
Calls on the active side may be lost; the passive side first is safer:
restart it, take over, then restart the other one.
Repeated restarts in a short time are warned about.";
    let name = |side: Side| format!("{side} ({})", pair.nodes[side].hostname);
    let choices = [
        ("both".to_owned(), "both sides".to_owned()),
        ("primary".to_owned(), name(Side::Primary)),
        ("secondary".to_owned(), name(Side::Secondary)),
    ];
    Form {
        title: format!("Restart pending services of the pair {}", pair.name),
        fields: vec![Field::choice("side", "Restart on", HELP, choices).default("both")],
    }
}

/// The restarts that completed answers describe.
pub fn resolve(answers: &Answers) -> RestartIntent {
    let sides = match answers.get("side").map(str::parse) {
        Some(Ok(side)) => vec![side],
        _ => Side::BOTH.to_vec(),
    };
    RestartIntent { sides }
}
