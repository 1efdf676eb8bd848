//! What a long step tells while it works, and how it is told to stop.

use crate::error::{Error, Result};
use crate::model::Moved;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Shared by the thread that works and the one that answers the controller.
#[derive(Debug)]
pub struct Meter {
    stop: AtomicBool,
    done: AtomicU64,
    part: Mutex<Part>,
    warnings: Mutex<Vec<String>>,
}

/// What is being done at the moment.
#[derive(Debug)]
struct Part {
    what: String,
    total: Option<u64>,
    /// `None` before the first part.
    began: Option<Instant>,
}

/// For steps that end within their request: nobody reads it.
pub static UNREAD: Meter = Meter::new();

impl Meter {
    /// For work that has not begun.
    pub const fn new() -> Self {
        Self {
            stop: AtomicBool::new(false),
            done: AtomicU64::new(0),
            part: Mutex::new(Part {
                what: String::new(),
                total: None,
                began: None,
            }),
            warnings: Mutex::new(Vec::new()),
        }
    }

    /// Another part of the work begins; `total` in bytes.
    pub fn begin(&self, what: &str, total: Option<u64>) {
        let mut part = self.part.lock().unwrap_or_else(PoisonError::into_inner);
        self.done.store(0, Ordering::Relaxed);
        *part = Part {
            what: what.to_owned(),
            total,
            began: Some(Instant::now()),
        };
    }

    /// The part that is going on has so many bytes in all.
    pub fn expect(&self, total: u64) {
        let mut part = self.part.lock().unwrap_or_else(PoisonError::into_inner);
        part.total = Some(total);
    }

    /// Something that the operator is told although the work goes on.
    pub fn warn(&self, text: String) {
        let mut warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        warnings.push(text);
    }

    /// What there was to be told.
    pub fn warnings(&self) -> Vec<String> {
        let warnings = self.warnings.lock().unwrap_or_else(PoisonError::into_inner);
        warnings.clone()
    }

    /// So many more bytes are done. Fails with code `stopped` when the work shall stop.
    pub fn add(&self, bytes: u64) -> Result<()> {
        self.done.fetch_add(bytes, Ordering::Relaxed);
        self.go_on()
    }

    /// So many bytes are done in all. Fails with code `stopped` when the work shall stop.
    pub fn reach(&self, bytes: u64) -> Result<()> {
        self.done.store(bytes, Ordering::Relaxed);
        self.go_on()
    }

    /// Fails with code `stopped` when the work shall stop.
    pub fn go_on(&self) -> Result<()> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(Error::incomplete("stopped", "the step was stopped on request"));
        }
        Ok(())
    }

    /// Asks the work to stop where it can.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// How far it is.
    pub fn moved(&self) -> Moved {
        let part = self.part.lock().unwrap_or_else(PoisonError::into_inner);
        let done = self.done.load(Ordering::Relaxed);
        let spent = part.began.map(|began| began.elapsed()).unwrap_or_default();
        let millis = u64::try_from(spent.as_millis()).unwrap_or(u64::MAX);
        Moved {
            what: part.what.clone(),
            done,
            total: part.total,
            rate: done.saturating_mul(1000).checked_div(millis).unwrap_or(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_counts_from_its_own_beginning_and_a_stop_reaches_the_worker() {
        let meter = Meter::new();
        meter.begin("copy", Some(10));
        meter.add(4).unwrap();
        meter.add(3).unwrap();
        assert_eq!((meter.moved().done, meter.moved().total), (7, Some(10)));
        meter.begin("verify", None);
        assert_eq!((meter.moved().what.as_str(), meter.moved().done), ("verify", 0));
        meter.stop();
        assert_eq!(meter.add(1).unwrap_err().code, "stopped");
        assert_eq!(meter.go_on().unwrap_err().code, "stopped");
    }
}
