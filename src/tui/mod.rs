//! The menu: one loop, one channel.
//!
//! ```text
//!  keys, clicks, signals ─┐
//!  ticks ─────────────────┼─> Event ─> update(&mut State) ─> Effect ─> runner ─> worker threads ─┐
//!  answers of workers ────┘                  │                                                   │
//!        ^                                   └─> drained, then drawn once                        │
//!        └───────────────────────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! [`update::update`] does no I/O and [`draw::draw`] changes nothing, so both are tested without a
//! terminal. Everything that may block is a [`backend::Backend`] method and runs on a worker thread:
//! the first frame is drawn before any node is asked, and keys are answered while an operation runs.

pub mod ask;
pub use crate::controller::backend;
mod cursor;
pub mod draw;
mod duration;
pub mod effect;
pub mod event;
mod hints;
mod input;
mod layout;
pub mod look;
mod pair_view;
mod possible;
mod runner;
pub mod screens;
mod scroll;
pub mod state;
mod terminal;
mod text;
mod turn;
mod typing;
pub mod update;
mod widgets;

pub use possible::possible;
pub use state::Leaving;

use ask::Asker;
use backend::Backend;
use chrono::Timelike;
use effect::Effect;
use event::{Event, Now};
use look::Look;
use ratatui::layout::{Position, Rect};
use runner::Runner;
use state::{State, Wish};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use terminal::{Held, Screen};

/// Shows the menu as `look` says until it is left. `open` gets the way to ask the operator questions and gives back
/// what does the work; it must not block.
///
/// Returns why the menu ended; an operation that was under way has by then stopped after its current
/// step.
pub fn run(look: Look, open: impl FnOnce(Asker) -> Arc<dyn Backend>) -> io::Result<Leaving> {
    let (to_menu, events) = channel();
    let asker = Asker::new(to_menu.clone());
    let backend = open(asker.clone());
    input::listen_to_signals(&to_menu)?;
    let (held, mut screen) = Held::take()?;
    let size = crossterm::terminal::size()?;
    let mut state = State::new(look, size, backend.identity());
    let clock = Clock(Instant::now());
    state.now = clock.now();
    screen.draw(|frame| draw::draw(frame, &state))?;
    input::listen_to_keys(&to_menu)?;
    let mut runner = Runner::new(backend, to_menu, asker.clone());
    let began = update::start(&mut state);
    perform(&mut runner, began);
    let left = turn(&mut state, &mut screen, &mut runner, &events, clock);
    asker.close();
    drop(held);
    Ok(left)
}

/// The loop: wait, take in everything that has happened, draw once.
fn turn(
    state: &mut State,
    screen: &mut Screen,
    runner: &mut Runner,
    events: &Receiver<Event>,
    clock: Clock,
) -> Leaving {
    loop {
        if let Some(why) = state.over() {
            return why;
        }
        let first = wait(events, state.wake_at(), clock);
        let tick = Event::Tick(clock.now());
        for event in std::iter::once(tick).chain(first).chain(events.try_iter()) {
            perform(runner, update::update(state, event));
        }
        if state.leaving == Some(Leaving::HangUp) {
            continue;
        }
        if arrange(state).and_then(|()| show(state, screen)).is_err() {
            perform(runner, update::update(state, Event::HangUp));
        }
    }
}

/// Lets go of the terminal and takes it again, where that is wished.
fn arrange(state: &mut State) -> io::Result<()> {
    let wish = std::mem::take(&mut state.wish);
    if wish == Wish::Suspend {
        terminal::suspend()?;
    }
    if wish != Wish::Keep {
        terminal::retake()?;
        state.repaint = true;
    }
    Ok(())
}

fn show(state: &mut State, screen: &mut Screen) -> io::Result<()> {
    // The terminal's own word counts: a signal may still be on its way.
    let size = screen.size()?;
    if (size.width, size.height) != state.size {
        state.size = (size.width, size.height);
        state.repaint = true;
    }
    if std::mem::take(&mut state.repaint) {
        // `clear` would ask the terminal where its cursor is and wait for an answer.
        screen.resize(Rect::from((Position::ORIGIN, size)))?;
    }
    screen.draw(|frame| draw::draw(frame, state))?;
    Ok(())
}

fn perform(runner: &mut Runner, effects: Vec<Effect>) {
    for effect in effects {
        runner.run(effect);
    }
}

/// The next event, or none when it is time for a tick.
fn wait(events: &Receiver<Event>, wake_at: Option<u64>, clock: Clock) -> Option<Event> {
    let Some(at) = wake_at else {
        return events.recv().ok();
    };
    let left = Duration::from_millis(at.saturating_sub(clock.now().ms));
    events.recv_timeout(left).ok()
}

/// The menu's clock, from 0 when it began.
#[derive(Clone, Copy)]
struct Clock(Instant);

impl Clock {
    fn now(self) -> Now {
        let wall = chrono::Local::now();
        Now {
            ms: u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX),
            clock: (wall.hour(), wall.minute()),
        }
    }
}
