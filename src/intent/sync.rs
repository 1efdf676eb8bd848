//! `data sync`: bring administration files from the active side to the passive one, once or from now on.

use super::{Answers, Field, Form, read};
use crate::error::Result;
use crate::model::Pair;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncIntent {
    /// Now, and that is all.
    Once,
    /// Whenever a file changes, from now on.
    Continuous,
    /// No longer whenever a file changes.
    Off,
}

/// The questions.
pub fn form(pair: &Pair) -> Form {
    const HELP: &str = "Administration files of the active server are brought to the passive one,
with addresses translated where the profile says so. What belongs to each
server is never touched.
Once: now. Continuously: within seconds of every change, from now on; a
takeover turns the direction round. Off: no longer continuously.";
    let choices = [
        ("once", "Once, now"),
        ("on", "Continuously, from now on"),
        ("off", "No longer continuously"),
    ];
    Form {
        title: format!("Synchronize administration files of the pair {}", pair.name),
        fields: vec![Field::choice("when", "Synchronize", HELP, choices).default("once")],
    }
}

/// What completed answers ask for.
pub fn resolve(answers: &Answers) -> Result<SyncIntent> {
    read::needed(answers, "when", |value| match value {
        "once" => Ok(SyncIntent::Once),
        "on" => Ok(SyncIntent::Continuous),
        "off" => Ok(SyncIntent::Off),
        other => Err(format!("`{other}` is not a choice; accepted: once, on, off")),
    })
}
