//! The systemd timer that tells an alarm's program when its time is up. It is gone after a start of the
//! node; the boot guard then starts it anew.

use crate::agent::paths::NodePaths;
use crate::agent::program::run_from;
use crate::agent::unit::run_ok;
use crate::error::{Error, Result};
use crate::model::paths::PROGRAM;
use std::time::Instant;

/// Starts the timer anew, to elapse after `seconds`.
pub fn start(paths: &NodePaths, name: &str, seconds: i64, deadline: Instant) -> Result<()> {
    stop(paths, name, deadline);
    let unit = format!("--unit={}", unit(name));
    let active = format!("--on-active={}s", seconds.max(1));
    let argv = [
        "systemd-run",
        "--quiet",
        "--collect",
        &unit,
        &active,
        "--timer-property=AccuracySec=100ms",
        "--property=Type=oneshot",
        "--description=pairadm clears an alarm whose time is up",
        PROGRAM,
        "alarms-due",
    ];
    run_ok(paths.search(), &argv, "systemd_run_failed", deadline)
        .map(drop)
        .map_err(|error| {
            Error::incomplete(
                "no_timer",
                "no timer could be started: its program is not told of its end",
            )
            .because(error)
        })
}

/// Stops the timer. One that stays finds nothing to do.
pub fn stop(paths: &NodePaths, name: &str, deadline: Instant) {
    let timer = format!("{}.timer", unit(name));
    let _ = run_from(paths.search(), &["systemctl", "stop", "--", &timer], deadline);
}

fn unit(name: &str) -> String {
    format!("pairadm-alarm-{name}")
}
