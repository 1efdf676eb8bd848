//! Watches over a lease until it ends, and takes down what it covers when nobody is responsible any more.

use super::{Held, read, remove, silence};
use crate::agent::journal;
use crate::agent::lock::{self, Lock};
use crate::agent::paths::NodePaths;
use crate::agent::protocol::{End, LockOwner};
use crate::agent::traffic::Gate;
use crate::agent::{arm, state, vip};
use crate::error::Result;
use crate::model::Traffic;
use crate::probe;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// How often it looks.
const LOOK: Duration = Duration::from_millis(200);

/// How long a witness is waited for.
const WITNESS: Duration = Duration::from_millis(800);

/// Time for the packet filter.
const RULES: Duration = Duration::from_secs(10);

/// What one look finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// The controller was heard lately.
    Held,
    /// No agent holds the lock.
    Alone,
    /// The agent lives, and its controller is silent.
    Silent,
}

/// Watches over the lease that is in force now; returns how it ended, for the journal. After a failure
/// systemd starts it anew.
pub fn watch(paths: &NodePaths) -> Result<String> {
    let Some(mine) = read(paths)? else {
        return Ok("no lease is in force".to_owned());
    };
    let mut before = Sight::Held;
    loop {
        match read(paths)? {
            Some(held) if held.unit == mine.unit => {}
            _ => return Ok("the lease is over".to_owned()),
        }
        let sight = look(paths, &mine)?;
        match sight {
            Sight::Alone => {
                // Whoever was faster with the lock is responsible now.
                if let Ok(_lock) = Lock::take(paths, &owner(&mine)) {
                    return end(paths, &mine);
                }
            }
            // An agent that took the lock this moment has not said yet that it was called.
            Sight::Silent if before == Sight::Silent => {
                // A stuck agent must not go on with what was asked of it. One that cannot be ended is not
                // waited for: what is up goes down in any case.
                let ended = arm::end_agent(paths);
                let _lock = Lock::take(paths, &owner(&mine));
                let done = end(paths, &mine)?;
                return ended.map(|()| done);
            }
            Sight::Held | Sight::Silent => {}
        }
        before = sight;
        std::thread::sleep(LOOK);
    }
}

pub(super) fn look(paths: &NodePaths, held: &Held) -> Result<Sight> {
    if lock::holder(paths)?.is_none() {
        return Ok(Sight::Alone);
    }
    // The file goes just before the lease: not there is as good as heard.
    let silence = silence(paths).unwrap_or_default();
    let limit = Duration::from_secs(held.terms.seconds.into());
    Ok(if silence > limit {
        Sight::Silent
    } else {
        Sight::Held
    })
}

/// Ends the lease: what it covers stays only where it belongs without any doubt.
fn end(paths: &NodePaths, held: &Held) -> Result<String> {
    let ended = journal::read(paths, held.op)?.and_then(|log| log.end);
    if ended == Some(End::Committed) {
        remove(paths)?;
        return Ok("the operation was committed".to_owned());
    }
    if is_recorded_active(paths, held) && any_answers(&held.terms.witnesses) {
        remove(paths)?;
        return Ok("the controller is gone; recorded active, and the network is there: all stays".to_owned());
    }
    let mut gate = Gate::default();
    let until = Instant::now() + RULES;
    // Neither waits for the other's success.
    let off = vip::release(&mut gate, &held.terms.vips, None, until);
    let blocked = gate.apply(&held.terms.block, until);
    let (off, blocked) = (off?.detail, blocked?.detail);
    remove(paths)?;
    Ok(format!("nobody was heard: {off}; {blocked}"))
}

/// True once the operation has recorded this node as the one that serves.
fn is_recorded_active(paths: &NodePaths, held: &Held) -> bool {
    let uname = rustix::system::uname();
    let name = uname.nodename().to_string_lossy();
    matches!(state::read(paths), Ok(Some(state)) if state.last_op == held.op
        && state.active.as_deref() == Some(&*name)
        && state.traffic == Traffic::Allowed)
}

fn any_answers(witnesses: &[IpAddr]) -> bool {
    let asks = |&witness: &IpAddr| matches!(probe::ping(witness, WITNESS), Ok(Some(_)));
    std::thread::scope(|scope| {
        let asked: Vec<_> = witnesses
            .iter()
            .map(|witness| scope.spawn(move || asks(witness)))
            .collect();
        // All are waited for: each has its own limit.
        asked
            .into_iter()
            .filter_map(|answer| answer.join().ok())
            .any(|answers| answers)
    })
}

fn owner(held: &Held) -> LockOwner {
    LockOwner {
        who: "the lease on this node".to_owned(),
        pid: std::process::id(),
        operation: format!("taking down what operation {} left", held.op),
        since: chrono::Local::now().to_rfc3339(),
    }
}
