//! Block and allow on a server without a pair: this machine, or one that is named.

use super::facts::{all, gather};
use super::planning::Review;
use super::{Cancel, Controller, Present, Seen, identity};
use crate::engine::Session;
use crate::error::{Error, Result};
use crate::facts::Facts;
use crate::intent::{self, Answers, Operation};
use crate::model::{Hostname, Pair, Side};
use crate::plan::alone::{self, AloneInput, SERVER};
use std::sync::{Arc, PoisonError};

impl Controller {
    /// What the rules of a server do, where no pair is configured. Changes nothing.
    pub fn look(&self, answers: &Answers, cancel: &Cancel) -> Result<Facts> {
        let pair = self.only_looked_at(answers)?;
        let (mut session, faults) = self.connect(&pair, "look", &[SERVER], cancel)?;
        if let Some(fault) = faults.primary {
            return Err(fault);
        }
        self.server_facts(&mut session, &pair)
    }

    /// The server that the answers name, with which nothing will be done.
    pub(super) fn only_looked_at(&self, answers: &Answers) -> Result<Arc<Pair>> {
        let mut answers = answers.clone();
        // The form asks for one; to look, either will do.
        answers.set("action", "allow");
        let answers = self
            .form(Operation::Traffic, Seen::default())?
            .complete(&answers)?;
        self.alone(&answers)
    }

    /// True when the operation is about a server without a pair.
    pub(super) fn is_alone(&self, operation: Operation) -> bool {
        operation == Operation::Traffic && self.pair().is_none()
    }

    /// The server that the answers name, as a pair with itself.
    pub(super) fn alone(&self, answers: &Answers) -> Result<Arc<Pair>> {
        let own: Hostname = identity::host().parse().map_err(|why: String| {
            Error::refused("bad_hostname", "this machine's name cannot be used").because(why)
        })?;
        let pair = intent::alone::resolve(answers)?.pair(&own)?;
        self.profile(&pair)?;
        let pair = Arc::new(pair);
        self.present.lock().unwrap_or_else(PoisonError::into_inner).alone = Some(Arc::clone(&pair));
        Ok(pair)
    }

    /// The pair with both its sides, or the server without a pair that was planned for.
    pub(super) fn administered(&self) -> Result<(Arc<Pair>, Vec<Side>)> {
        let Present { pair, alone, .. } = self.present();
        match (pair, alone) {
            (None, Some(server)) => Ok((server, vec![SERVER])),
            _ => Ok((self.pair_at_work()?, Side::BOTH.to_vec())),
        }
    }

    pub(super) fn plan_alone(
        &self,
        session: &mut Session,
        answers: &Answers,
        pair: Arc<Pair>,
    ) -> Result<Review> {
        let facts = self.server_facts(session, &pair)?;
        let plan = alone::plan(&AloneInput {
            pair: &pair,
            profile: &self.profile(&pair)?,
            facts: &facts,
            traffic: intent::alone::resolve(answers)?.traffic,
        })?;
        Ok(Review {
            operation: Operation::Traffic,
            answers: answers.clone(),
            pair,
            plan,
        })
    }

    fn server_facts(&self, session: &mut Session, pair: &Pair) -> Result<Facts> {
        let profile = self.profile(pair)?;
        let facts = all(gather(session, &[SERVER], |_| alone::query(&profile))?)?;
        facts
            .primary
            .ok_or_else(|| Error::bug("a server was asked and said nothing"))
    }
}
