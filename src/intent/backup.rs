//! `data backup`: save the live data of one side, so that it can be copied.

use super::{Answers, Field, Form, read};
use crate::error::Result;
use crate::model::{Pair, Side};

/// A backup to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupIntent {
    /// Whose data.
    pub side: Side,
}

/// The questions.
pub fn form(pair: &Pair) -> Form {
    const HELP: &str = "Whose data to save. The secondary copies the backup of the primary,
so the primary is the usual answer. The service goes on meanwhile.";
    let choices = Side::BOTH.map(|side| {
        (
            side.to_string(),
            format!("{side} ({})", pair.nodes[side].hostname),
        )
    });
    Form {
        title: format!("Back up data of the pair {}", pair.name),
        fields: vec![Field::choice("side", "Back up", HELP, choices).default("primary")],
    }
}

/// The backup that completed answers describe.
pub fn resolve(answers: &Answers) -> Result<BackupIntent> {
    Ok(BackupIntent {
        side: read::needed(answers, "side", str::parse)?,
    })
}
