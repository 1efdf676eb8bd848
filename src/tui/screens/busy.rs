//! Waiting for a worker, with how far it is. Esc stops what it looks at: the answer is then dropped, or
//! what there is of it is shown.

use super::KeyHint;
use crate::model::Moved;
use crate::render::how_far;
use crate::tui::effect::Job;
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
pub const HINTS: &[KeyHint] = &[("Esc", "stop")];

/// The job and since when it runs.
#[derive(Debug)]
pub struct Busy {
    /// The job whose answer closes this.
    pub job: JobId,
    /// How far it is, if it tells.
    pub moved: Option<Moved>,
    what: &'static str,
    /// When it began, milliseconds of the menu's clock.
    since: u64,
    /// What it has when it is stopped is shown.
    stops_early: bool,
    stopping: bool,
}

impl Busy {
    /// Waits for `job`.
    pub fn new(id: JobId, job: &Job, now: u64) -> Self {
        Self {
            job: id,
            moved: None,
            what: job.waiting(),
            since: now,
            stops_early: job.stops_early(),
            stopping: false,
        }
    }

    /// A key.
    pub fn key(&mut self, key: KeyEvent) -> Turn {
        match key.code {
            // Who does not want to wait for the end of it either says so twice.
            KeyCode::Esc | KeyCode::Char('q')
                if self.stops_early && self.moved.is_some() && !self.stopping =>
            {
                self.stopping = true;
                Turn::StopJob(self.job)
            }
            KeyCode::Esc | KeyCode::Char('q') => Turn::StopJob(self.job).after_back(),
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
        let mut lines = vec![Line::raw(text)];
        lines.extend(self.moved.as_ref().map(|moved| Line::raw(how_far(moved))));
        let hint = match (self.stopping, self.stops_early && self.moved.is_some()) {
            (true, _) => "Stopping; Esc goes back at once.",
            (false, true) => "Esc stops the search and shows the rest.",
            (false, false) => "Esc goes back without waiting.",
        };
        lines.extend([Line::default(), Line::styled(hint, look.style(Tone::Faint))]);
        dialog::draw(frame, area, look, "", Tone::Plain, lines);
    }
}
