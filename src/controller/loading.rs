//! Planning a load: the node looks at the folder first, which may take long.

use super::looking::look;
use crate::agent::protocol::{LoadQuery, Request, Response};
use crate::config::Profile;
use crate::data::{Choice, Preview};
use crate::engine::Session;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::intent::{self, Answers};
use crate::model::Side;
use crate::plan::load::LoadInput;
use crate::plan::{self, Basis, Plan};
use crate::translate::{TRANSLATION_FILE, Table};

/// Plans a load on the secondary.
pub(super) fn plan_load(session: &mut Session, answers: &Answers, basis: &Basis<'_>) -> Result<Plan> {
    let intent = intent::load::resolve(answers)?;
    let table = table(basis.need(Side::Secondary)?)?;
    let preview = preview(session, basis.profile, intent.choice, &table)?;
    plan::load::load(&LoadInput {
        basis: *basis,
        preview: &preview,
        table: &table,
        again: intent.again,
    })
}

/// Plans the rollback of the newest load.
pub(super) fn plan_rollback(session: &mut Session, basis: &Basis<'_>) -> Result<Plan> {
    let preview = preview(session, basis.profile, Choice::Before, &Table::default())?;
    plan::load::rollback(basis, &preview)
}

/// The translation table as the secondary has it; none is an empty one.
fn table(facts: &Facts) -> Result<Table> {
    let content = facts
        .file(TRANSLATION_FILE)
        .and_then(|file| file.content.as_ref());
    let Some(content) = content else {
        return Ok(Table::default());
    };
    let bytes = content
        .to_bytes()
        .map_err(|why| Error::bug(why).at(TRANSLATION_FILE))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Error::refused("bad_translation_file", "the translation table is no text").at(TRANSLATION_FILE)
    })?;
    Table::parse(&text, TRANSLATION_FILE)
}

/// Asks the secondary until it has looked at everything.
fn preview(session: &mut Session, profile: &Profile, choice: Choice, table: &Table) -> Result<Preview> {
    let request = Request::Preview(Box::new(LoadQuery {
        choice,
        sets: profile.data.clone(),
        table: table.clone(),
    }));
    match look(session, Side::Secondary, &request, &mut |_| Ok(()))? {
        Response::Preview(preview) => Ok(*preview),
        other => Err(Error::bug(format!(
            "unexpected answer to a look at a load: {other:?}"
        ))),
    }
}
