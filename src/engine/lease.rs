//! What a takeover brings up on the new side is on a lease (see `agent::lease`). The controller's part: a
//! side that cannot be reached is given the time to take itself down before calls return to the other one,
//! and one that shall keep what it has although the operation stays open is told so.

use super::deadline;
use super::event::Progress;
use super::run::Run;
use crate::agent::protocol::Request;
use crate::model::Side;
use crate::plan::Step;
use std::time::{Duration, Instant};

/// What the node needs beyond its lease: two looks of its watch, a witness that does not answer, the taking
/// down itself; and what two clocks may differ in that time, which is next to nothing.
const MARGIN: Duration = Duration::from_secs(3);

impl Run<'_, '_> {
    /// Waits, if need be, before `step` is taken back: the other side may still hold what this one gets.
    pub(super) fn outwait_lease(&self, step: &Step) {
        let Some((leased, seconds)) = self.plan.leased() else {
            return;
        };
        if step.side == leased || !step.action.takes_down() {
            return;
        }
        // A side that can be asked has taken its part back before.
        let Some(heard) = self.session.last_heard(leased) else {
            return;
        };
        let until = heard + Duration::from_secs(seconds.into()) + MARGIN;
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        let text = format!(
            "{} cannot be reached: waiting {}.{} s until it has taken its VIPs down by itself",
            self.session.name(leased),
            left.as_secs(),
            left.subsec_millis() / 100
        );
        self.emit(Progress::Remark { text });
        (self.wait)(left);
    }

    /// The operation stays open with calls where they are: the node that serves keeps what it has, whatever
    /// becomes of this controller.
    pub(super) fn keep_what_is_up(&mut self) {
        let holds = |&(side, _): &(Side, u32)| self.sides.contains(&side) && self.session.is_up(side);
        let Some((leased, _)) = self.plan.leased().filter(holds) else {
            return;
        };
        let request = Request::Keep { op: self.op };
        if let Err(error) = self.session.ask(leased, request, deadline::BOOKKEEPING) {
            let text = format!("what was brought up may go down again: {error}");
            self.emit(Progress::Remark { text });
        }
    }

    /// True when the side that serves now cannot be reached: it takes itself down.
    pub(super) fn lost_the_leased(&self) -> bool {
        let leased = self.plan.leased();
        leased.is_some_and(|(side, _)| !self.session.is_up(side))
    }
}
