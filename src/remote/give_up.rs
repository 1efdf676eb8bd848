//! When a wait for a node ends before its deadline: somebody asked to stop, and nothing was changed yet (L4).

use crate::error::{Error, Result};
use crate::model::Cancel;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

/// How long a wait goes on without a look at the wish.
pub(super) const LOOK: Duration = Duration::from_millis(50);

/// A wish to stop that ends every wait on a link, until steps are carried out over it: from then on the
/// engine looks at the wish between two steps. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct GiveUp {
    cancel: Cancel,
    deaf: Arc<AtomicBool>,
}

impl GiveUp {
    /// Ends waits when `cancel` is asked for.
    pub fn when(cancel: &Cancel) -> Self {
        Self {
            cancel: cancel.clone(),
            ..Self::default()
        }
    }

    /// Nobody can stop it: only the deadline ends a wait.
    pub fn never() -> Self {
        Self::default()
    }

    /// From now on waits end at their deadline only.
    pub fn no_more(&self) {
        self.deaf.store(true, Ordering::SeqCst);
    }

    /// True when waits are to end now.
    pub fn asked(&self) -> bool {
        self.cancel.asked() && !self.deaf.load(Ordering::SeqCst)
    }

    /// Refuses, with code `cancelled`, when waits are to end now.
    pub fn check(&self) -> Result<()> {
        if self.asked() {
            Err(Error::cancelled())
        } else {
            Ok(())
        }
    }

    /// The same below the level of our own errors; whoever owns the conversation says it in words.
    pub(super) fn check_wait(&self) -> io::Result<()> {
        if self.asked() {
            Err(io::Error::other("stopped on request"))
        } else {
            Ok(())
        }
    }

    /// What a thread sends that may be left behind; `TimedOut` when it sends nothing in time.
    pub(super) fn receive<T>(&self, from: &Receiver<T>, until: Instant) -> io::Result<T> {
        loop {
            self.check_wait()?;
            let left = until.saturating_duration_since(Instant::now());
            match from.recv_timeout(left.min(LOOK)) {
                Ok(sent) => return Ok(sent),
                Err(RecvTimeoutError::Timeout) if Instant::now() < until => {}
                Err(_) => return Err(super::deadline::too_late()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_heeded_until_steps_are_carried_out() {
        let cancel = Cancel::default();
        let give_up = GiveUp::when(&cancel);
        assert!(give_up.check().is_ok());
        cancel.ask();
        assert_eq!(give_up.clone().check().unwrap_err().code, "cancelled");
        give_up.clone().no_more();
        assert!(give_up.check().is_ok() && give_up.check_wait().is_ok());
    }
}
