//! Keys and clicks: those that mean the same everywhere, and the way of all others to the top screen.

use super::{leave, stop, suspend, take};
use crate::tui::effect::Effect;
use crate::tui::look::{Look, Mark};
use crate::tui::screens::text::TextScreen;
use crate::tui::screens::{Around, Clicked, Screen};
use crate::tui::state::{Leaving, State};
use crate::tui::turn::Turn;
use crate::tui::{hints, layout};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

/// A key was pressed.
pub(super) fn pressed(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    let control_c = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    if control_c {
        return interrupt(state);
    }
    if key.code == KeyCode::Char('z') && key.modifiers.contains(KeyModifiers::CONTROL) {
        return suspend(state);
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
    pressed(state, KeyEvent::from(KeyCode::Esc))
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
        Screen::Translation(screen) => screen.typing(),
        _ => false,
    };
    let wanted = matches!(key.code, KeyCode::F(1) | KeyCode::Char('?'));
    (wanted && !own).then(|| {
        let text = with_marks(top.help(), state.look);
        Turn::open(Screen::Text(TextScreen::help(&text)))
    })
}

/// The mouse was clicked or its wheel turned.
pub(super) fn mouse(state: &mut State, mouse: MouseEvent) -> Vec<Effect> {
    if state.too_small() {
        return Vec::new();
    }
    if mouse.row == layout::footer(state.size).y {
        return hint(state, mouse);
    }
    let around = Around {
        size: state.size,
        pair: &state.pair,
    };
    let turn = state.screens.last_mut().map(|screen| screen.mouse(mouse, around));
    take(state, turn.unwrap_or_default())
}

/// A click in the footer presses the key that is drawn there, unless one click would change nodes.
fn hint(state: &mut State, mouse: MouseEvent) -> Vec<Effect> {
    if mouse.kind != MouseEventKind::Down(MouseButton::Left) {
        return Vec::new();
    }
    let drawn = state.top().map_or(&[][..], Screen::hints);
    let Some(key) = hints::key_at(state.size.0, drawn, mouse.column) else {
        return Vec::new();
    };
    match state.top().map(|screen| screen.clicked(key)) {
        Some(Clicked::Key(key)) => pressed(state, key),
        Some(Clicked::Turn(turn)) => take(state, turn),
        None => Vec::new(),
    }
}
