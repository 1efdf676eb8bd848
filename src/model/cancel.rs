//! Ctrl-C as a value: asked for by a signal or a key, looked at by the engine between steps (L4).

use crate::error::{Error, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A wish to stop after the current step. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Asks to stop.
    pub fn ask(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// True once somebody asked.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Refuses, with code `cancelled`, once somebody asked: for what has changed nothing yet.
    pub fn heed(&self) -> Result<()> {
        if self.asked() {
            Err(Error::cancelled())
        } else {
            Ok(())
        }
    }

    /// The flag itself, for `signal_hook::flag::register`.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}
