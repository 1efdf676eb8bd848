//! A text to read: help, a report, a journal, the findings of the doctor, an error in full.

use super::{Around, KeyHint};
use crate::error::Error;
use crate::tui::layout;
use crate::tui::look::Tone;
use crate::tui::scroll::Scroll;
use crate::tui::state::State;
use crate::tui::turn::Turn;
use crate::tui::widgets::panel::{self, Row};
use crossterm::event::{KeyCode, KeyEvent, MouseEvent};
use ratatui::Frame;
use ratatui::layout::Rect;

/// Keys for the footer.
pub const HINTS: &[KeyHint] = &[
    ("Up Down PgUp PgDn", "scroll"),
    ("Left Right", "sideways"),
    ("Esc", "back"),
];

/// The text and the place in it.
#[derive(Debug)]
pub struct TextScreen {
    /// Shown in the title.
    pub title: String,
    rows: Vec<Row>,
    scroll: Scroll,
}

impl TextScreen {
    /// A text under a title.
    pub fn new(title: impl Into<String>, body: &str) -> Self {
        Self {
            title: title.into(),
            rows: body.lines().map(row).collect(),
            scroll: Scroll::default(),
        }
    }

    /// A help text.
    pub fn help(body: &str) -> Self {
        Self::new("Help", body)
    }

    /// True when this shows help, so that F1 does not stack it.
    pub fn is_help(&self) -> bool {
        self.title == "Help"
    }

    /// A key.
    pub fn key(&mut self, key: KeyEvent, around: Around<'_>) -> Turn {
        if self.scroll.key(key, self.rows.len(), layout::page(around.size)) {
            return Turn::Stay;
        }
        match key.code {
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q') => Turn::Back,
            _ => Turn::Stay,
        }
    }

    /// The wheel.
    pub fn mouse(&mut self, mouse: MouseEvent, around: Around<'_>) -> Turn {
        self.scroll
            .wheel(mouse, self.rows.len(), layout::page(around.size));
        Turn::Stay
    }

    /// Draws it.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, state: &State) {
        panel::rows(frame, area, state.look, &self.title, &self.rows, self.scroll);
    }
}

/// A line with the tone its first characters ask for: differences as such, capitals as headings.
fn row(line: &str) -> Row {
    let heading = line.chars().any(char::is_alphabetic) && !line.chars().any(char::is_lowercase);
    Row::new(
        diff_tone(line).unwrap_or(if heading { Tone::Strong } else { Tone::Plain }),
        line,
    )
}

/// The tone of a line of a unified diff; `None` for any other line.
pub fn diff_tone(line: &str) -> Option<Tone> {
    match line.as_bytes().first()? {
        b'+' => Some(Tone::Good),
        b'-' => Some(Tone::Bad),
        b'@' => Some(Tone::Key),
        _ => None,
    }
}

/// An error in full: what, where, why, what to do.
pub fn error_text(error: &Error) -> String {
    let mut lines = vec![format!("What failed: {}", error.message)];
    if let Some(cause) = &error.cause {
        lines.push(format!("Because: {cause}"));
    }
    if let Some(node) = &error.node {
        lines.push(format!("Node: {node}"));
    }
    if let Some(subject) = &error.subject {
        lines.push(format!("Concerns: {subject}"));
    }
    if let Some(hint) = &error.hint {
        lines.push(String::new());
        lines.push(format!("What to do: {hint}"));
    }
    lines.join("\n")
}
