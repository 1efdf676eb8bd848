//! The one place where the state changes: an event in, effects out as data, no I/O.

mod jobs;
mod keys;
mod unfinished;

use super::ask::{AskAnswer, AskId, AskRequest};
use super::effect::{Effect, Job};
use super::event::Event;
use super::screens::progress::Progress;
use super::screens::question::Question;
use super::screens::{Around, Screen};
use super::state::{Leaving, State, Wish};
use super::turn::Turn;
use crossterm::event::KeyEventKind;

/// What is to be done when the menu starts, besides drawing it.
pub fn start(state: &mut State) -> Vec<Effect> {
    let mut effects = around(state);
    effects.extend(look(state));
    effects
}

/// What is asked once and after each operation, and not every few seconds as the status is.
fn around(state: &State) -> Vec<Effect> {
    let mut effects = vec![Effect::Unfinished];
    if state.pair.identity.pair.is_some() {
        effects.push(Effect::Held);
    }
    effects
}

/// Takes in one event.
pub fn update(state: &mut State, event: Event) -> Vec<Effect> {
    match event {
        Event::Key(key) if key.kind == KeyEventKind::Release => Vec::new(),
        Event::Key(key) => keys::pressed(state, key),
        Event::Mouse(mouse) => keys::mouse(state, mouse),
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
        Event::Suspend => suspend(state),
        Event::Continued => {
            state.wish = Wish::Retake;
            Vec::new()
        }
        Event::Status { identity, status } => {
            state.pair.answered(identity, status, state.now.ms);
            Vec::new()
        }
        Event::Held(held) => {
            // A node that cannot be asked shows up in the status.
            if let Ok(held) = held {
                for screen in &mut state.screens {
                    if let Screen::Mirrors(mirrors) = screen {
                        mirrors.fill((*held).clone());
                    }
                }
                state.pair.held = Some((*held, state.now.ms));
            }
            Vec::new()
        }
        Event::Unfinished(found) => unfinished::found(state, found),
        Event::Looked(job, moved) => {
            jobs::looked(state, job, moved);
            Vec::new()
        }
        Event::Reply(job, reply) => jobs::replied(state, job, reply),
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

/// Stands still until it is continued; never in the middle of an operation, whose nodes would wait.
fn suspend(state: &mut State) -> Vec<Effect> {
    if state.changing.is_none() {
        state.wish = Wish::Suspend;
    } else if let Some(progress) = progress(state) {
        progress.stays();
    }
    Vec::new()
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
                jobs::start(state, Job::History)
            } else {
                Vec::new()
            }
        }
        Turn::Do(job) => jobs::start(state, *job),
        Turn::Stop => stop(state),
        Turn::StopJob(job) => vec![Effect::StopJob(job)],
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
    state.pair.hurry();
    let mut effects = look(state);
    effects.extend(around(state));
    effects
}

/// A worker has a question. Without a terminal nobody can answer it.
fn asked(state: &mut State, id: AskId, request: AskRequest) -> Vec<Effect> {
    if state.leaving.is_some() {
        return vec![Effect::Answer(id, AskAnswer::No)];
    }
    state.screens.push(Screen::Question(Question::new(id, request)));
    Vec::new()
}
