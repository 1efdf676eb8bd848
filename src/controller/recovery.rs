//! What an interrupted run left: found, shown, resumed, taken back or left for dead.

use super::backend::Unfinished;
use super::{Cancel, Controller, Ended};
use crate::agent::protocol::{End, Request};
use crate::engine::{Direction, Listener, OpenOperation, Session, find_open};
use crate::error::{Error, Kind, Result};
use crate::intent::Operation;
use crate::model::{BySide, OpId, Pair, Side};
use std::time::{Duration, Instant};

/// A dead controller's agents notice within this time; until then they hold the lock.
const STALE: Duration = Duration::from_secs(3);

/// Marking an operation in a node's journal.
const MARK: Duration = Duration::from_secs(10);

impl Controller {
    /// The operation that was left open, as far as reachable nodes know.
    pub fn unfinished(&self) -> Result<Option<Unfinished>> {
        let pair = self.need_pair()?;
        let (mut session, _) = self.connect(&pair, "look for an unfinished operation", &Side::BOTH);
        Ok(find_open(&mut session)?.map(|open| Unfinished {
            op: open.op,
            done: open.reached().0,
            who: open.owner.who,
            since: open.owner.since,
            plan: open.plan,
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
        let pair = self.need_pair()?;
        let (mut session, faults) = self.locked_patiently(&pair)?;
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
        let finished = self.run_open(&mut session, &pair, &open, direction, listener, cancel)?;
        Ok(finished)
    }

    /// Refuses to begin while another operation is open. Undoing that one is `resume` backwards; a
    /// takeover without the lost peer may leave it for dead.
    pub(super) fn refuse_unfinished(&self, session: &mut Session, operation: Operation) -> Result<()> {
        let Some(open) = find_open(session)? else {
            return Ok(());
        };
        if session.up().len() == 1 && operation == Operation::Takeover {
            return abandon(session, open.op);
        }
        let (done, all) = open.reached();
        let what = format!(
            "operation {} ({}) was interrupted after {done} of {all} steps",
            open.op, open.plan.title
        );
        Err(Error::new(Kind::Incomplete, "unfinished", what).hint(format!(
            "pairadm resume {0} goes on; pairadm undo {0} takes it back",
            open.op
        )))
    }

    /// Every node that can be reached, locked, and why the others could not.
    fn locked_patiently(&self, pair: &Pair) -> Result<(Session, BySide<Option<Error>>)> {
        let until = Instant::now() + STALE;
        loop {
            let (mut session, faults) = self.connect(pair, "resume", &Side::BOTH);
            if let (
                true,
                BySide {
                    primary: Some(fault), ..
                },
            ) = (session.up().is_empty(), &faults)
            {
                return Err(fault.clone().with_kind(Kind::Incomplete));
            }
            match session.lock() {
                Ok(()) => return Ok((session, faults)),
                Err(error) if error.code == "locked" && Instant::now() < until => {
                    std::thread::sleep(Duration::from_millis(150));
                }
                Err(error) => return Err(error),
            }
        }
    }
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
