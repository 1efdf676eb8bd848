//! The failback of data: after a takeover the active secondary's data to the passive primary, which then
//! loses what it has itself. Each way of it is confirmed by the primary's name.

use super::{Answers, Field, Form, load};
use crate::error::Result;
use crate::facts::DataHeld;
use crate::model::{BySide, Pair, Side};

/// The answer that confirms it.
pub const CONFIRMATION: &str = "confirm_primary";

/// The questions of the copy.
pub fn copy_form(pair: &Pair) -> Form {
    const BACKUP_HELP: &str = "Say yes to save the secondary's data as it is now and to copy that.
Say no to copy the secondary's current backup; one from before the takeover
is refused.";
    Form {
        title: format!("Copy the data of the pair {} back to the primary", pair.name),
        fields: vec![
            Field::yes_no("backup", "Back up the secondary now", BACKUP_HELP, false),
            confirmation(pair),
        ],
    }
}

/// Whether the copy makes the backup that it copies.
pub fn makes_backup(answers: &Answers) -> bool {
    answers.is_yes("backup")
}

/// The questions of the load; `held` is what both nodes said that they hold.
pub fn load_form(pair: &Pair, held: Option<&BySide<DataHeld>>) -> Form {
    let mut form = load::form(pair, Side::Primary, held);
    form.fields.push(confirmation(pair));
    form
}

/// The load that completed answers describe.
pub fn load(answers: &Answers) -> Result<load::LoadIntent> {
    load::resolve(answers)
}

fn confirmation(pair: &Pair) -> Field {
    const HELP: &str = "Type the host name of the primary.
This confirms that its own data shall give way to the secondary's: what was
created on the primary and is not on the secondary is lost when it is loaded.";
    let primary = pair.nodes[Side::Primary].hostname.as_str();
    Field::typed_confirmation(CONFIRMATION, "Type the primary's name", HELP, primary)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::config::sample;

    #[test]
    fn without_the_primarys_name_nothing_goes_back() {
        let pair = sample::office();
        for form in [copy_form(&pair), load_form(&pair, None)] {
            let mut answers = Answers::default();
            assert!(form.complete(&answers).is_err());
            answers.set(CONFIRMATION, pair.nodes[Side::Secondary].hostname.as_str());
            assert!(form.complete(&answers).is_err());
            answers.set(CONFIRMATION, pair.nodes[Side::Primary].hostname.as_str());
            form.complete(&answers).unwrap();
        }
    }
}
