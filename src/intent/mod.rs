//! From raw answers to validated intents. One [`Form`] per operation serves menu, prompts and flags;
//! each operation's file has its questions and the intent that completed answers resolve to.

pub mod alone;
mod answers;
pub mod auto;
pub mod backup;
pub mod configure;
pub mod copy;
mod copy_fields;
pub mod failback;
mod field;
mod form;
pub mod load;
pub mod mirror;
mod node_fields;
mod operation;
mod pair_fields;
mod read;
pub mod remove;
pub mod restart;
pub mod reverse;
pub mod rollback;
pub mod settings;
pub mod sync;
pub mod takeover;
pub mod traffic;
pub mod translation;
pub mod undo;
pub mod verify;

pub use alone::AloneIntent;
pub use answers::Answers;
pub use auto::{AutoIntent, Schedule, What};
pub use backup::BackupIntent;
pub use configure::ConfigureIntent;
pub use field::{Check, Field, FieldKind};
pub use form::Form;
pub use load::LoadIntent;
pub use operation::Operation;
pub use pair_fields::RestartChoice;
pub use restart::RestartIntent;
pub use settings::SettingsIntent;
pub use sync::SyncIntent;
pub use takeover::TakeoverIntent;
pub use traffic::TrafficIntent;
pub use translation::TranslationIntent;
pub use verify::VerifyIntent;

use crate::error::{Error, Result};
use crate::facts::DataHeld;
use crate::model::{BySide, Pair, Side};
use crate::status::Status;

/// What is known when a form is made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// The pair file, if there is one.
    pub pair: Option<&'a Pair>,
    /// Names of the profiles to choose from.
    pub profiles: &'a [String],
    /// The newest status, if both nodes were asked already.
    pub status: Option<&'a Status>,
    /// What both nodes hold of the pair's data, if they were asked.
    pub held: Option<&'a BySide<DataHeld>>,
}

impl<'a> Known<'a> {
    /// The pair; code `no_pair` without.
    fn need_pair(&self) -> Result<&'a Pair> {
        self.pair.ok_or_else(|| {
            Error::refused("no_pair", "no pair is configured")
                .hint("configure one with `pairadm configure`, or name its file with --pair")
        })
    }
}

/// The question which mirror is verified; refused without a pair.
pub fn verify_form(known: &Known<'_>) -> Result<Form> {
    Ok(verify::form(known.need_pair()?, known.held))
}

/// The questions of `operation`; refused without a pair, except for `configure` and `traffic`.
pub fn form(operation: Operation, known: &Known<'_>) -> Result<Form> {
    let pair = || known.need_pair();
    Ok(match operation {
        Operation::Configure => configure::form(known.pair, known.profiles),
        Operation::Takeover => {
            let passive = known.status.and_then(|status| status.active).map(Side::other);
            takeover::form(pair()?, passive)
        }
        Operation::Traffic => known
            .pair
            .map_or_else(|| alone::form(known.profiles), traffic::form),
        Operation::Reverse => reverse::form(pair()?),
        Operation::Remove => remove::form(pair()?, known.status),
        Operation::Settings => settings::form(pair()?),
        Operation::Restart => restart::form(pair()?),
        Operation::Backup => backup::form(pair()?),
        Operation::Translation => translation::form(pair()?),
        Operation::Copy => copy::form(pair()?),
        Operation::Load => load::form(pair()?, Side::Secondary, known.held),
        Operation::Rollback => rollback::form(pair()?, Side::Secondary),
        Operation::FailbackCopy => failback::copy_form(pair()?),
        Operation::FailbackLoad => failback::load_form(pair()?, known.held),
        Operation::FailbackRollback => rollback::form(pair()?, Side::Primary),
        Operation::Sync => sync::form(pair()?),
        Operation::Auto => auto::form(pair()?),
        Operation::Undo(op) => {
            pair()?;
            undo::form(op)
        }
    })
}

#[cfg(test)]
mod tests;
