//! What the nodes' journals remember of operations.

use crate::agent::protocol::{Operation, Request, Response};
use crate::engine::Session;
use crate::error::{Error, Result};
use crate::model::{BySide, OpId, Side};
use std::time::Duration;

/// Reading whole journals from a node's disk.
const READ: Duration = Duration::from_secs(20);

/// Everything that is asked for and known.
pub const ALL: u32 = u32::MAX;

/// One node's operations, newest first, or why they could not be read.
pub type Answer = Result<Vec<Operation>>;

/// Asks both nodes for `op`, or for the newest `limit` operations. A node without a link is left out.
pub fn remembered(session: &mut Session, op: Option<OpId>, limit: u32) -> Result<BySide<Option<Answer>>> {
    let answers = session.each(&session.up(), |node| {
        match node.ask(Request::History { op, limit }, READ)? {
            Response::History { operations } => Ok(operations),
            other => Err(Error::bug(format!("unexpected answer to history: {other:?}"))),
        }
    });
    session.heed()?;
    Ok(answers)
}

/// The operations alone, where every linked node has to answer.
pub fn all(answers: BySide<Option<Answer>>) -> Result<BySide<Vec<Operation>>> {
    let mut all = BySide::default();
    let BySide { primary, secondary } = answers;
    for (side, answer) in [(Side::Primary, primary), (Side::Secondary, secondary)] {
        all[side] = answer.transpose()?.unwrap_or_default();
    }
    Ok(all)
}
