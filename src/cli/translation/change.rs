//! `pairadm translation set` and `unset`: one row.

use crate::cli::change;
use crate::cli::output::Done;
use crate::cli::session::Session;
use crate::error::{Error, Result};
use crate::intent::{Operation, translation};
use crate::translate::{Edit, Edits, Subject, Table, checked_note};
use clap::Args;

/// Arguments of `translation set`.
#[derive(Debug, Args)]
pub struct SetArgs {
    /// The address the primary uses; with a prefix length where it is written so
    #[arg(value_name = "FROM")]
    from: Subject,
    /// The address the secondary uses; without it the row is noticed, not decided
    #[arg(value_name = "TO")]
    to: Option<Subject>,
    /// A note for people; an empty one removes the present one
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

/// Arguments of `translation unset`.
#[derive(Debug, Args)]
pub struct UnsetArgs {
    /// The address the primary uses
    #[arg(value_name = "FROM")]
    from: Subject,
}

/// Adds or changes a row.
pub fn set(session: &Session, args: &SetArgs) -> Result<Done> {
    if let Some(note) = &args.note {
        checked_note(note).map_err(|why| Error::refused("bad_note", why).at("--note"))?;
    }
    // Refused by the flag's name before a node is asked.
    Table::default().set(args.from, args.to, None)?;
    let edit = Edit::Set {
        from: args.from,
        to: args.to,
        note: args.note.clone(),
    };
    make(session, &Edits(vec![edit]))
}

/// Removes a row.
pub fn unset(session: &Session, args: &UnsetArgs) -> Result<Done> {
    make(session, &Edits(vec![Edit::Unset(args.from)]))
}

/// Carries edits through as one operation.
pub fn make(session: &Session, edits: &Edits) -> Result<Done> {
    if edits.is_empty() {
        session
            .output
            .say([&crate::render::Line::plain("The table says so already.")]);
        return Done::with(serde_json::json!({ "changes": false }));
    }
    change::run(session, Operation::Translation, &translation::answers(edits))
}
