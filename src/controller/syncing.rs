//! Planning a synchronisation: which files differ is known from the nodes' surveys, what is in them is
//! asked after that.

use super::facts::{all, gather};
use crate::engine::Session;
use crate::error::Result;
use crate::facts::{Facts, FactsQuery};
use crate::intent::{self, Answers, SyncIntent};
use crate::model::{BySide, Side};
use crate::plan::{Basis, Plan, continuous, sync};

/// Plans what `data sync` was asked for.
pub(super) fn plan_sync(session: &mut Session, answers: &Answers, basis: &Basis<'_>) -> Result<Plan> {
    match intent::sync::resolve(answers)? {
        SyncIntent::Once => once(session, basis),
        SyncIntent::Continuous => continuous::plan(basis, true),
        SyncIntent::Off => continuous::plan(basis, false),
    }
}

fn once(session: &mut Session, basis: &Basis<'_>) -> Result<Plan> {
    sync::needs_paths(basis.profile)?;
    let files = sync::wanted_files(basis, sync::active(basis)?)?;
    let contents = all(gather(session, &Side::BOTH, |_| FactsQuery {
        files: files.clone(),
        brief: true,
        ..FactsQuery::default()
    })?)?;
    let facts = BySide::new(|side| -> Option<Facts> {
        let mut facts = basis.facts[side]?.clone();
        let read = contents[side].as_ref()?;
        facts.files.extend(read.files.iter().cloned());
        Some(facts)
    });
    sync::plan(&Basis {
        facts: facts.as_ref().map(|_, facts| facts.as_ref()),
        ..*basis
    })
}
