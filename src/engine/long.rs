//! Asks for a step until it is done. Most steps answer at once; one that takes long answers again and
//! again how far it is, and is stopped when the operator says so or when it stands still (L2, L4).

use super::deadline;
use crate::agent::protocol::{Request, Response, StepReport};
use crate::error::{Error, Result};
use crate::model::{Cancel, Moved, OpId};
use std::time::Instant;

/// How a step is asked for.
pub(super) struct Long<'l> {
    /// The operation.
    pub op: OpId,
    /// The operator's wish to stop.
    pub cancel: &'l Cancel,
    /// Is told how far the step is.
    pub told: &'l dyn Fn(Moved),
    /// Is told what the operator shall know although the step succeeded.
    pub warned: &'l dyn Fn(String),
}

/// Where a long step was when it last went on.
struct Stand {
    at: (String, u64),
    since: Instant,
    /// Told to stop at this time.
    stopping: Option<Instant>,
}

impl Long<'_> {
    /// Asks `request` by `ask` until it is answered with a report.
    pub fn carry(
        &self,
        ask: &mut dyn FnMut(Request) -> Result<Response>,
        request: &Request,
    ) -> Result<StepReport> {
        let mut stand = Stand {
            at: (String::new(), 0),
            since: Instant::now(),
            stopping: None,
        };
        loop {
            match ask(request.clone())? {
                Response::Step(report) => return Ok(report),
                Response::Warned { report, warnings } => {
                    warnings.into_iter().for_each(self.warned);
                    return Ok(report);
                }
                Response::Running(moved) => {
                    stand.moved(&moved);
                    (self.told)(moved);
                }
                other => return Err(Error::bug(format!("unexpected answer to a step: {other:?}"))),
            }
            match stand.stopping {
                None if self.cancel.asked() || stand.since.elapsed() > deadline::STILL => {
                    stand.stopping = Some(Instant::now());
                    ask(Request::Stop { op: self.op })?;
                }
                Some(since) if since.elapsed() > deadline::STOPPING => {
                    let error = Error::unknown("not_stopped", "the step does not stop");
                    return Err(error.hint("look at the node: something there does not answer"));
                }
                _ => {}
            }
        }
    }
}

impl Stand {
    fn moved(&mut self, moved: &Moved) {
        let at = (moved.what.clone(), moved.done);
        if at != self.at {
            self.at = at;
            self.since = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn running(done: u64) -> Response {
        Response::Running(Moved {
            what: "copy".to_owned(),
            done,
            total: Some(3),
            rate: 1,
        })
    }

    fn report() -> StepReport {
        StepReport {
            changed: true,
            detail: String::new(),
            backup: None,
        }
    }

    fn apply() -> Request {
        Request::Apply {
            op: OpId(4),
            step: crate::plan::StepId(1),
        }
    }

    #[test]
    fn it_is_asked_again_until_it_is_done_and_every_answer_is_told() {
        let told = std::cell::RefCell::new(Vec::new());
        let mut answers = vec![Response::Step(report()), running(2), running(1)];
        let long = Long {
            op: OpId(4),
            cancel: &Cancel::default(),
            told: &|moved| told.borrow_mut().push(moved.done),
            warned: &|_| {},
        };
        let done = long.carry(&mut |_| Ok(answers.pop().unwrap()), &apply());
        assert_eq!(done.unwrap(), report());
        assert_eq!(*told.borrow(), [1, 2]);
    }

    #[test]
    fn a_wish_to_stop_is_passed_on_once_and_the_step_tells_what_came_of_it() {
        let cancel = Cancel::default();
        let mut asked = Vec::new();
        let long = Long {
            op: OpId(4),
            cancel: &cancel,
            told: &|moved| {
                if moved.done == 2 {
                    cancel.ask();
                }
            },
            warned: &|_| {},
        };
        let stopped = long.carry(
            &mut |request| {
                asked.push(request.clone());
                match (&request, asked.len()) {
                    (Request::Stop { .. }, _) => Ok(Response::Done),
                    (_, count @ 1..=4) => Ok(running(count as u64)),
                    _ => Err(Error::incomplete("stopped", "stopped on request")),
                }
            },
            &apply(),
        );
        assert_eq!(stopped.unwrap_err().code, "stopped");
        let stops = asked
            .iter()
            .filter(|request| matches!(request, Request::Stop { .. }))
            .count();
        assert_eq!(stops, 1, "{asked:?}");
    }
}
