//! `translation`: changes of the table that says which address of the primary becomes which.

use super::{Answers, Field, Form, read};
use crate::error::Result;
use crate::model::Pair;
use crate::translate::Edits;

/// The key of the one question.
pub const CHANGES: &str = "changes";

/// Changes to make in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranslationIntent {
    /// In order.
    pub edits: Edits,
}

/// The questions.
pub fn form(pair: &Pair) -> Form {
    const HELP: &str = "FROM=TO  the secondary uses TO where the primary uses FROM
FROM=    noticed, not decided yet          FROM=FROM  stays, on purpose
-FROM    its row goes
A note in double quotes may follow; put commas between changes. Example:
192.0.2.11=192.0.2.12 \"the box itself\", -192.0.2.40";
    Form {
        title: format!("Translation table of the pair {}", pair.name),
        fields: vec![
            Field::text(CHANGES, "Changes", HELP)
                .required()
                .check(|value, _| value.parse::<Edits>().map(drop)),
        ],
    }
}

/// The answers that ask for `edits`.
pub fn answers(edits: &Edits) -> Answers {
    let mut answers = Answers::default();
    answers.set(CHANGES, edits.to_string());
    answers
}

/// The changes that completed answers describe.
pub fn resolve(answers: &Answers) -> Result<TranslationIntent> {
    Ok(TranslationIntent {
        edits: read::needed(answers, CHANGES, str::parse)?,
    })
}
