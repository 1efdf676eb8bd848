//! Reading a mirror again takes long: the first request begins it, each further one tells how far it is.
//! It changes nothing and needs no lock.

use super::Session;
use crate::agent::data::mirror;
use crate::agent::job::{Found, Job};
use crate::agent::protocol::Response;
use crate::error::{Error, Result};
use crate::model::Side;

impl Session {
    /// Begins, or tells how far it is, or what came of it. Another mirror's reading ends.
    pub(super) fn examine(&mut self, mirror: String, source: Side) -> Result<Response> {
        let name = format!("{mirror} of the {source}");
        if self
            .examination
            .as_ref()
            .is_none_or(|running| running.what != name)
        {
            self.stop_examining();
            let paths = self.paths.clone();
            self.examination = Some(Job::start(name, move |meter| {
                mirror::examine(&paths, &mirror, source, meter)
            }));
        }
        match self.examination.as_ref().map(Job::ask) {
            Some(Found::Ended(outcome)) => {
                self.examination = None;
                outcome.map(Response::Step)
            }
            Some(Found::Going(moved)) => Ok(Response::Running(moved)),
            None => Err(Error::bug("a reading was begun and is not there")),
        }
    }

    fn stop_examining(&mut self) {
        if let Some(running) = self.examination.take() {
            running.stop();
        }
    }
}
