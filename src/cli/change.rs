//! The way of every changing command: answers, plan, review, consent, apply, result.

use super::output::Done;
use super::session::Session;
use super::shown::{Shown, lock};
use super::told::told;
use crate::controller::backend::{Backend, Finished, Verdict};
use crate::controller::{Controller, Door, Ended, Seen, names};
use crate::engine::Direction;
use crate::error::{Error, Kind, Result};
use crate::intent::{Answers, Operation};
use crate::model::OpId;
use crate::plan::Plan;
use crate::prompt::{self, Asking, Consent, ask_form};
use crate::render;
use clap::Args;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Answers given beforehand.
#[derive(Debug, Clone, Default, Args)]
pub struct AnswerArgs {
    /// Take answers from this TOML file
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// Answer one question; comes before the answers file
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

impl AnswerArgs {
    /// Everything given: the file first, then `--set`.
    pub fn collect(&self) -> Result<Answers> {
        let mut answers = match &self.answers {
            None => Answers::default(),
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    Error::refused("unreadable_answers_file", "the answers file cannot be read")
                        .at(path.display())
                        .because(error)
                })?;
                Answers::parse(&text, &path.display().to_string())?
            }
        };
        for pair in &self.set {
            answers.set_pair(pair)?;
        }
        Ok(answers)
    }
}

/// Carries `operation` through with the answers given; asks for the others on a terminal.
pub fn run(session: &Session, operation: Operation, given: &Answers) -> Result<Done> {
    let controller = session.controller()?;
    let answers = answers(session, &controller, operation, given)?;
    if session.common.dry_run {
        let review = session.look(|looking| controller.plan(operation, &answers, looking))?;
        session.output.say(&render::review(
            &review.plan,
            &review.plan.hosts(|| names(&review.pair)),
        ));
        return Done::with(json!({
            "dry_run": true,
            "changes": !review.plan.is_empty(),
            "plan": told(&review.plan)?,
        }));
    }
    if session.common.yes {
        agreed(session, &controller, operation, &answers)
    } else if session.interactive() {
        asked(session, controller, operation, &answers)
    } else {
        disagreed(session, &controller, operation, &answers)
    }
}

fn answers(
    session: &Session,
    controller: &Controller,
    operation: Operation,
    given: &Answers,
) -> Result<Answers> {
    let form = controller.form(operation, Seen::default())?;
    if !session.interactive() {
        return form.complete(given);
    }
    let all = operation == Operation::Configure && given.iter().next().is_none();
    let asking = if all { Asking::All } else { Asking::Missing };
    let typed = ask_form(&mut session.questions(), &form, given, asking).ok_or_else(declined)?;
    form.complete(&typed)
}

/// With `--yes`: planned and carried out under one lock, the review is shown on the way.
fn agreed(
    session: &Session,
    controller: &Arc<Controller>,
    operation: Operation,
    answers: &Answers,
) -> Result<Done> {
    let shown = Shown::new(session);
    let seen: Mutex<Option<Plan>> = Mutex::default();
    let ended = session.look(|looking| {
        controller.plan_and_apply(operation, answers, &mut &shown, looking, |review| {
            shown.review(&review.plan, &review.pair);
            *lock(&seen) = Some(review.plan.clone());
            Ok(())
        })
    })?;
    let plan = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    match (ended, plan) {
        (Some(ended), Some(plan)) => settle(session, controller, &plan, ended, shown),
        (Some(ended), None) => Ok(only_finished(ended, shown)),
        (None, plan) => {
            let plan = plan.as_ref().map(told).transpose()?;
            Done::with(json!({ "changes": false, "plan": plan }))
        }
    }
}

/// What an earlier run left open was finished, and that was all that could be done.
fn only_finished(ended: Ended, shown: Shown) -> Done {
    let report = json!(ended.report);
    let finished = Finished::from(ended);
    prompt::tell(shown.into_talk().as_mut(), &finished);
    result(finished, &report, false)
}

/// On a terminal: reviewed first, then asked.
fn asked(
    session: &Session,
    controller: Arc<Controller>,
    operation: Operation,
    answers: &Answers,
) -> Result<Done> {
    let door = Door::new(controller);
    let plan = session.look(|looking| door.plan(operation, answers, looking))?;
    let verbose = session.common.verbose;
    let mut talk = session.talk();
    match prompt::change(
        talk.as_mut(),
        &door,
        &plan,
        Consent::Asked,
        verbose,
        &session.cancel,
    ) {
        prompt::Ended::NothingToDo => Done::with(json!({ "changes": false })),
        prompt::Ended::Declined => Err(declined()),
        // Its words were shown already.
        prompt::Ended::Carried(finished) => Ok(Done {
            exit_code: exit_code(finished.verdict()),
            ..Done::default()
        }),
    }
}

/// Nobody can agree: the plan is shown, and refused.
fn disagreed(
    session: &Session,
    controller: &Controller,
    operation: Operation,
    answers: &Answers,
) -> Result<Done> {
    let review = session.look(|looking| controller.plan(operation, answers, looking))?;
    session.output.say(&render::review(
        &review.plan,
        &review.plan.hosts(|| names(&review.pair)),
    ));
    if review.plan.is_empty() {
        return Done::with(json!({ "changes": false, "plan": told(&review.plan)? }));
    }
    Ok(Done {
        exit_code: Kind::Refused.exit_code(),
        result: json!({ "changes": false, "plan": told(&review.plan)? }),
        error: Some(
            Error::refused("not_agreed", "nobody agreed to the plan; nothing was changed")
                .hint("agree with --yes, or run it on a terminal"),
        ),
    })
}

/// Goes on with an open operation; without a direction in the one that is natural.
pub fn resume(session: &Session, op: Option<OpId>, direction: Option<Direction>) -> Result<Done> {
    let controller = session.controller()?;
    let open = controller.unfinished(&session.cancel)?.ok_or_else(|| {
        Error::refused("nothing_open", "no operation is unfinished")
            .hint("`pairadm history` lists what was done")
    })?;
    let shown = Shown::new(session);
    shown.follow(&open.plan, &*controller.pair_at_work()?);
    let ended = controller.resume(op, direction, &mut &shown, &session.cancel)?;
    let back_as_asked = direction == Some(Direction::Back);
    let mut done = settle(session, &controller, &open.plan, ended, shown)?;
    if back_as_asked && done.exit_code == Kind::RolledBack.exit_code() {
        // Rolling back is what was asked for.
        done.exit_code = 0;
    }
    Ok(done)
}

/// Tells how it ended; offers to go on when it stopped and somebody can be asked.
fn settle(
    session: &Session,
    controller: &Arc<Controller>,
    plan: &Plan,
    ended: Ended,
    shown: Shown,
) -> Result<Done> {
    let report = serde_json::to_value(&ended.report).map_err(|error| Error::bug(error.to_string()))?;
    let mut finished = Finished::from(ended);
    let mut talk = shown.into_talk();
    if session.interactive() {
        let door = Door::new(Arc::clone(controller));
        finished = prompt::offer(
            talk.as_mut(),
            &door,
            plan,
            finished,
            session.common.verbose,
            &session.cancel,
        );
    } else {
        prompt::tell(talk.as_mut(), &finished);
    }
    Ok(result(finished, &report, session.interactive()))
}

fn result(finished: Finished, report: &Value, told: bool) -> Done {
    Done {
        exit_code: exit_code(finished.verdict()),
        result: json!({ "changes": true, "op": finished.op, "end": finished.end, "report_file": finished.report, "report": report }),
        error: finished.error.filter(|_| !told),
    }
}

const fn exit_code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Done => 0,
        Verdict::Bug => Kind::Bug.exit_code(),
        Verdict::Refused => Kind::Refused.exit_code(),
        Verdict::RolledBack => Kind::RolledBack.exit_code(),
        Verdict::Incomplete => Kind::Incomplete.exit_code(),
        Verdict::Unknown => Kind::Unknown.exit_code(),
    }
}

fn declined() -> Error {
    Error::refused("not_agreed", "nobody agreed; nothing was changed")
}
