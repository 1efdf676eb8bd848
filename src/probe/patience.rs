//! How long a probe waits before silence counts. A machine that stands still, or is busy with something else,
//! hears nothing meanwhile, and neither do the others on it: such a try is made again.

use std::time::{Duration, Instant};

/// A wait that ends this much too late was held up.
const HELD_UP: Duration = Duration::from_millis(50);

/// Tries that are made again.
const AGAIN: u32 = 3;

/// Datagrams that are looked at after the time is up: those that came while nobody could look.
const LATE: u32 = 1000;

/// The time that all tries of one probe have together.
#[derive(Debug)]
pub struct Patience {
    until: Instant,
    again: u32,
}

/// The time of one try.
#[derive(Debug)]
pub struct Try {
    began: Instant,
    until: Instant,
    late: u32,
}

impl Patience {
    /// Begins now.
    pub fn of(timeout: Duration) -> Self {
        Self {
            until: Instant::now() + timeout,
            again: AGAIN,
        }
    }

    /// A try that waits for `interval`; `None` when the time is up.
    pub fn next(&self, interval: Duration) -> Option<Try> {
        let now = Instant::now();
        (now < self.until).then(|| Try {
            began: now,
            until: self.until.min(now + interval),
            late: 0,
        })
    }

    /// The try brought nothing.
    pub fn in_vain(&mut self, tried: &Try) {
        if tried.until.elapsed() > HELD_UP && self.again > 0 {
            self.again -= 1;
            self.until = self.until.max(Instant::now() + (tried.until - tried.began));
        }
    }
}

impl Try {
    /// How long to wait for the next datagram, never quite nothing: what has come already is always looked
    /// at. `None` when the time is up and enough was looked at.
    pub fn left(&mut self) -> Option<Duration> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            self.late += 1;
        }
        (self.late <= LATE).then(|| left.max(Duration::from_micros(1)))
    }

    /// Nothing is there: true when the time is up as well.
    pub fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_try_in_which_nothing_ran_is_made_again_a_few_times() {
        let mut patience = Patience::of(Duration::from_secs(5));
        let mut tries = 0;
        while let Some(mut tried) = patience.next(Duration::from_secs(5)) {
            tries += 1;
            // As if all of it had passed long ago.
            let length = tried.until - tried.began;
            tried.until -= length * 2;
            tried.began -= length * 2;
            patience.until = Instant::now();
            assert!(
                tried.left().is_some() && tried.is_over(),
                "what came is looked at"
            );
            patience.in_vain(&tried);
        }
        assert_eq!(tries, 1 + AGAIN);
    }

    #[test]
    fn a_flood_does_not_keep_a_try_alive() {
        let patience = Patience::of(Duration::from_secs(60));
        let mut tried = patience.next(Duration::ZERO).unwrap();
        let looks = std::iter::from_fn(|| tried.left()).count();
        assert_eq!(looks, LATE as usize);
    }
}
