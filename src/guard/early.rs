//! Before the network: the node is blocked whatever it remembers, because its memory may be old; and
//! changes that nobody had confirmed, to login paths (S9) and to data, are taken back, because the timer
//! that would have done so did not survive.

use super::{DECIDED, recorded_pair, rules};
use crate::agent::traffic::Gate;
use crate::agent::{self, NodePaths, state};
use crate::error::Result;
use crate::model::{Side, Traffic};
use std::path::Path;
use std::time::{Duration, Instant};

/// Time for the packet filter: its programs take milliseconds, a start-up is busy.
const RULES: Duration = Duration::from_secs(20);

/// Blocks SIP; returns what was done, for the journal. When the decision of this boot was made already,
/// as when somebody starts the unit by hand, the recorded rules are put in order instead.
pub fn early() -> Result<String> {
    let blocked = block();
    let reverted = agent::revert_unconfirmed(super::occasion());
    let done = blocked?;
    reverted.map(|()| done)
}

fn block() -> Result<String> {
    let decided = Path::new(DECIDED).exists();
    // A memory that cannot be read says nothing for serving: the node is blocked, and the failure told after it.
    let (state, damaged) = match state::read(&NodePaths::system()) {
        Ok(None) => return Ok("this node belongs to no pair".to_owned()),
        Ok(state) => (state, None),
        Err(error) if decided => return Err(error),
        Err(error) => (None, Some(error)),
    };
    let recorded = state.as_ref().map(|state| state.traffic);
    let traffic = recorded.filter(|_| decided).unwrap_or(Traffic::Blocked);
    let pair = recorded_pair();
    let uname = rustix::system::uname();
    let name = uname.nodename().to_string_lossy();
    let side = pair
        .as_ref()
        .and_then(|pair| pair.side_of(&name))
        .or(state.map(|state| state.side))
        .unwrap_or(Side::Primary);
    let change = rules(pair.as_ref(), side, traffic);
    let done = Gate::default().apply(&change, Instant::now() + RULES)?;
    damaged.map_or(Ok(done.detail), Err)
}
