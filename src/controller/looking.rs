//! Looks on a node that take long: asked again and again until there is an answer, or until they stand
//! still.

use crate::agent::protocol::{Request, Response};
use crate::engine::Session;
use crate::error::{Error, Result};
use crate::model::{Moved, Side};
use std::time::{Duration, Instant};

/// One question; it is answered within a second with how far the look is.
const ASK: Duration = Duration::from_secs(15);

/// How long the look may stand still: a disk that has to be woken, a file system that is busy.
const STILL: Duration = Duration::from_secs(120);

/// Asks the node of `side` until it has looked at everything. `told` hears how far it is and may end it by
/// an error.
pub(super) fn look(
    session: &mut Session,
    side: Side,
    request: &Request,
    told: &mut dyn FnMut(&Moved) -> Result<()>,
) -> Result<Response> {
    let mut stand = (Moved::default(), Instant::now());
    loop {
        match session.ask(side, request.clone(), ASK)? {
            Response::Running(moved) => {
                told(&moved)?;
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
