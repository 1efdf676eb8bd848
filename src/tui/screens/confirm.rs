//! A choice to make, or a notice to read: a text and lines to choose from, each with its own key.

use super::text::error_text;
use super::{Around, KeyHint};
use crate::error::Error;
use crate::tui::layout;
use crate::tui::look::{Mark, Tone};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::turn::Turn;
use crate::tui::widgets::dialog;
use crossterm::event::{KeyCode, KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

/// Keys for the footer.
pub const HINTS: &[KeyHint] = &[
    ("Up Down Enter", "choose"),
    ("letter", "choose at once"),
    ("Esc", "back"),
];

/// One of the choices.
#[derive(Debug)]
pub struct Choice {
    key: char,
    label: String,
    turn: Turn,
}

impl Choice {
    /// A choice with its key; the dialog is closed before the turn.
    pub fn new(key: char, label: impl Into<String>, turn: Turn) -> Self {
        Self {
            key,
            label: label.into(),
            turn,
        }
    }
}

/// A dialog. The last choice is the harmless one: it is preselected, and Esc takes it.
#[derive(Debug)]
pub struct Confirm {
    title: String,
    tone: Tone,
    body: String,
    choices: Vec<Choice>,
    selected: usize,
}

impl Confirm {
    /// A dialog; the last of `choices` is what Esc means.
    pub fn new(title: impl Into<String>, tone: Tone, body: impl Into<String>, choices: Vec<Choice>) -> Self {
        Self {
            title: title.into(),
            tone,
            body: body.into(),
            selected: choices.len().saturating_sub(1),
            choices,
        }
    }

    /// Something that did not work, with what to do.
    pub fn error(error: &Error) -> Self {
        Self::new(
            "This did not work",
            Tone::Bad,
            error_text(error),
            vec![Choice::new('o', "OK", Turn::Stay)],
        )
    }

    /// A key.
    pub fn key(&mut self, key: KeyEvent) -> Turn {
        let last = self.choices.len().saturating_sub(1);
        match key.code {
            KeyCode::Up | KeyCode::BackTab | KeyCode::Left => self.selected = self.selected.saturating_sub(1),
            KeyCode::Down | KeyCode::Tab | KeyCode::Right => self.selected = (self.selected + 1).min(last),
            KeyCode::Enter => return self.take(self.selected),
            KeyCode::Esc => return self.take(last),
            KeyCode::Char(typed) => {
                let typed = typed.to_ascii_lowercase();
                if let Some(index) = self.choices.iter().position(|choice| choice.key == typed) {
                    return self.take(index);
                }
            }
            _ => {}
        }
        Turn::Stay
    }

    /// A click on a choice takes it.
    pub fn mouse(&mut self, mouse: MouseEvent, around: Around<'_>) -> Turn {
        if mouse.kind != MouseEventKind::Down(MouseButton::Left) {
            return Turn::Stay;
        }
        let area = layout::body(around.size);
        let body = self.body_lines(area).len() + 1;
        let place = dialog::place(area, body + self.choices.len());
        if !place.contains(Position::new(mouse.column, mouse.row)) {
            return Turn::Stay;
        }
        let row = usize::from(mouse.row - place.y);
        match row.checked_sub(body + 1) {
            Some(index) if index < self.choices.len() => self.take(index),
            _ => Turn::Stay,
        }
    }

    fn take(&mut self, index: usize) -> Turn {
        let turn = self
            .choices
            .get_mut(index)
            .map(|choice| std::mem::take(&mut choice.turn))
            .unwrap_or_default();
        turn.after_back()
    }

    /// The text as far as it leaves room for the choices, which stay visible however long it is.
    fn body_lines(&self, area: Rect) -> Vec<String> {
        let room = usize::from(area.height).saturating_sub(3 + self.choices.len());
        let mut lines = text::wrap(&self.body, dialog::columns(area.width));
        lines.truncate(room);
        lines
    }

    /// Draws it over the screen below.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, state: &State) {
        let look = state.look;
        let mut lines: Vec<Line<'_>> = self.body_lines(area).into_iter().map(Line::raw).collect();
        lines.push(Line::default());
        for (index, choice) in self.choices.iter().enumerate() {
            let chosen = index == self.selected;
            let pointer = if chosen { look.mark(Mark::Pointer) } else { " " };
            let tone = if chosen { Tone::Selected } else { Tone::Plain };
            let label = format!("{pointer} {}  {} ", choice.key, choice.label);
            lines.push(Line::styled(label, look.style(tone)));
        }
        dialog::draw(frame, area, look, &self.title, self.tone, lines);
    }
}
