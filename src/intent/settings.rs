//! `settings`: what may change in a configured pair without asking for its servers again.

use super::{Answers, Form, RestartChoice, configure, copy_fields, pair_fields};
use crate::error::Result;
use crate::model::Pair;

/// A configured pair with changed settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsIntent {
    /// The pair as it shall be.
    pub pair: Pair,
    /// When services are restarted.
    pub restart: RestartChoice,
}

/// The questions, with the present settings as defaults.
pub fn form(pair: &Pair) -> Form {
    let mut known = configure::describe(pair);
    copy_fields::describe(&pair.copying, &mut known);
    Form {
        title: format!("Settings of the pair {}", pair.name),
        fields: vec![
            pair_fields::ports(),
            pair_fields::block(),
            pair_fields::ntp(),
            pair_fields::standby(),
            pair_fields::priority(),
            pair_fields::encrypted_link(),
            copy_fields::keep(),
            copy_fields::max_age(),
            copy_fields::limit(),
            pair_fields::restart(),
        ],
    }
    .with_defaults(&known)
}

/// The pair with the settings that completed answers describe.
pub fn resolve(answers: &Answers, present: &Pair) -> Result<SettingsIntent> {
    let restart = pair_fields::resolve_restart(answers)?;
    let mut pair = present.clone();
    pair_fields::apply_settings(answers, &mut pair)?;
    pair.copying = copy_fields::resolve(answers)?;
    configure::refuse_faults(&pair)?;
    Ok(SettingsIntent { pair, restart })
}
