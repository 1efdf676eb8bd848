//! How far a look is that takes long, line by line.

use super::console::Talk;
use crate::controller::{Cancel, Looking};
use crate::error::Result;
use crate::model::Moved;
use crate::render::{Line, Tone, how_far};
use std::cell::RefCell;
use std::time::{Duration, Instant};

/// How often it is told.
const TOLD: Duration = Duration::from_secs(2);

/// Does `look`, and tells `talk` how far it is. `cancel` stops it.
pub fn looking<T>(
    talk: &mut dyn Talk,
    cancel: &Cancel,
    look: impl FnOnce(Looking<'_>) -> Result<T>,
) -> Result<T> {
    let state = RefCell::new((talk, Instant::now()));
    let told = |moved: &Moved| {
        let (talk, last) = &mut *state.borrow_mut();
        if last.elapsed() >= TOLD {
            *last = Instant::now();
            talk.say(&Line::toned(Tone::Faint, format!("  {}", how_far(moved))));
        }
    };
    look(Looking { told: &told, cancel })
}
