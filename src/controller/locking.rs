//! Taking the pair's locks: at once, or when those who hold them are gone or give way (L1, L5).

use super::facts::gather;
use super::identity;
use super::looking::Looking;
use crate::agent::protocol::LockOwner;
use crate::engine::{Session, ask_for_way};
use crate::error::Result;
use crate::facts::{Facts, FactsQuery};
use crate::model::Moved;
use crate::plan::gives_way;
use rustix::process::{Pid, test_kill_process};
use std::time::{Duration, Instant};

/// A dead controller's agents notice within this time, and a node takes down what that controller had
/// brought up on a lease; until then they hold the lock.
const STALE: Duration = Duration::from_secs(4);

/// An operation that was asked to give way stops its step, takes back its part and unlocks in this time.
const GIVING_WAY: Duration = Duration::from_secs(15);

/// How long the agent of a controller that is known to be gone may take to end its step and to take back
/// what has to be: a load of much data is put back.
const TAKING_BACK: Duration = Duration::from_secs(300);

/// How often a lock is tried.
const TRY: Duration = Duration::from_millis(50);

/// Takes the locks. The agent of a controller that has just died gives its lock up when it has taken back
/// what it has to; one whose operation gives way does when it is asked to.
pub(super) fn lock_patiently(session: &mut Session, looking: Looking<'_>) -> Result<()> {
    let began = Instant::now();
    let mut until = began + STALE;
    let mut may_ask = !gives_way(&session.owner().operation);
    let mut left = None;
    loop {
        match session.lock() {
            Err(error) if error.code == "locked" && may_ask => {
                may_ask = false;
                let to = format!("{} by {}", session.owner().operation, session.owner().who);
                if ask_for_way(session, &to) {
                    until = Instant::now() + GIVING_WAY;
                }
            }
            Err(error) if error.code == "locked" && Instant::now() < until => {
                looking.told(&waiting(left.as_deref()))?;
                std::thread::sleep(TRY);
            }
            Err(error) if error.code == "locked" && left.is_none() => {
                left = Some(of_nobody(session)?.ok_or(error)?);
                until = began + TAKING_BACK;
            }
            outcome => return outcome,
        }
    }
}

/// What is waited for.
fn waiting(left: Option<&str>) -> Moved {
    let what = left.map_or_else(
        || "wait for the pair's lock".to_owned(),
        |left| format!("wait until {left}, whose controller is gone, is taken back or ended there"),
    );
    Moved {
        what,
        ..Moved::default()
    }
}

/// The operation that holds a lock, if every lock that is held is of a controller that is gone.
fn of_nobody(session: &mut Session) -> Result<Option<String>> {
    let sides = session.up();
    let answers = gather(session, &sides, |_| FactsQuery {
        brief: true,
        ..FactsQuery::default()
    })?;
    let mut gone = None;
    for (_, answer) in answers.iter() {
        let Some((facts, _)) = answer.as_ref().and_then(|answer| answer.as_ref().ok()) else {
            continue;
        };
        if let Some(owner) = &facts.lock {
            if !is_gone(facts, owner) {
                return Ok(None);
            }
            gone = Some(format!("{} by {}", owner.operation, owner.who));
        }
    }
    // Nobody holds one any more: it was given up meanwhile.
    Ok(gone.or_else(|| Some("what held it".to_owned())))
}

/// The node has seen its controller go, or that was a process of this machine which is no more.
fn is_gone(facts: &Facts, owner: &LockOwner) -> bool {
    let here = owner
        .who
        .rsplit_once('@')
        .is_some_and(|(_, host)| host == identity::host());
    let process = i32::try_from(owner.pid).ok().and_then(Pid::from_raw);
    let dead = process.is_some_and(|pid| test_kill_process(pid) == Err(rustix::io::Errno::SRCH));
    facts.lock_left || here && dead
}
