//! The profile's promote hooks after a start: they make the service on this node the active one, as they do
//! in a takeover. The services are only being started while the guard decides, so the hooks run in a unit of
//! their own, ordered after them: no start waits for a hook, and one that fails is a failed unit, which
//! status tells of.

use super::recorded_pair;
use crate::agent::protocol::LockOwner;
use crate::agent::{NodePaths, lock, run_hook, start_unit, state};
use crate::config::{PROFILES_DIRECTORY, Profile, profile};
use crate::error::{Error, Result};
use crate::model::{Pair, Traffic, paths};
use crate::plan::files::guard_units::{LATE, PROMOTE};
use std::path::Path;
use std::time::{Duration, Instant};

/// Time for systemd to take the unit.
const START: Duration = Duration::from_secs(10);

/// An operation that a person began meanwhile is waited for this long; then it decides.
const LOCK: Duration = Duration::from_secs(60);

/// Between looks at the lock.
const PAUSE: Duration = Duration::from_millis(500);

/// Has the hooks run once the services have started; what was done, for the journal. Nothing without hooks.
pub(super) fn order(pair: &Pair) -> Option<String> {
    let services = match promoted_by(pair) {
        Ok(profile) if profile.promote.is_empty() => return None,
        Ok(profile) => profile.services,
        // The unit fails in its turn and is told of: nobody knows whether there are hooks.
        Err(_) => Vec::new(),
    };
    let after = format!("--property=After={LATE} {}", services.join(" "));
    let name = format!("--unit={PROMOTE}");
    let argv = [
        "systemd-run",
        "--quiet",
        "--no-block",
        &name,
        &after,
        "--property=Type=oneshot",
        "--description=pairadm runs the promote hooks after a start",
        paths::PROGRAM,
        "guard",
        "promote",
    ];
    Some(match start_unit(&argv, Instant::now() + START) {
        Ok(()) => "promote hooks run once the services have started".to_owned(),
        Err(error) => format!("promote hooks could not be ordered: {error}"),
    })
}

/// Runs the hooks, unless this node is no longer the one that serves.
pub fn promote() -> Result<String> {
    let node = NodePaths::system();
    let Some(pair) = recorded_pair() else {
        return Err(Error::unknown("no_pair", "the pair file cannot be read"));
    };
    let _lock = lock(&node)?;
    let uname = rustix::system::uname();
    let name = uname.nodename().to_string_lossy();
    let state = state::read(&node)?
        .filter(|state| state.active.as_deref() == Some(&*name) && state.traffic == Traffic::Allowed);
    let Some(state) = state else {
        return Ok("another node serves by now: no hooks".to_owned());
    };
    let mut done = Vec::new();
    for hook in promoted_by(&pair)?.promote {
        let report = run_hook(&node, state.last_op, &hook.argv, hook.timeout_ms)?;
        done.push(report.detail);
    }
    Ok(done.join("; "))
}

fn promoted_by(pair: &Pair) -> Result<Profile> {
    profile(&pair.profile, Path::new(PROFILES_DIRECTORY))
}

fn lock(node: &NodePaths) -> Result<lock::Lock> {
    let owner = LockOwner {
        who: "boot guard".to_owned(),
        pid: std::process::id(),
        operation: "promote hooks after a start".to_owned(),
        since: chrono::Local::now().to_rfc3339(),
    };
    let until = Instant::now() + LOCK;
    loop {
        match lock::Lock::take(node, &owner) {
            Err(error) if error.code == "locked" && Instant::now() < until => std::thread::sleep(PAUSE),
            taken => return taken,
        }
    }
}
