//! What an interrupted run left: found, shown, resumed, taken back or left for dead.

use super::backend::Unfinished;
use super::locking::lock_patiently;
use super::looking::Looking;
use super::{Cancel, Controller, Ended};
use crate::agent::protocol::{End, Request};
use crate::engine::{Direction, Listener, OpenOperation, Session, clear, find_open};
use crate::error::{Error, Kind, Result};
use crate::intent::Operation;
use crate::model::{BySide, OpId, Pair, Side};
use crate::report::Outcome;
use std::time::Duration;

/// Marking an operation in a node's journal.
const MARK: Duration = Duration::from_secs(10);

impl Controller {
    /// The operation that was left open, as far as reachable nodes know.
    pub fn unfinished(&self, cancel: &Cancel) -> Result<Option<Unfinished>> {
        let pair = self.pair_at_work()?;
        let (mut session, _) =
            self.connect(&pair, "look for an unfinished operation", &Side::BOTH, cancel)?;
        let open = find_open(&mut session)?.filter(|open| !open.plan.gives_way());
        Ok(open.map(|open| Unfinished {
            op: open.op,
            done: open.reached().0,
            who: open.owner.who,
            since: open.owner.since,
            plan: open.plan,
            decided: open.decided.map(Into::into),
        }))
    }

    /// Finishes the open operation: `op` when given, which must be the open one; in `direction`, or
    /// the natural one.
    pub fn resume(
        &self,
        op: Option<OpId>,
        direction: Option<Direction>,
        listener: &mut dyn Listener,
        cancel: &Cancel,
    ) -> Result<Ended> {
        let (pair, sides) = self.administered()?;
        let (mut session, faults) = self.reachable(&pair, &sides, cancel)?;
        let open = find_open(&mut session)?;
        let open = match (open, op) {
            (Some(open), None) => open,
            (Some(open), Some(op)) if open.op == op => open,
            (Some(open), Some(op)) => {
                let message = format!("operation {op} is not open; operation {} is", open.op);
                return Err(Error::refused("not_open", message));
            }
            (None, _) => {
                return Err(Error::refused("nothing_open", "no operation is unfinished")
                    .hint("`pairadm history` lists what was done"));
            }
        };
        let direction = allowed(&open, direction)?;
        for &side in &open.plan.sides {
            if let Some(fault) = &faults[side] {
                return Err(fault.clone().with_kind(Kind::Incomplete));
            }
        }
        let ended = self.run_open(&mut session, &pair, &open, direction, listener, cancel)?;
        self.adopt(&mut session, &open.plan)?;
        Ok(ended)
    }

    /// For callers who agreed to everything beforehand: what an earlier run left open is finished
    /// first when it was the same operation, so that one rerun reaches the old or the new state (L1);
    /// another operation is refused. An undo of the open operation takes it back and is done then.
    /// `Some` ends the call.
    pub(super) fn finish_unfinished(
        &self,
        session: &mut Session,
        pair: &Pair,
        operation: Operation,
        listener: &mut dyn Listener,
        cancel: &Cancel,
    ) -> Result<Option<Ended>> {
        let Some(open) = find_open(session)? else {
            return Ok(None);
        };
        if leaves_for_dead(session, operation) {
            abandon(session, open.op)?;
            return Ok(None);
        }
        let undone = operation == Operation::Undo(open.op);
        if open.plan.gives_way() && !undone {
            clear(session, &open)?;
            return Ok(None);
        }
        let same = match operation {
            Operation::Undo(op) => open.plan.undoes() == Some(op),
            _ => open.plan.operation == operation.verb(),
        };
        if !undone && !same {
            return Err(interrupted(&open));
        }
        let direction = allowed(&open, undone.then_some(Direction::Back))?;
        session
            .need(&open.plan.sides)
            .map_err(|fault| fault.with_kind(Kind::Incomplete))?;
        let ended = self.run_open(session, pair, &open, direction, listener, cancel)?;
        let settled = matches!(ended.outcome, Outcome::Done | Outcome::RolledBack);
        if settled {
            self.adopt(session, &open.plan)?;
        }
        let over = operation.is_once() && ended.outcome == Outcome::Done;
        Ok((undone || over || !settled).then_some(ended))
    }

    /// Every node that can be reached, locked, and why the others could not.
    fn reachable(
        &self,
        pair: &Pair,
        sides: &[Side],
        cancel: &Cancel,
    ) -> Result<(Session, BySide<Option<Error>>)> {
        let (mut session, faults) = self.connect(pair, "resume", sides, cancel)?;
        if let (true, Some(fault)) = (session.up().is_empty(), &faults.primary) {
            return Err(fault.clone().with_kind(Kind::Incomplete));
        }
        lock_patiently(&mut session, Looking::quietly(cancel))?;
        Ok((session, faults))
    }
}

/// Refuses to begin while another operation is open. A takeover without the lost peer leaves what
/// was going on with that peer for dead.
pub(super) fn refuse_unfinished(session: &mut Session, operation: Operation) -> Result<()> {
    let Some(open) = find_open(session)? else {
        return Ok(());
    };
    if open.plan.gives_way() {
        return clear(session, &open);
    }
    if leaves_for_dead(session, operation) {
        return abandon(session, open.op);
    }
    Err(interrupted(&open))
}

/// Why nothing else can begin.
fn interrupted(open: &OpenOperation) -> Error {
    let (done, all) = open.reached();
    let what = format!(
        "operation {} ({}) was interrupted after {done} of {all} steps",
        open.op, open.plan.title
    );
    Error::incomplete("unfinished", what).hint(match open.plan.server() {
        Some(_) => "`pairadm traffic` with --yes finishes it first".to_owned(),
        None => match open.decided {
            None => format!(
                "pairadm resume {0} goes on; pairadm undo {0} takes it back",
                open.op
            ),
            Some(Direction::Forward) => format!("pairadm resume {} goes on", open.op),
            Some(Direction::Back) => format!("pairadm undo {} takes it back", open.op),
        },
    })
}

/// A takeover that goes on without the other node.
fn leaves_for_dead(session: &Session, operation: Operation) -> bool {
    operation == Operation::Takeover && session.up().len() == 1
}

fn allowed(open: &OpenOperation, wanted: Option<Direction>) -> Result<Direction> {
    match (open.decided, wanted) {
        (Some(decided), Some(wanted)) if decided != wanted => {
            let (was, now) = match decided {
                Direction::Forward => ("finished", "resume"),
                Direction::Back => ("taken back", "undo"),
            };
            let message = format!(
                "operation {} is already {was} on one node: only that way is left",
                open.op
            );
            Err(Error::refused("decided", message).hint(format!("pairadm {now} {}", open.op)))
        }
        (_, Some(wanted)) => Ok(wanted),
        (_, None) => Ok(open.natural_direction()),
    }
}

/// The peer is lost, and what was going on with it will not go on.
fn abandon(session: &mut Session, op: OpId) -> Result<()> {
    for side in session.up() {
        session.ask(
            side,
            Request::Finish {
                op,
                end: End::Abandoned,
            },
            MARK,
        )?;
    }
    Ok(())
}
