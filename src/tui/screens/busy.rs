//! Waiting for a worker; Esc goes back and its answer is then dropped.

use super::KeyHint;
use crate::tui::event::JobId;
use crate::tui::look::Tone;
use crate::tui::state::State;
use crate::tui::turn::Turn;
use crate::tui::widgets::dialog;
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

/// Keys for the footer.
pub const HINTS: &[KeyHint] = &[("Esc", "do not wait")];

/// The job and since when it runs.
#[derive(Debug)]
pub struct Busy {
    /// The job whose answer closes this.
    pub job: JobId,
    /// What is being done.
    pub what: &'static str,
    /// When it began, milliseconds of the menu's clock.
    pub since: u64,
}

impl Busy {
    /// A key.
    pub fn key(&mut self, key: KeyEvent) -> Turn {
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => Turn::Back,
            _ => Turn::Stay,
        }
    }

    /// Draws it over the screen below.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, state: &State) {
        let look = state.look;
        let waited = state.now.ms.saturating_sub(self.since) / 1_000;
        let spinner = look.spinner(state.now.ms);
        let text = if waited < 2 {
            format!("{spinner} {}", self.what)
        } else {
            format!("{spinner} {} ({waited} s)", self.what)
        };
        let lines = vec![
            Line::raw(text),
            Line::default(),
            Line::styled("Esc goes back without waiting.", look.style(Tone::Faint)),
        ];
        dialog::draw(frame, area, look, "", Tone::Plain, lines);
    }
}
