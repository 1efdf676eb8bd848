//! Looks that take long and change nothing: the first request begins one, the same request again tells how
//! far it is or what was seen.

use super::Session;
use crate::agent::data;
use crate::agent::job::{Found, Job};
use crate::agent::meter::Meter;
use crate::agent::paths::NodePaths;
use crate::agent::protocol::{Request, Response};
use crate::error::{Error, Result};

/// A look that is going on, by the request that began it.
pub(super) type Looking = Job<Request, Response>;

impl Session {
    /// Begins the look that is asked for, or tells of it; another look ends the one before.
    pub(super) fn look(&mut self, asked: Request) -> Result<Response> {
        self.end_job(None)?;
        if self.looking.as_ref().is_none_or(|looking| looking.what != asked) {
            if let Some(other) = self.looking.take() {
                other.stop();
            }
            let (paths, request) = (self.paths.clone(), asked.clone());
            self.looking = Some(Job::start(asked, move |meter| see(&paths, request, meter)));
        }
        match self.looking.as_ref().map(Job::ask) {
            Some(Found::Going(moved)) => Ok(Response::Running(moved)),
            Some(Found::Ended(outcome)) => {
                self.looking = None;
                outcome
            }
            None => Err(Error::bug("a look was begun and is not there")),
        }
    }
}

fn see(paths: &NodePaths, request: Request, meter: &Meter) -> Result<Response> {
    match request {
        Request::Preview(query) => {
            data::preview(paths, &query, meter).map(|preview| Response::Preview(Box::new(preview)))
        }
        Request::Search(query) => data::search(paths, &query, meter).map(Response::Searched),
        Request::Explain(query) => {
            data::explain(paths, &query, meter).map(|found| Response::Explained(Box::new(found)))
        }
        other => Err(Error::bug(format!("{other:?} is no look that takes long"))),
    }
}
