//! Jobs of workers: what is shown while one runs, and what its answer leads to.

use crate::error::Error;
use crate::intent::{Answers, Form, Operation};
use crate::model::{BySide, Moved, OpId};
use crate::plan::Plan;
use crate::tui::backend::{Finished, Verdict, Way};
use crate::tui::effect::{Effect, Job};
use crate::tui::event::{JobId, Reply};
use crate::tui::screens::Screen;
use crate::tui::screens::busy::Busy;
use crate::tui::screens::confirm::Confirm;
use crate::tui::screens::faults::Faults;
use crate::tui::screens::form::{FormScreen, Purpose};
use crate::tui::screens::mirrors::Mirrors;
use crate::tui::screens::outcome::Outcome;
use crate::tui::screens::progress::Progress;
use crate::tui::screens::review::Review;
use crate::tui::screens::text::TextScreen;
use crate::tui::screens::translation::Translation;
use crate::tui::state::State;

/// Starts a job: one that changes nodes gets the progress screen, any other a sign of waiting.
pub(super) fn start(state: &mut State, job: Job) -> Vec<Effect> {
    let id = state.new_job();
    let now = state.now.ms;
    if job.changes() {
        if state.changing.is_some() {
            return Vec::new();
        }
        state.changing = Some(id);
        let plan = match &job {
            Job::Apply(plan) => (**plan).clone(),
            Job::Resume(op, way) => plan_of_open(state, *op, *way),
            _ => empty_plan(),
        };
        let hosts = hosts(state, &plan);
        state
            .screens
            .push(Screen::Progress(Box::new(Progress::new(id, plan, hosts, now))));
    } else {
        state.screens.push(Screen::Busy(Busy::new(id, &job, now)));
    }
    vec![Effect::Job(id, job)]
}

fn hosts(state: &State, plan: &Plan) -> BySide<String> {
    plan.hosts(|| BySide::new(|side| state.pair.host(side).to_owned()))
}

/// The plan of an open operation, from the journals where they have told it.
fn plan_of_open(state: &State, op: OpId, way: Way) -> Plan {
    let known = state.pair.unfinished.as_ref().filter(|open| open.op == op);
    let mut plan = known.map_or_else(empty_plan, |open| open.plan.clone());
    let doing = match way {
        Way::Forward => "going on with",
        Way::Back => "taking back",
    };
    plan.title = format!("{doing} operation {op}: {}", plan.title);
    plan
}

fn empty_plan() -> Plan {
    Plan {
        operation: String::new(),
        title: String::new(),
        asked: Vec::new(),
        facts: String::new(),
        notice: Vec::new(),
        stages: Vec::new(),
        sides: Vec::new(),
        service_affecting: false,
        how_to_undo: String::new(),
    }
}

/// A worker tells how far it is.
pub(super) fn looked(state: &mut State, job: JobId, moved: Moved) {
    for screen in &mut state.screens {
        if let Screen::Busy(busy) = screen
            && busy.job == job
        {
            busy.moved = Some(moved);
            return;
        }
    }
}

/// A worker is done. Answers nobody waits for any more are dropped.
pub(super) fn replied(state: &mut State, job: JobId, reply: Reply) -> Vec<Effect> {
    if let Reply::Finished(finished) = reply {
        return finished_job(state, job, finished);
    }
    let waiting = state
        .screens
        .iter()
        .position(|screen| matches!(screen, Screen::Busy(busy) if busy.job == job));
    let Some(place) = waiting else {
        return Vec::new();
    };
    state.screens.remove(place);
    let mut effects = Vec::new();
    if matches!((&reply, state.top()), (Reply::Text(..), Some(Screen::Mirrors(_)))) {
        // A mirror was read: its line tells what came of it.
        effects.push(Effect::Held);
    }
    match reply {
        Reply::Form(operation, Ok(form)) => return form_ready(state, operation, form),
        Reply::VerifyForm(Ok(form)) => {
            let form = FormScreen::new(Purpose::Verify, form);
            state.screens.push(Screen::Form(Box::new(form)));
        }
        Reply::Plan(operation, Ok(plan)) => {
            let hosts = hosts(state, &plan);
            let review = Review::new(operation, plan, &hosts, state.look);
            state.screens.push(Screen::Review(Box::new(review)));
        }
        Reply::History(Ok(past)) => {
            if let Some(Screen::History(history)) = state.screens.last_mut() {
                history.fill(past);
            }
        }
        Reply::Text(title, Ok(body)) => {
            state.screens.push(Screen::Text(TextScreen::new(title, &body)));
        }
        Reply::Held(Ok(held)) => {
            state.pair.held = Some(((*held).clone(), state.now.ms));
            match state.screens.last_mut() {
                Some(Screen::Mirrors(mirrors)) => mirrors.fill(*held),
                _ => state.screens.push(Screen::Mirrors(Box::new(Mirrors::new(*held)))),
            }
        }
        Reply::Translation(Ok(view)) => {
            let screen = Translation::new(*view);
            state.screens.push(Screen::Translation(Box::new(screen)));
        }
        Reply::Imported(Ok(table)) => {
            if let Some(Screen::Translation(screen)) = state.screens.last_mut() {
                screen.imported(&table);
            }
        }
        Reply::Said(Ok(what)) => {
            if let Some(Screen::Translation(screen)) = state.screens.last_mut() {
                screen.say(what);
            }
        }
        Reply::Faults(Ok(offers)) => {
            state.pair.hurry();
            match state.screens.last_mut() {
                Some(Screen::Faults(faults)) => faults.fill(offers),
                _ => state.screens.push(Screen::Faults(Faults::new(offers))),
            }
        }
        Reply::Form(_, Err(error))
        | Reply::VerifyForm(Err(error))
        | Reply::Plan(_, Err(error))
        | Reply::History(Err(error))
        | Reply::Text(_, Err(error))
        | Reply::Held(Err(error))
        | Reply::Translation(Err(error))
        | Reply::Imported(Err(error))
        | Reply::Said(Err(error))
        | Reply::Faults(Err(error)) => show_error(state, &error),
        Reply::Finished(_) => {}
    }
    effects
}

fn show_error(state: &mut State, error: &Error) {
    state.screens.push(Screen::Confirm(Confirm::error(error)));
}

/// An operation without questions goes straight to its plan.
fn form_ready(state: &mut State, operation: Operation, form: Form) -> Vec<Effect> {
    if form.fields.is_empty() {
        return start(state, Job::Plan(operation, Answers::default()));
    }
    state.screens.push(Screen::Form(Box::new(FormScreen::new(
        Purpose::Plan(operation),
        form,
    ))));
    Vec::new()
}

/// An operation has ended: whatever lies over the progress screen goes with it.
fn finished_job(state: &mut State, job: JobId, finished: Finished) -> Vec<Effect> {
    if state.changing == Some(job) {
        state.changing = None;
    }
    let place = state
        .screens
        .iter()
        .position(|screen| matches!(screen, Screen::Progress(progress) if progress.job == job));
    let Some(place) = place else {
        return Vec::new();
    };
    if let Some(Screen::Progress(progress)) = state.screens.get(place) {
        let as_before = matches!(finished.verdict(), Verdict::Refused | Verdict::RolledBack);
        let outcome = Screen::Outcome(Box::new(Outcome::new(progress, finished)));
        state.screens.truncate(place);
        // The plan is used up; the answers it was made from are not.
        if as_before && matches!(state.top(), Some(Screen::Review(_))) {
            state.screens.pop();
        }
        state.screens.push(outcome);
    }
    state.pair.hurry();
    vec![Effect::Unfinished]
}
