//! Planning a load: the node looks at the folder first, which may take long.

use super::failing_back;
use super::looking::{Looking, look};
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
pub(super) fn plan_load(
    session: &mut Session,
    answers: &Answers,
    basis: &Basis<'_>,
    looking: Looking<'_>,
) -> Result<Plan> {
    let intent = intent::load::resolve(answers)?;
    let table = table(basis.need(Side::Secondary)?)?;
    let side = Side::Secondary;
    let preview = preview(session, basis.profile, side, intent.choice, &table, looking)?;
    plan::load::load(&LoadInput {
        basis: *basis,
        side,
        preview: &preview,
        table: &table,
        no_way_back: &[],
        again: intent.again,
    })
}

/// Plans a failback: a load on the primary, with the table the other way round.
pub(super) fn plan_failback_load(
    session: &mut Session,
    answers: &Answers,
    basis: &Basis<'_>,
    looking: Looking<'_>,
) -> Result<Plan> {
    let intent = intent::failback::load(answers)?;
    let side = Side::Primary;
    let present = plan::translation::present(basis)?;
    if present.differ {
        return Err(
            Error::refused("tables_differ", "the nodes have different translation tables")
                .at(TRANSLATION_FILE)
                .hint("every change with `pairadm translation set` writes the same to both"),
        );
    }
    let (table, no_way_back) = present.table.way_back();
    let preview = preview(session, basis.profile, side, intent.choice, &table, looking)?;
    let mut plan = plan::load::load(&LoadInput {
        basis: *basis,
        side,
        preview: &preview,
        table: &table,
        no_way_back: &no_way_back,
        again: intent.again,
    })?;
    if !plan.is_empty() {
        let losses = failing_back::of_failback(session, basis, &preview);
        plan.notice.extend(plan::lost::lines(&losses, basis.name(side)));
    }
    Ok(plan)
}

/// Plans the rollback of the newest load.
pub(super) fn plan_rollback(
    session: &mut Session,
    basis: &Basis<'_>,
    side: Side,
    looking: Looking<'_>,
) -> Result<Plan> {
    let preview = preview(
        session,
        basis.profile,
        side,
        Choice::Before,
        &Table::default(),
        looking,
    )?;
    plan::load::rollback(basis, side, &preview)
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

/// Asks the node of `side` until it has looked at everything.
fn preview(
    session: &mut Session,
    profile: &Profile,
    side: Side,
    choice: Choice,
    table: &Table,
    looking: Looking<'_>,
) -> Result<Preview> {
    let request = Request::Preview(Box::new(LoadQuery {
        choice,
        sets: profile.data.clone(),
        table: table.clone(),
        source: side.other(),
        counts: profile.load.counts.clone(),
    }));
    match look(session, side, &request, looking)? {
        Response::Preview(preview) => Ok(*preview),
        other => Err(Error::bug(format!(
            "unexpected answer to a look at a load: {other:?}"
        ))),
    }
}
