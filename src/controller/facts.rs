//! Asking both nodes at once what they are like.

use crate::agent::protocol::{Request, Response};
use crate::engine::Session;
use crate::error::{Error, Result};
use crate::facts::{Facts, FactsQuery};
use crate::model::{BySide, Side};
use std::time::{Duration, Instant};

/// Full facts include a version command and a search of the network configuration.
const FULL: Duration = Duration::from_secs(20);

/// One node's facts, or why there are none, with the round trip in microseconds.
pub type Answer = Result<(Facts, u64), Error>;

/// Asks every linked node of `sides`; `query` is made for each side. A node that cannot answer is part of the
/// answer, a wish to stop is an error.
pub fn gather(
    session: &mut Session,
    sides: &[Side],
    query: impl Fn(Side) -> FactsQuery + Sync,
) -> Result<BySide<Option<Answer>>> {
    let answers = session.each(sides, |node| {
        let began = Instant::now();
        match node.ask(Request::Facts(query(node.side)), FULL)? {
            Response::Facts(facts) => Ok((
                *facts,
                u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
            )),
            other => Err(Error::bug(format!("unexpected answer to facts: {other:?}"))),
        }
    });
    session.heed()?;
    Ok(answers)
}

/// The facts alone, where both nodes have to answer.
pub fn all(answers: BySide<Option<Answer>>) -> Result<BySide<Option<Facts>>> {
    let mut facts = BySide::default();
    let BySide { primary, secondary } = answers;
    for (side, answer) in [(Side::Primary, primary), (Side::Secondary, secondary)] {
        facts[side] = answer.transpose()?.map(|(facts, _)| facts);
    }
    Ok(facts)
}
