//! Review and progress of one operation as the command line shows them.

use super::session::Session;
use crate::agent::protocol::End;
use crate::controller::names;
use crate::engine::{self, Event};
use crate::model::Pair;
use crate::plan::Plan;
use crate::prompt::Talk;
use crate::render;
use std::sync::{Mutex, PoisonError};

/// Review and progress on the way out; shared, because the plan is known only under the lock.
pub struct Shown {
    inner: Mutex<(Box<dyn Talk + Send>, Option<render::Progress>)>,
    verbose: bool,
}

impl Shown {
    /// For one operation.
    pub fn new(session: &Session) -> Self {
        Self {
            inner: Mutex::new((session.talk(), None)),
            verbose: session.common.verbose,
        }
    }

    /// Shows the plan, and from now on what becomes of it.
    pub fn review(&self, plan: &Plan, pair: &Pair) {
        let hosts = plan.hosts(|| names(pair));
        {
            let (talk, _) = &mut *lock(&self.inner);
            for line in render::review(plan, &hosts) {
                talk.say(&line);
            }
            talk.say(&render::Line::default());
        }
        self.follow(plan, pair);
    }

    /// From now on shows what becomes of `plan`.
    pub fn follow(&self, plan: &Plan, pair: &Pair) {
        let hosts = plan.hosts(|| names(pair));
        lock(&self.inner).1 = Some(render::Progress::new(plan, &hosts, self.verbose));
    }

    /// The terminal, for what follows.
    pub fn into_talk(self) -> Box<dyn Talk + Send> {
        self.inner.into_inner().unwrap_or_else(PoisonError::into_inner).0
    }
}

impl engine::Listener for &Shown {
    fn on(&mut self, event: &Event) {
        let (talk, progress) = &mut *lock(&self.inner);
        let line = match (progress, &event.progress) {
            (Some(progress), _) => progress.line(event),
            // Nothing was planned yet: what an earlier run left open goes first.
            (None, engine::Progress::Begun { op, .. }) => Some(render::Line::toned(
                render::Tone::Warning,
                format!("Operation {op} was left unfinished; it is finished first"),
            )),
            (None, engine::Progress::Finished { end: Some(end), .. }) => {
                Some(render::Line::plain(match end {
                    End::Committed => "  it is done",
                    End::RolledBack | End::Abandoned => "  it was taken back",
                }))
            }
            (None, _) => None,
        };
        if let Some(line) = line {
            talk.say(&line);
        }
    }
}

/// A lock whose holder cannot have left it half-changed.
pub fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
