//! How long each request may take (L2). Generous against slow disks and service managers, short
//! enough that an operator does not wonder: a deadline that passes breaks the link and the step fails.

use crate::model::Side;
use crate::plan::{Action, Plan, UnitVerb};
use std::time::Duration;

/// Bookkeeping on a node: journal lines, locks, one fsync each, which a busy disk may hold up for long.
pub const BOOKKEEPING: Duration = Duration::from_secs(30);

/// Opening a link: TCP, key exchange, authentication, agent start, upload of the agent when missing.
pub const DIAL: Duration = Duration::from_secs(30);

/// Seconds the on-node timer waits for the confirmation of armed changes (S9), beside what steps take
/// that come before it.
const ARM_SECONDS: u32 = 60;

/// Seconds the on-node timer of `side` waits: a node must not take back what is still being done.
pub fn arm_seconds(plan: &Plan, side: Side) -> u32 {
    let steps = plan.steps().filter(|step| step.side == side);
    ARM_SECONDS + steps.map(|step| allowance(&step.action)).sum::<u32>()
}

/// Seconds that a step may take which is expected to take longer than an instant.
fn allowance(action: &Action) -> u32 {
    let seconds = |time: Duration| u32::try_from(time.as_secs()).unwrap_or(u32::MAX);
    match action {
        Action::Swap(order) => order.allowance_s,
        Action::Reload { .. } | Action::Alive { .. } | Action::Count(_) => seconds(of(action)),
        // Those that load nothing keep the time they always had.
        _ => 0,
    }
}

/// How long a node that went away in the middle is given to come back before the operation is left
/// open. Longer than an sshd restart, shorter than an operator's patience.
pub const RETURN: Duration = Duration::from_secs(8);

/// How long a long step may stand still before it is stopped: a disk that flushes gigabytes, a database
/// that builds an index.
pub const STILL: Duration = Duration::from_secs(300);

/// How long a long step that was told to stop may take for it.
pub const STOPPING: Duration = Duration::from_secs(60);

/// The deadline of one step.
pub fn of(action: &Action) -> Duration {
    match action {
        Action::Unit {
            verb: UnitVerb::Restart | UnitVerb::Reload | UnitVerb::Start | UnitVerb::Stop,
            ..
        } => {
            // systemd's own DefaultTimeoutStopSec and DefaultTimeoutStartSec are 90 s each.
            Duration::from_secs(185)
        }
        // A console that refuses two reloads in a row is asked again for as long as the profile says, 45 s
        // at most; a table of millions is counted.
        Action::React { .. }
        | Action::Unit { .. }
        | Action::File(_)
        | Action::TakeBack { .. }
        | Action::Reload { .. }
        | Action::Count(_) => Duration::from_secs(60),
        Action::Hook { timeout_ms, .. }
        | Action::SipCheck { timeout_ms, .. }
        | Action::Alive { timeout_ms, .. } => Duration::from_millis(*timeout_ms) + Duration::from_secs(2),
        _ => Duration::from_secs(15),
    }
}
