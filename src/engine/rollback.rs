//! Back: every step that may have had an effect is reverted, last first, on both nodes.

use super::deadline;
use super::event::Progress;
use super::long::Long;
use super::run::{Run, Verdict, emit};
use crate::agent::protocol::{End, Request, StepReport};
use crate::error::{Error, Kind, Result};
use crate::model::{BySide, Cancel, Side};
use crate::plan::{Action, Step, reverting_order};
use std::time::{Duration, Instant};

/// A try to connect is given at least this long: key exchange and log-in of a busy node.
const ONE_TRY: Duration = Duration::from_secs(2);

impl Run<'_, '_> {
    /// Takes back what was started. The order is the plan's reversed, one step at a time: on the way
    /// back nothing is gained by haste, and S1 and S2 hold because each revert is read back before
    /// the next begins. A node that stays away does not bar the way for the other one: giving a VIP
    /// back probes the network for it first, so calls return to the node that is left, once what the one
    /// that is away may hold on a lease must have run out.
    pub(super) fn back(&mut self, why: Error) -> Verdict {
        let started = self
            .started
            .lock()
            .map(|started| started.clone())
            .unwrap_or_default();
        let plan = self.plan;
        let begun: Vec<&Step> = plan.steps().filter(|step| started.contains(&step.id)).collect();
        let untouched = begun.iter().all(|step| step.action.only_prepares());
        let steps = reverting_order(begun.into_iter());
        let mut barred: Option<Error> = None;
        let mut away = BySide::<bool>::default();
        for step in steps {
            if away[step.side] {
                continue;
            }
            self.outwait_lease(step);
            if let Err(error) = self.revert(step) {
                away[step.side] = is_link(&error);
                let goes_on = away[step.side] || matches!(step.action, Action::File(_));
                // A conflict in a file matters more to the operator than a node that is away.
                if barred.as_ref().is_none_or(is_link) {
                    barred = Some(error);
                }
                if !goes_on {
                    break;
                }
            }
        }
        match barred.map_or_else(|| self.finish(End::RolledBack), Err) {
            // What was refused before anything live was touched is simply refused.
            Ok(()) if untouched && why.kind == Kind::Refused => Verdict::RolledBack(why),
            Ok(()) => Verdict::RolledBack(why.with_kind(Kind::RolledBack)),
            Err(error) => self.stuck(error, &why),
        }
    }

    fn revert(&mut self, step: &Step) -> Result<()> {
        let request = Request::Revert {
            op: self.op,
            step: step.id,
        };
        let report = match self.ask_back(step, &request) {
            Err(error) if is_link(&error) => {
                self.reach_again(step.side)?;
                self.ask_back(step, &request)
            }
            answer => answer,
        }?;
        self.emit(Progress::Reverted {
            step: step.id,
            side: step.side,
            report,
        });
        Ok(())
    }

    /// The way back is not stopped by a second request to stop: it is what the first one led to.
    fn ask_back(&mut self, step: &Step, request: &Request) -> Result<StepReport> {
        let (session, recorder) = (&mut *self.session, &self.recorder);
        let (id, side) = (step.id, step.side);
        let moved = |moved| {
            emit(
                recorder,
                Progress::Moved {
                    step: id,
                    side,
                    moved,
                },
            );
        };
        let long = Long {
            op: self.op,
            cancel: &Cancel::default(),
            told: &moved,
            warned: &|text| emit(recorder, Progress::Remark { text }),
        };
        long.carry(
            &mut |request| session.ask(side, request, deadline::of(&step.action)),
            request,
        )
    }

    pub(super) fn reach_again(&mut self, side: Side) -> Result<()> {
        let until = Instant::now() + self.patience;
        loop {
            let left = until.saturating_duration_since(Instant::now()).max(ONE_TRY);
            match self.session.redial(side, left) {
                Ok(()) => return Ok(()),
                // A dead connection's agent may hold the lock until it notices.
                Err(error) if Instant::now() >= until => return Err(error),
                Err(_) => std::thread::sleep(Duration::from_millis(200)),
            }
        }
    }

    /// The way back is barred: by a node that is away, which `undo` finishes later, or by a change
    /// somebody made, which only a person can judge.
    fn stuck(&self, error: Error, why: &Error) -> Verdict {
        let first = format!("the way back began because: {why}");
        let unclear = matches!(error.kind, Kind::Unknown | Kind::Bug) && !is_link(&error);
        if error.code == "changed_since" || unclear {
            Verdict::Unknown(
                error
                    .with_kind(Kind::Unknown)
                    .because(first)
                    .hint(self.open_hint()),
            )
        } else {
            Verdict::Open(
                error
                    .with_kind(Kind::Incomplete)
                    .because(first)
                    .hint(self.open_hint()),
            )
        }
    }
}

pub(super) fn is_link(error: &Error) -> bool {
    matches!(error.code.as_str(), "link_lost" | "garbled" | "unreachable")
}
