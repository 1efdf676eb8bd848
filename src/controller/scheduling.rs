//! Planning the schedule: the planner is told how fast the link between the nodes is.

use crate::agent::protocol::{Request, Response};
use crate::engine::Session;
use crate::error::Result;
use crate::intent::{self, Answers, AutoIntent, What};
use crate::model::Side;
use crate::plan::schedule::{self, Rate};
use crate::plan::{Basis, Plan};
use std::time::Duration;

/// A measurement takes two seconds on a link that works.
const MEASURE: Duration = Duration::from_secs(15);

/// Plans `data auto`.
pub(super) fn plan_schedule(session: &mut Session, answers: &Answers, basis: &Basis<'_>) -> Result<Plan> {
    let intent = intent::auto::resolve(answers)?;
    let copies = matches!(&intent, AutoIntent::Create(schedule) if schedule.what != What::Sync);
    let rate = if copies { link_rate(session) } else { None };
    schedule::plan(basis, &intent, rate.as_ref())
}

/// How fast the primary's data comes to the secondary. What cannot be measured bars no schedule.
fn link_rate(session: &mut Session) -> Option<Rate> {
    match session.ask(Side::Secondary, Request::LinkRate, MEASURE) {
        Ok(Response::LinkRate { bytes_s }) => Some(Rate {
            bytes_s,
            how: "measured just now".to_owned(),
        }),
        _ => None,
    }
}
