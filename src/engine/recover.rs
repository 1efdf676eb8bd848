//! Finding what an interrupted run left behind, from the journals of both nodes (L1, E6).

use super::deadline;
use super::run::Direction;
use super::session::Session;
use crate::agent::protocol::{End, LockOwner, Operation, Request, Response};
use crate::error::{Error, Result};
use crate::model::{BySide, OpId, Side};
use crate::plan::{Plan, Step, StepId, StepPlace};

/// An operation that at least one node calls unfinished.
#[derive(Debug, Clone)]
pub struct OpenOperation {
    /// Number.
    pub op: OpId,
    /// Backup tag.
    pub tag: String,
    /// Who began it.
    pub owner: LockOwner,
    /// Its plan, the same on every node that has it.
    pub plan: Plan,
    /// Where each node's steps stand.
    pub places: BySide<Vec<(StepId, StepPlace)>>,
    /// How each node's journal stands.
    pub standing: BySide<Standing>,
    /// Set when one node has already finished it: then only one direction is left.
    pub decided: Option<Direction>,
}

/// How far an operation is in one node's journal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Standing {
    /// Not there: the node was never told, or cannot be asked.
    #[default]
    Unknown,
    /// Begun.
    Open,
    /// Ended: nothing of it is done here any more, in either direction.
    Ended,
}

impl OpenOperation {
    /// "step 5 of 9".
    pub fn reached(&self) -> (usize, usize) {
        let done = self
            .places
            .iter()
            .flat_map(|(_, places)| places)
            .filter(|(_, place)| *place == StepPlace::Done)
            .count();
        (done, self.plan.steps().count())
    }

    /// True for a step that may have had an effect which is still there.
    pub fn touched(&self, step: StepId) -> bool {
        let mut places = self.places.iter().flat_map(|(_, places)| places);
        places.any(|(known, place)| {
            *known == step && !matches!(place, StepPlace::Waiting | StepPlace::Reverted)
        })
    }

    /// Which way to go when nobody says otherwise: forward, unless a node has already gone back or
    /// no node has begun a step.
    pub fn natural_direction(&self) -> Direction {
        self.decided
            .unwrap_or(if self.places.iter().all(|(_, places)| places.is_empty()) {
                Direction::Back
            } else {
                Direction::Forward
            })
    }
}

/// The newest operations of every linked node.
fn newest(session: &mut Session) -> Result<BySide<Option<Operation>>> {
    let mut found = BySide::default();
    for side in session.up() {
        let request = Request::History { op: None, limit: 1 };
        match session.ask(side, request, deadline::BOOKKEEPING)? {
            Response::History { mut operations } => found[side] = operations.pop(),
            other => return Err(Error::bug(format!("unexpected answer to history: {other:?}"))),
        }
    }
    Ok(found)
}

/// The unfinished operation, if there is one. Only the newest can be: nothing starts while one is open.
pub fn find_open(session: &mut Session) -> Result<Option<OpenOperation>> {
    let newest = newest(session)?;
    let Some(op) = newest
        .iter()
        .filter_map(|(_, operation)| operation.as_ref())
        .filter(|operation| operation.end.is_none())
        .map(|operation| operation.op)
        .max()
    else {
        return Ok(None);
    };
    let mut places = BySide::<Vec<(StepId, StepPlace)>>::default();
    let mut standing = BySide::<Standing>::default();
    let mut known: Option<Operation> = None;
    let mut decided = None;
    for side in session.up() {
        let Some(operation) = of_node(session, side, op)? else {
            continue;
        };
        match operation.end {
            Some(End::Committed) => decided = Some(Direction::Forward),
            Some(End::RolledBack | End::Abandoned) => decided = Some(Direction::Back),
            None => {}
        }
        if operation
            .places
            .iter()
            .any(|(_, place)| *place == StepPlace::Reverted)
        {
            decided.get_or_insert(Direction::Back);
        }
        standing[side] = match operation.end {
            Some(_) => Standing::Ended,
            None => Standing::Open,
        };
        places[side].clone_from(&operation.places);
        known.get_or_insert(operation);
    }
    let Some(operation) = known else {
        return Ok(None);
    };
    let mut open = OpenOperation {
        op,
        tag: operation.tag,
        owner: operation.owner,
        plan: oriented(operation.plan, &places),
        places,
        standing,
        decided,
    };
    if open.decided == Some(Direction::Forward) && is_left_behind(session, &open)? {
        open.decided = Some(Direction::Back);
    }
    Ok(Some(open))
}

/// True when a node that has ended the operation serves again what it gave up in it: calls went on without
/// the node that did not hear of the end, which must not bring them up as well (S1, S2).
fn is_left_behind(session: &mut Session, open: &OpenOperation) -> Result<bool> {
    let given_up = |step: &&Step| open.standing[step.side] == Standing::Ended && step.action.takes_down();
    for step in open.plan.steps().filter(given_up) {
        let request = Request::Verify {
            op: open.op,
            step: step.id,
        };
        match session.ask(step.side, request, deadline::BOOKKEEPING) {
            Err(error) if error.code == "changed_since" => return Ok(true),
            answer => answer.map(drop)?,
        }
    }
    Ok(false)
}

/// A journalled plan with its steps on the sides that its nodes have now. A plan names nodes by the role
/// they had when it was made; what tells is which node's journal has which step.
pub fn oriented(plan: Plan, places: &BySide<Vec<(StepId, StepPlace)>>) -> Plan {
    let moved = plan.steps().any(|step| {
        places[step.side.other()]
            .iter()
            .any(|(placed, _)| *placed == step.id)
    });
    if moved { plan.reversed() } else { plan }
}

fn of_node(session: &mut Session, side: Side, op: OpId) -> Result<Option<Operation>> {
    let request = Request::History {
        op: Some(op),
        limit: 1,
    };
    match session.ask(side, request, deadline::BOOKKEEPING)? {
        Response::History { mut operations } => Ok(operations.pop()),
        other => Err(Error::bug(format!("unexpected answer to history: {other:?}"))),
    }
}

/// The number for a new operation: above everything any linked node has seen, and above `floor`,
/// the newest that this controller knows.
pub fn next_op(session: &mut Session, floor: OpId) -> Result<OpId> {
    let newest = newest(session)?;
    let seen = newest
        .iter()
        .filter_map(|(_, operation)| operation.as_ref())
        .map(|o| o.op.0)
        .max();
    Ok(OpId(seen.unwrap_or(0).max(floor.0) + 1))
}
