//! One thread at a time in libssh2 and the OpenSSL below it.
//!
//! A static build passes `-static` to OpenSSL's configuration, which turns off OpenSSL's own locks
//! (`disable('static', 'pic', 'threads')` in its `Configure`). Two threads that exchange keys at once then
//! corrupt the heap: of 150 runs of `status`, each dialling two nodes, 5 died in `ossl_method_store_add`,
//! `OPENSSL_sk_dup` or `malloc`. Sessions do not block, so a turn lasts microseconds to a few
//! milliseconds; only ssh-agent and a question to the operator can hold one longer, which is why waiting
//! for a turn has a deadline like everything else (L2).

use std::io;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

static TAKEN: Mutex<bool> = Mutex::new(false);
static FREED: Condvar = Condvar::new();

/// What the end of a session waits for its turn; what cannot be freed in time stays in memory.
const FAREWELL: Duration = Duration::from_secs(1);

/// The turn; given back when dropped.
struct Turn;

impl Turn {
    fn take(until: Instant) -> io::Result<Self> {
        let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
        while *taken {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "another connection holds up the SSH library",
                ));
            }
            taken = FREED
                .wait_timeout(taken, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        *taken = true;
        Ok(Self)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) = false;
        FREED.notify_one();
    }
}

/// Calls the library when it is this thread's turn.
pub(super) fn alone<T>(until: Instant, call: impl FnOnce() -> T) -> io::Result<T> {
    let _turn = Turn::take(until)?;
    Ok(call())
}

/// Something of the library's, which is freed in a turn as well.
pub(super) struct Held<T>(Option<T>);

impl<T> Held<T> {
    pub fn new(thing: T) -> Self {
        Self(Some(thing))
    }

    /// The thing itself; what is done with it must be done in a turn.
    pub fn get(&self) -> &T {
        match &self.0 {
            Some(thing) => thing,
            None => unreachable!("it is only taken when it is dropped"),
        }
    }

    /// The thing itself; what is done with it must be done in a turn.
    pub fn get_mut(&mut self) -> &mut T {
        match &mut self.0 {
            Some(thing) => thing,
            None => unreachable!("it is only taken when it is dropped"),
        }
    }
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        match Turn::take(Instant::now() + FAREWELL) {
            Ok(_turn) => drop(self.0.take()),
            // Better some bytes lost than the heap.
            Err(_) => std::mem::forget(self.0.take()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    const SOON: Duration = Duration::from_secs(30);

    /// One at a time in each test: the turn is the whole program's.
    static ONE_TEST: Mutex<()> = Mutex::new(());

    #[test]
    fn two_threads_are_never_inside_at_once() {
        let _one = ONE_TEST.lock().unwrap_or_else(PoisonError::into_inner);
        static INSIDE: AtomicU32 = AtomicU32::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        let others = alone(Instant::now() + SOON, || {
                            let others = INSIDE.fetch_add(1, Ordering::SeqCst);
                            std::thread::yield_now();
                            INSIDE.fetch_sub(1, Ordering::SeqCst);
                            others
                        });
                        assert_eq!(others.unwrap(), 0);
                    }
                });
            }
        });
    }

    #[test]
    fn a_turn_that_never_ends_is_not_waited_for_longer_than_the_deadline() {
        let _one = ONE_TEST.lock().unwrap_or_else(PoisonError::into_inner);
        let held = alone(Instant::now() + SOON, || {
            let began = Instant::now();
            let error = alone(Instant::now() + Duration::from_millis(20), || ()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            began.elapsed()
        });
        assert!(held.unwrap() < Duration::from_secs(10));
    }
}
