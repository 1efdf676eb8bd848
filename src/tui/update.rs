//! The one place where the state changes: an event in, effects out as data, no I/O.

use super::ask::{AskAnswer, AskId, AskRequest};
use super::backend::{Finished, Unfinished, Way};
use super::duration::moment;
use super::effect::{Effect, Job};
use super::event::{Event, JobId, Reply};
use super::look::{Look, Mark, Tone};
use super::screens::busy::Busy;
use super::screens::confirm::{Choice, Confirm};
use super::screens::form::FormScreen;
use super::screens::outcome::Outcome;
use super::screens::progress::Progress;
use super::screens::question::Question;
use super::screens::review::Review;
use super::screens::text::TextScreen;
use super::screens::{Around, Screen};
use super::state::{Leaving, State};
use super::turn::Turn;
use crate::error::{Error, Result};
use crate::intent::{Answers, Form, Operation};
use crate::model::BySide;
use crate::plan::Plan;
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseEvent};

/// What is to be done when the menu starts, besides drawing it.
pub fn start(state: &mut State) -> Vec<Effect> {
    let mut effects = vec![Effect::Unfinished];
    effects.extend(look(state));
    effects
}

/// Takes in one event.
pub fn update(state: &mut State, event: Event) -> Vec<Effect> {
    match event {
        Event::Key(key) if key.kind == KeyEventKind::Release => Vec::new(),
        Event::Key(key) => key_pressed(state, key),
        Event::Mouse(mouse) => mouse_moved(state, mouse),
        Event::Paste(text) => {
            let around = Around {
                size: state.size,
                pair: &state.pair,
            };
            if let Some(screen) = state.screens.last_mut() {
                screen.paste(&text, around);
            }
            Vec::new()
        }
        Event::Resize(columns, rows) => {
            state.size = (columns, rows);
            state.repaint = true;
            Vec::new()
        }
        Event::Tick(now) => {
            state.now = now;
            look(state)
        }
        Event::Terminate(signal) => leave(state, Leaving::Signal(signal)),
        Event::HangUp => leave(state, Leaving::HangUp),
        Event::Status { identity, status } => {
            state.pair.answered(identity, status, state.now.ms);
            Vec::new()
        }
        Event::Unfinished(found) => unfinished(state, found),
        Event::Reply(job, reply) => replied(state, job, reply),
        Event::Progress(told) => {
            if let Some(progress) = progress(state) {
                progress.told(told);
            }
            Vec::new()
        }
        Event::Ask { id, request } => asked(state, id, request),
    }
}

/// Asks the nodes when it is time, and never while an operation has the connections.
fn look(state: &mut State) -> Vec<Effect> {
    if state.changing.is_none() && state.leaving.is_none() && state.pair.start_look(state.now.ms) {
        vec![Effect::Status]
    } else {
        Vec::new()
    }
}

/// Ends the menu; an operation under way first stops after its current step.
fn leave(state: &mut State, why: Leaving) -> Vec<Effect> {
    state.leaving.get_or_insert(why);
    if state.changing.is_some() {
        stop(state)
    } else {
        Vec::new()
    }
}

fn stop(state: &mut State) -> Vec<Effect> {
    if let Some(progress) = progress(state) {
        progress.stopping();
    }
    vec![Effect::Stop]
}

fn progress(state: &mut State) -> Option<&mut Progress> {
    state.screens.iter_mut().rev().find_map(|screen| match screen {
        Screen::Progress(progress) => Some(progress.as_mut()),
        _ => None,
    })
}

fn key_pressed(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    let control_c = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    if control_c {
        return interrupt(state);
    }
    if state.too_small() {
        return match key.code {
            KeyCode::Char('q') if state.changing.is_none() => leave(state, Leaving::Quit),
            _ => Vec::new(),
        };
    }
    if key.code == KeyCode::Char('l') && key.modifiers.contains(KeyModifiers::CONTROL) {
        state.repaint = true;
        return Vec::new();
    }
    if let Some(turn) = help(state, key) {
        return take(state, turn);
    }
    let around = Around {
        size: state.size,
        pair: &state.pair,
    };
    let turn = state.screens.last_mut().map(|screen| screen.key(key, around));
    take(state, turn.unwrap_or_default())
}

/// Ctrl-C: stops what runs; otherwise it is Esc, and on the menu it leaves.
fn interrupt(state: &mut State) -> Vec<Effect> {
    if state.changing.is_some() {
        return stop(state);
    }
    if state.screens.len() <= 1 || state.too_small() {
        return leave(state, Leaving::Quit);
    }
    key_pressed(state, KeyEvent::from(KeyCode::Esc))
}

/// A help text with the marks that this terminal shows.
fn with_marks(text: &str, look: Look) -> String {
    let marks = [
        ("{waiting}", Mark::Waiting),
        ("{done}", Mark::Done),
        ("{same}", Mark::Same),
        ("{failed}", Mark::Failed),
        ("{reverted}", Mark::Reverted),
    ];
    marks.into_iter().fold(text.to_owned(), |text, (name, mark)| {
        text.replace(name, look.mark(mark))
    })
}

/// Help of the screen, except where the screen has its own use for the key.
fn help(state: &State, key: KeyEvent) -> Option<Turn> {
    let top = state.top()?;
    let own = match top {
        Screen::Form(_) | Screen::Question(_) | Screen::Busy(_) | Screen::Confirm(_) => true,
        Screen::Text(text) => text.is_help(),
        _ => false,
    };
    let wanted = matches!(key.code, KeyCode::F(1) | KeyCode::Char('?'));
    (wanted && !own).then(|| {
        let text = with_marks(top.help(), state.look);
        Turn::open(Screen::Text(TextScreen::help(&text)))
    })
}

fn mouse_moved(state: &mut State, mouse: MouseEvent) -> Vec<Effect> {
    if state.too_small() {
        return Vec::new();
    }
    let around = Around {
        size: state.size,
        pair: &state.pair,
    };
    let turn = state.screens.last_mut().map(|screen| screen.mouse(mouse, around));
    take(state, turn.unwrap_or_default())
}

/// Does what a screen wants.
fn take(state: &mut State, turn: Turn) -> Vec<Effect> {
    match turn {
        Turn::Stay => Vec::new(),
        Turn::Back => {
            close_top(state);
            Vec::new()
        }
        Turn::BackThen(next) => {
            close_top(state);
            take(state, *next)
        }
        Turn::Home => go_home(state),
        Turn::Open(screen) => {
            let fill = matches!(*screen, Screen::History(_));
            state.screens.push(*screen);
            if fill {
                start_job(state, Job::History)
            } else {
                Vec::new()
            }
        }
        Turn::Do(job) => start_job(state, *job),
        Turn::Stop => stop(state),
        Turn::Look => {
            state.pair.hurry();
            look(state)
        }
        Turn::Answer(id, answer) => {
            close_top(state);
            vec![Effect::Answer(id, answer)]
        }
        Turn::Quit => leave(state, Leaving::Quit),
    }
}

fn close_top(state: &mut State) {
    if state.screens.len() > 1 {
        state.screens.pop();
    }
}

fn go_home(state: &mut State) -> Vec<Effect> {
    state.go_home();
    state.pair.unfinished = None;
    state.pair.hurry();
    let mut effects = look(state);
    effects.push(Effect::Unfinished);
    effects
}

/// Starts a job: one that changes nodes gets the progress screen, any other a sign of waiting.
fn start_job(state: &mut State, job: Job) -> Vec<Effect> {
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
        let hosts = hosts(state);
        state
            .screens
            .push(Screen::Progress(Box::new(Progress::new(id, plan, hosts, now))));
    } else {
        state.screens.push(Screen::Busy(Busy {
            job: id,
            what: job.waiting(),
            since: now,
        }));
    }
    vec![Effect::Job(id, job)]
}

fn hosts(state: &State) -> BySide<String> {
    BySide::new(|side| state.pair.host(side).to_owned())
}

/// The plan of an open operation, from the journals where they have told it.
fn plan_of_open(state: &State, op: crate::model::OpId, way: Way) -> Plan {
    let known = state.pair.unfinished.as_ref().filter(|open| open.op == op);
    let mut plan = known.map_or_else(empty_plan, |open| open.plan.clone());
    let doing = match way {
        Way::Forward => "going on with",
        Way::Back => "taking back",
    };
    plan.title = format!("{doing} operation {op} {}", plan.title);
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

/// A worker is done. Answers nobody waits for any more are dropped.
fn replied(state: &mut State, job: JobId, reply: Reply) -> Vec<Effect> {
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
    match reply {
        Reply::Form(operation, Ok(form)) => return form_ready(state, operation, form),
        Reply::Plan(operation, Ok(plan)) => {
            let review = Review::new(operation, plan, &hosts(state), state.look);
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
        Reply::Form(_, Err(error))
        | Reply::Plan(_, Err(error))
        | Reply::History(Err(error))
        | Reply::Text(_, Err(error)) => show_error(state, &error),
        Reply::Finished(_) => {}
    }
    Vec::new()
}

fn show_error(state: &mut State, error: &Error) {
    state.screens.push(Screen::Confirm(Confirm::error(error)));
}

/// An operation without questions goes straight to its plan.
fn form_ready(state: &mut State, operation: Operation, form: Form) -> Vec<Effect> {
    if form.fields.is_empty() {
        return start_job(state, Job::Plan(operation, Answers::default()));
    }
    state
        .screens
        .push(Screen::Form(Box::new(FormScreen::new(operation, form))));
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
        let outcome = Screen::Outcome(Box::new(Outcome::new(progress, finished)));
        state.screens.truncate(place);
        state.screens.push(outcome);
    }
    state.pair.hurry();
    vec![Effect::Unfinished]
}

/// The journals were asked for an open operation; it is offered when the menu has the keyboard.
fn unfinished(state: &mut State, found: Result<Option<Unfinished>>) -> Vec<Effect> {
    // Nodes that cannot be asked show up in the status; there is nothing to offer then.
    let Ok(found) = found else {
        return Vec::new();
    };
    let news = found.is_some() && state.pair.unfinished != found;
    state.pair.unfinished = found;
    if let (Some(open), true, 1) = (&state.pair.unfinished, news, state.screens.len()) {
        let dialog = offer(open);
        state.screens.push(Screen::Confirm(dialog));
    }
    Vec::new()
}

fn offer(open: &Unfinished) -> Confirm {
    let total = open.plan.steps().count();
    let body = format!(
        "{}\n\nBegun by {} at {}; {} of {total} steps were done.",
        open.plan.title,
        open.who,
        moment(&open.since),
        open.done
    );
    Confirm::new(
        format!("Operation {} was interrupted", open.op),
        Tone::Warning,
        body,
        vec![
            Choice::new(
                'r',
                "Go on with it",
                Turn::job(Job::Resume(open.op, Way::Forward)),
            ),
            Choice::new(
                'u',
                "Take back what was done",
                Turn::job(Job::Resume(open.op, Way::Back)),
            ),
            Choice::new('l', "Leave it for now", Turn::Stay),
        ],
    )
}

/// A worker has a question. Without a terminal nobody can answer it.
fn asked(state: &mut State, id: AskId, request: AskRequest) -> Vec<Effect> {
    if state.leaving.is_some() {
        return vec![Effect::Answer(id, AskAnswer::No)];
    }
    state.screens.push(Screen::Question(Question::new(id, request)));
    Vec::new()
}
