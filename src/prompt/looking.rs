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
    telling(talk, cancel, TOLD, look)
}

/// The same, at most as `often` as said.
fn telling<T>(
    talk: &mut dyn Talk,
    cancel: &Cancel,
    often: Duration,
    look: impl FnOnce(Looking<'_>) -> Result<T>,
) -> Result<T> {
    let state = RefCell::new((talk, Instant::now()));
    let told = |moved: &Moved| {
        let (talk, last) = &mut *state.borrow_mut();
        if last.elapsed() >= often {
            *last = Instant::now();
            talk.say(&Line::toned(Tone::Faint, format!("  {}", how_far(moved))));
        }
    };
    look(Looking { told: &told, cancel })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::prompt::script::Script;

    /// What is shown of a look that tells three times how far it is.
    fn shown(often: Duration) -> String {
        let mut script = Script::of(&[]);
        telling(&mut script, &Cancel::default(), often, |looking| {
            for done in [0, 45, 100] {
                (looking.told)(&Moved {
                    what: "search".to_owned(),
                    done: done << 20,
                    total: Some(100 << 20),
                    rate: 0,
                });
            }
            Ok(())
        })
        .unwrap();
        script.shown().to_owned()
    }

    #[test]
    fn how_far_a_look_is_is_told_in_percent_and_not_too_often() {
        let told = shown(Duration::ZERO);
        let told: Vec<&str> = told.lines().map(str::trim).collect();
        assert_eq!(
            told,
            [
                "search: 0 % of 100 MiB",
                "search: 45 % of 100 MiB",
                "search: 100 % of 100 MiB"
            ]
        );
        assert_eq!(shown(Duration::MAX), "");
    }
}
