//! Looks at one node again and again from a thread of its own, so that a node that hangs or is off
//! keeps nobody from hearing of the other.

use super::Controller;
use super::facts::{Answer, gather};
use crate::agent::protocol::Request;
use crate::config::Profile;
use crate::engine::Session;
use crate::error::{Error, Result};
use crate::model::{Cancel, Pair, Side};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

/// After this long a node that could not be reached is dialled again.
const RETRY: Duration = Duration::from_secs(5);
/// A node that is well answers a ping in milliseconds.
const PING: Duration = Duration::from_secs(5);

/// How often somebody who waits looks whether he still wants to.
const WISH: Duration = Duration::from_millis(50);

/// One node under watch. Dropping it ends the thread, and a look that is under way.
pub struct Lookout {
    looks: Sender<()>,
    answers: Receiver<Answer>,
    /// When the look began whose answer is still out.
    asked: Option<Instant>,
    /// Ends a look.
    gone: Cancel,
}

impl Lookout {
    /// Starts the thread; the node is dialled with the first look.
    pub fn new(controller: Arc<Controller>, pair: Arc<Pair>, profile: Profile, side: Side) -> Result<Self> {
        let (looks, wanted) = channel();
        let (answers, received) = channel();
        let mut watch = Watch {
            controller,
            pair,
            profile,
            side,
            session: None,
            down: None,
            gone: Cancel::default(),
        };
        let gone = watch.gone.clone();
        std::thread::Builder::new()
            .name(format!("lookout-{side}"))
            .spawn(move || {
                // Nobody listens any more when the menu has another pair.
                while wanted.recv().is_ok() && answers.send(watch.look()).is_ok() {}
            })
            .map_err(|error| Error::refused("no_thread", "no thread could be started").because(error))?;
        Ok(Self {
            looks,
            answers: received,
            asked: None,
            gone,
        })
    }

    /// Begins a look, unless one is still under way. What an earlier one brings late is dropped: it tells
    /// how things were and not how they are.
    pub fn begin(&mut self) {
        if self.answers.try_recv().is_ok() {
            self.asked = None;
        }
        if self.asked.is_none() && self.looks.send(()).is_ok() {
            self.asked = Some(Instant::now());
        }
    }

    /// Ends the look that is under way; [`Self::ended`] waits for it.
    pub fn stop(&self) {
        self.gone.ask();
    }

    /// Waits until a look that was stopped is over: nobody asks anything at the terminal any more.
    pub fn ended(&self, until: Instant) {
        if self.asked.is_some() {
            let left = until.saturating_duration_since(Instant::now());
            let _ = self.answers.recv_timeout(left);
        }
    }

    /// The answer to the look, or why there is none within `patience` of its beginning; `cancel` ends the wait.
    pub fn answer(&mut self, patience: Duration, cancel: &Cancel) -> Answer {
        let asked = self.asked.unwrap_or_else(Instant::now);
        loop {
            let left = patience.saturating_sub(asked.elapsed());
            if let Ok(answer) = self.answers.recv_timeout(left.min(WISH)) {
                self.asked = None;
                return answer;
            }
            if cancel.asked() {
                return Err(Error::cancelled());
            }
            if left.is_zero() {
                break;
            }
        }
        let seconds = asked.elapsed().as_secs();
        Err(Error::incomplete(
            "no_answer",
            format!("no answer for {seconds} s; still trying"),
        ))
    }
}

impl Drop for Lookout {
    fn drop(&mut self) {
        self.gone.ask();
    }
}

/// What the thread has.
struct Watch {
    controller: Arc<Controller>,
    pair: Arc<Pair>,
    profile: Profile,
    side: Side,
    session: Option<Session>,
    /// When and why the node could not be reached.
    down: Option<(Instant, Error)>,
    gone: Cancel,
}

impl Watch {
    fn look(&mut self) -> Answer {
        if let Some((when, why)) = &self.down
            && when.elapsed() < RETRY
        {
            return Err(why.clone());
        }
        let answer = self.ask();
        self.down = match &answer {
            Ok(_) => None,
            Err(error) => {
                self.session = None;
                Some((Instant::now(), error.clone()))
            }
        };
        answer
    }

    fn ask(&mut self) -> Answer {
        let side = self.side;
        let session = match &mut self.session {
            Some(session) => session,
            none => none.insert(dial(&self.controller, &self.pair, side, &self.gone)?),
        };
        let began = Instant::now();
        session.ask(side, Request::Ping, PING)?;
        let link_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let mut answers = gather(session, &[side], |side| {
            crate::status::query(&self.pair, &self.profile, side)
        })?;
        let (facts, _) = answers[side]
            .take()
            .ok_or_else(|| Error::incomplete("unreachable", "not asked"))??;
        Ok((facts, link_us))
    }
}

fn dial(controller: &Controller, pair: &Pair, side: Side, gone: &Cancel) -> Result<Session> {
    let (session, mut faults) = controller.connect(pair, "status", &[side], gone)?;
    match faults[side].take() {
        None => Ok(session),
        Some(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    /// A lookout whose thread is the test.
    fn lookout() -> (Lookout, Receiver<()>, Sender<Answer>) {
        let (looks, wanted) = channel();
        let (answers, received) = channel();
        let lookout = Lookout {
            looks,
            answers: received,
            asked: None,
            gone: Cancel::default(),
        };
        (lookout, wanted, answers)
    }

    fn fault(code: &str) -> Answer {
        Err(Error::incomplete(code, "for the test"))
    }

    fn code(answer: Answer) -> String {
        answer.unwrap_err().code
    }

    #[test]
    fn a_node_that_hangs_is_waited_for_once_and_not_asked_twice() {
        let (mut lookout, wanted, _answers) = lookout();
        lookout.begin();
        let began = Instant::now();
        assert_eq!(
            code(lookout.answer(Duration::from_secs(1), &Cancel::default())),
            "no_answer"
        );
        assert!(began.elapsed() >= Duration::from_secs(1));
        lookout.begin();
        let again = Instant::now();
        assert_eq!(
            code(lookout.answer(Duration::from_secs(1), &Cancel::default())),
            "no_answer"
        );
        assert!(
            again.elapsed() < Duration::from_millis(900),
            "the patience is used up"
        );
        assert_eq!(wanted.try_iter().count(), 1);
    }

    #[test]
    fn who_waits_may_stop_it() {
        let (mut lookout, _wanted, _answers) = lookout();
        let cancel = Cancel::default();
        lookout.begin();
        cancel.ask();
        assert_eq!(
            code(lookout.answer(Duration::from_secs(3600), &cancel)),
            "cancelled"
        );
        lookout.stop();
        assert!(lookout.gone.asked());
    }

    #[test]
    fn an_answer_that_comes_late_is_not_shown_as_new() {
        let (mut lookout, wanted, answers) = lookout();
        lookout.begin();
        assert_eq!(
            code(lookout.answer(Duration::ZERO, &Cancel::default())),
            "no_answer"
        );
        answers.send(fault("late")).unwrap();
        lookout.begin();
        answers.send(fault("fresh")).unwrap();
        assert_eq!(
            code(lookout.answer(Duration::from_secs(5), &Cancel::default())),
            "fresh"
        );
        assert_eq!(wanted.try_iter().count(), 2);
    }
}
