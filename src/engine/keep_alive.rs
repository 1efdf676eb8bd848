//! A node that holds something on a lease must hear of its controller while that is busy elsewhere: between
//! its own requests it is pinged, until all work of the moment is done.

use super::session::Node;
use crate::agent::protocol::Request;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Between two signs of life. Several of them may be late before a lease of seconds runs out.
const EVERY: Duration = Duration::from_secs(1);

/// How long a sign of life is waited for. One that is later comes to a node that has given up already.
const ANSWER: Duration = Duration::from_secs(6);

/// How many nodes still work.
pub(super) struct Busy {
    left: Mutex<usize>,
    changed: Condvar,
}

impl Busy {
    /// So many will work.
    pub fn with(count: usize) -> Self {
        Self {
            left: Mutex::new(count),
            changed: Condvar::new(),
        }
    }

    /// While it lives, one of them works.
    pub fn work(&self) -> Working<'_> {
        Working(self)
    }

    /// Keeps `node` informed until nobody works any more.
    pub fn keep(&self, node: &mut Node<'_>) {
        while !self.is_over_within(EVERY) {
            // A lost link is found by whoever needs it next.
            drop(node.ask(Request::Ping, ANSWER));
        }
    }

    fn is_over_within(&self, time: Duration) -> bool {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(left, time, |left| *left > 0);
        *waited.unwrap_or_else(PoisonError::into_inner).0 == 0
    }
}

/// One node's work; dropping it ends it, also by a panic.
pub(super) struct Working<'b>(&'b Busy);

impl Drop for Working<'_> {
    fn drop(&mut self) {
        let mut left = self.0.left.lock().unwrap_or_else(PoisonError::into_inner);
        *left = left.saturating_sub(1);
        self.0.changed.notify_all();
    }
}
