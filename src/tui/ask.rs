//! Questions that come up while a worker is busy: an unknown host key, a password. The worker waits,
//! the menu shows a dialog, the answer travels back.

use super::event::Event;
use crate::model::Secret;
use std::collections::HashMap;
use std::sync::mpsc::{Sender, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// What a worker needs to know from the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskRequest {
    /// First contact: is this the host's key?
    HostKey {
        /// Host, and port unless 22.
        host: String,
        /// Type and `SHA256:` fingerprint.
        fingerprint: String,
        /// A line on how to compare it.
        note: String,
    },
    /// A password or passphrase.
    Secret {
        /// What it is for.
        prompt: String,
    },
    /// Any other question with yes or no.
    YesNo {
        /// The question.
        prompt: String,
    },
}

/// What the operator said.
#[derive(Debug, Clone)]
pub enum AskAnswer {
    /// Yes.
    Yes,
    /// No, or the question was closed.
    No,
    /// The secret.
    Secret(Secret),
}

/// Number of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AskId(pub u64);

type Pending = Arc<Mutex<(u64, HashMap<AskId, SyncSender<AskAnswer>>)>>;

/// The worker's end: asks and waits.
#[derive(Clone)]
pub struct Asker {
    events: Sender<Event>,
    pending: Pending,
}

impl Asker {
    /// Questions go to `events`.
    pub fn new(events: Sender<Event>) -> Self {
        Self {
            events,
            pending: Pending::default(),
        }
    }

    /// Shows the question and waits for the answer; `No` when the menu is gone.
    pub fn ask(&self, request: AskRequest) -> AskAnswer {
        let (answer, answered) = sync_channel(1);
        let id = {
            let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
            pending.0 += 1;
            let id = AskId(pending.0);
            pending.1.insert(id, answer);
            id
        };
        if self.events.send(Event::Ask { id, request }).is_err() {
            return AskAnswer::No;
        }
        answered.recv().unwrap_or(AskAnswer::No)
    }

    /// Hands the answer to the worker that waits for it.
    pub fn answer(&self, id: AskId, answer: AskAnswer) {
        let waiting = self
            .pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .remove(&id);
        if let Some(waiting) = waiting {
            // A worker that has gone needs no answer.
            let _ = waiting.send(answer);
        }
    }

    /// Answers every open question with `No`, so that no worker waits for a menu that has ended.
    pub fn close(&self) {
        self.pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .1
            .clear();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use std::sync::mpsc::channel;
    use std::thread;

    fn question() -> AskRequest {
        AskRequest::YesNo {
            prompt: "Go on?".to_owned(),
        }
    }

    #[test]
    fn the_answer_reaches_the_worker_that_asked() {
        let (events, received) = channel();
        let asker = Asker::new(events);
        let worker = thread::spawn({
            let asker = asker.clone();
            move || asker.ask(question())
        });
        let Event::Ask { id, request } = received.recv().unwrap() else {
            panic!("a question is expected");
        };
        assert_eq!(request, question());
        asker.answer(id, AskAnswer::Yes);
        assert!(matches!(worker.join().unwrap(), AskAnswer::Yes));
    }

    #[test]
    fn a_menu_that_has_ended_says_no() {
        let (events, received) = channel();
        let asker = Asker::new(events);
        let worker = thread::spawn({
            let asker = asker.clone();
            move || asker.ask(question())
        });
        received.recv().unwrap();
        asker.close();
        assert!(matches!(worker.join().unwrap(), AskAnswer::No));
        drop(received);
        assert!(matches!(asker.ask(question()), AskAnswer::No));
    }
}
