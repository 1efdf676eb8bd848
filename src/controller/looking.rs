//! Looks on a node that take long: asked again and again until there is an answer, or until they stand
//! still.

use super::Cancel;
use crate::agent::protocol::{Request, Response};
use crate::engine::Session;
use crate::error::{Error, Result};
use crate::model::{Moved, Side};
use std::time::{Duration, Instant};

/// One question; it is answered within a second with how far the look is.
const ASK: Duration = Duration::from_secs(15);

/// How long the look may stand still: a disk that has to be woken, a file system that is busy.
const STILL: Duration = Duration::from_secs(120);

/// Somebody who waits for a look: hears how far it is, and may stop it at any time (L4).
#[derive(Clone, Copy)]
pub struct Looking<'l> {
    /// Hears how far it is.
    pub told: &'l dyn Fn(&Moved),
    /// The wish to stop.
    pub cancel: &'l Cancel,
}

impl<'l> Looking<'l> {
    /// Of somebody who only may stop it.
    pub fn quietly(cancel: &'l Cancel) -> Self {
        Self {
            told: &|_| {},
            cancel,
        }
    }

    pub(super) fn told(self, moved: &Moved) -> Result<()> {
        (self.told)(moved);
        self.cancel.heed()
    }
}

/// Asks the node of `side` until it has looked at everything, or until it is to stop.
pub(super) fn look(
    session: &mut Session,
    side: Side,
    request: &Request,
    looking: Looking<'_>,
) -> Result<Response> {
    let mut stand = (Moved::default(), Instant::now());
    loop {
        match session.ask(side, request.clone(), ASK)? {
            Response::Running(moved) => {
                looking.told(&moved)?;
                if (&moved.what, moved.done) != (&stand.0.what, stand.0.done) {
                    stand = (moved, Instant::now());
                }
            }
            answer => return Ok(answer),
        }
        if stand.1.elapsed() > STILL {
            return Err(Error::refused(
                "standing_still",
                "the node does not get on with looking at the data",
            )
            .on(session.name(side))
            .because(format!("it was at: {}", stand.0.what))
            .hint("look at the node's disk"));
        }
    }
}
