//! The controller as the menu and the line mode see it.

use super::backend::{Backend, Finished, Identity, PairNames, Past, Practice, Unfinished, Way};
use super::live::Live;
use super::looking::Looking;
use super::{Cancel, Controller, Review, Seen, names};
use crate::engine::{Direction, Listener};
use crate::error::{Error, Result};
use crate::facts::DataHeld;
use crate::intent::{Answers, Form, Operation, VerifyIntent};
use crate::lab::Trainer;
use crate::menu::Trial;
use crate::model::{BySide, OpId};
use crate::plan::Plan;
use crate::render::translation::explained;
use crate::render::{self, Line};
use crate::report::{self, Format};
use crate::status::{Status, doctor};
use crate::translate::{Subject, TranslationView};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long the menu waits for a node before it shows what the other one says. Less than the age at
/// which it calls its data old.
const PATIENCE: Duration = Duration::from_secs(4);

/// A controller that remembers what was reviewed, keeps its status links open, and takes back open
/// operations where an undo of them is asked for.
pub struct Door {
    controller: Arc<Controller>,
    live: Mutex<Live>,
    reviewed: Mutex<Option<Review>>,
    status: Mutex<Option<Status>>,
    trainer: Option<Trainer>,
}

impl Door {
    /// For one menu.
    pub fn new(controller: Arc<Controller>) -> Self {
        let live = Mutex::new(Live::new(Arc::clone(&controller)).patient(PATIENCE));
        Self {
            controller,
            live,
            reviewed: Mutex::default(),
            status: Mutex::default(),
            trainer: None,
        }
    }

    /// The pair is a practice lab.
    #[must_use]
    pub fn practising(mut self, trainer: Option<Trainer>) -> Self {
        self.trainer = trainer;
        self
    }
}

impl Backend for Door {
    fn identity(&self) -> Identity {
        let pair = self.controller.pair();
        Identity {
            pair: pair.map(|pair| PairNames {
                name: pair.name.clone(),
                profile: pair.profile.clone(),
                hosts: names(&pair),
            }),
            practice: self.trainer.is_some(),
        }
    }

    fn status(&self, cancel: &Cancel) -> Result<Status> {
        let status = lock(&self.live).status(cancel)?;
        *lock(&self.status) = Some(status.clone());
        Ok(status)
    }

    fn form(&self, operation: Operation, cancel: &Cancel) -> Result<Form> {
        let status = lock(&self.status).clone();
        let loads = matches!(operation, Operation::Load | Operation::FailbackLoad);
        // Without an answer the name of a mirror is typed.
        let held = loads.then(|| self.data_held(cancel).ok()).flatten();
        cancel.heed()?;
        let seen = Seen {
            status: status.as_ref(),
            held: held.as_ref(),
        };
        self.controller.form(operation, seen)
    }

    fn verify_form(&self, cancel: &Cancel) -> Result<Form> {
        let held = self.data_held(cancel).ok();
        cancel.heed()?;
        self.controller.verify_form(Seen {
            held: held.as_ref(),
            ..Seen::default()
        })
    }

    fn plan(&self, operation: Operation, answers: &Answers, looking: Looking<'_>) -> Result<Plan> {
        let review = self.controller.plan(operation, answers, looking)?;
        let plan = review.plan.clone();
        *lock(&self.reviewed) = Some(review);
        Ok(plan)
    }

    fn apply(&self, plan: &Plan, listener: &mut dyn Listener, cancel: &Cancel) -> Result<Finished> {
        let review = lock(&self.reviewed).take().filter(|review| review.plan == *plan);
        let review = review.ok_or_else(|| Error::bug("a plan that was not reviewed was to be applied"))?;
        self.controller
            .apply(&review, listener, cancel)
            .map(Finished::from)
    }

    fn resume(&self, op: OpId, way: Way, listener: &mut dyn Listener, cancel: &Cancel) -> Result<Finished> {
        let direction = match way {
            Way::Forward => Direction::Forward,
            Way::Back => Direction::Back,
        };
        self.controller
            .resume(Some(op), Some(direction), listener, cancel)
            .map(Finished::from)
    }

    fn unfinished(&self, cancel: &Cancel) -> Result<Option<Unfinished>> {
        self.controller.unfinished(cancel)
    }

    fn history(&self, cancel: &Cancel) -> Result<Vec<Past>> {
        self.controller.history(cancel)
    }

    fn report(&self, op: OpId, cancel: &Cancel) -> Result<String> {
        report::render(&self.controller.report(op, cancel)?, Format::Text)
    }

    fn doctor(&self, cancel: &Cancel) -> Result<String> {
        let status = self.status(cancel)?;
        // Only looking: not even a node's key is made.
        let looking = Controller::open(super::Options {
            dry_run: true,
            ..self.controller.options().clone()
        })?;
        let configure = looking
            .plan(
                Operation::Configure,
                &Answers::default(),
                Looking::quietly(cancel),
            )
            .map(|review| review.plan);
        cancel.heed()?;
        Ok(doctor::text(&doctor::examine(&status, &configure)))
    }

    fn translation(&self, looking: Looking<'_>) -> Result<TranslationView> {
        self.controller.searched(looking)
    }

    fn explain(&self, subject: Subject, looking: Looking<'_>) -> Result<String> {
        let found = self.controller.explain(subject, looking)?;
        Ok(text(&explained(&found)))
    }

    fn data_held(&self, cancel: &Cancel) -> Result<BySide<DataHeld>> {
        self.controller.data_held(cancel)
    }

    fn verify(&self, wanted: &VerifyIntent, looking: Looking<'_>) -> Result<String> {
        self.controller.examine(wanted, looking)
    }

    fn differences(&self, cancel: &Cancel) -> Result<String> {
        Ok(text(&render::differences(
            &self.controller.differences(false, cancel)?,
            false,
        )))
    }

    fn try_out(&self, trial: &Trial, cancel: &Cancel) -> Result<String> {
        match trial {
            Trial::Reactions(side, mode) => self.controller.try_reactions(*side, *mode, cancel),
            Trial::Alarm { side, name, raise } => self.controller.try_alarm(*side, name, *raise, cancel),
        }
    }

    fn losses(&self, cancel: &Cancel) -> Result<String> {
        Ok(text(&render::losses(&self.controller.losses(cancel)?)))
    }

    fn practice(&self) -> Option<&dyn Practice> {
        self.trainer.as_ref().map(|trainer| trainer as &dyn Practice)
    }
}

fn text(lines: &[Line]) -> String {
    lines.iter().map(|line| line.paint(false) + "\n").collect()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
