//! A worker's question: is this the host's key, what is the password. The worker waits for the answer.

use super::KeyHint;
use crate::model::Secret;
use crate::tui::ask::{AskAnswer, AskId, AskRequest};
use crate::tui::look::Tone;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::turn::Turn;
use crate::tui::widgets::dialog;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use zeroize::Zeroizing;

/// Keys for the footer.
pub const HINTS: &[KeyHint] = &[("y / n", "answer"), ("Enter", "send"), ("Esc", "refuse")];

/// The question, and what has been typed of a secret.
pub struct Question {
    id: AskId,
    request: AskRequest,
    typed: Zeroizing<String>,
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Question")
            .field("id", &self.id)
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}

impl Question {
    /// A question that a worker waits for.
    pub fn new(id: AskId, request: AskRequest) -> Self {
        Self {
            id,
            request,
            typed: Zeroizing::new(String::new()),
        }
    }

    /// A key.
    pub fn key(&mut self, key: KeyEvent) -> Turn {
        if key.code == KeyCode::Esc {
            return Turn::Answer(self.id, AskAnswer::No);
        }
        if matches!(self.request, AskRequest::Secret { .. }) {
            return self.secret_key(key);
        }
        match key.code {
            KeyCode::Char('y' | 'Y') => Turn::Answer(self.id, AskAnswer::Yes),
            KeyCode::Char('n' | 'N') => Turn::Answer(self.id, AskAnswer::No),
            _ => Turn::Stay,
        }
    }

    fn secret_key(&mut self, key: KeyEvent) -> Turn {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Enter => {
                let typed = std::mem::take(&mut *self.typed);
                return Turn::Answer(self.id, AskAnswer::Secret(Secret::new(typed)));
            }
            KeyCode::Backspace => {
                self.typed.pop();
            }
            KeyCode::Char('u') if control => self.typed.clear(),
            KeyCode::Char(character) if !control => self.typed.push(character),
            _ => {}
        }
        Turn::Stay
    }

    /// Pasted text; only a secret takes it, without line ends.
    pub fn paste(&mut self, pasted: &str) {
        if matches!(self.request, AskRequest::Secret { .. }) {
            self.typed.extend(pasted.chars().filter(|c| !c.is_control()));
        }
    }

    /// Draws it over the screen below.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, state: &State) {
        let look = state.look;
        let (title, body, prompt) = match &self.request {
            AskRequest::HostKey {
                host,
                fingerprint,
                note,
            } => (
                "First contact",
                format!(
                    "{host} shows this host key:\n\n  {fingerprint}\n\n{note}\n\nNothing has been sent to it yet. With `yes` the key is recorded, and a different one is refused from then on."
                ),
                "Is this the right key?  y yes   n no".to_owned(),
            ),
            AskRequest::Secret { prompt } => {
                // The length of a secret is nobody's business beyond what the cursor's owner needs.
                let dots = "*".repeat(self.typed.chars().count().min(32));
                ("Secret", prompt.clone(), format!("> {dots}"))
            }
            AskRequest::YesNo { prompt } => ("Question", prompt.clone(), "y yes   n no".to_owned()),
        };
        let mut lines: Vec<Line<'_>> = text::wrap(&body, dialog::columns(area.width))
            .into_iter()
            .map(Line::raw)
            .collect();
        lines.push(Line::default());
        let end = text::width(&prompt);
        lines.push(Line::styled(prompt, look.style(Tone::Strong)));
        let rows = lines.len();
        let inner = dialog::draw(frame, area, look, title, Tone::Warning, lines);
        if matches!(self.request, AskRequest::Secret { .. }) {
            let x = inner.x + u16::try_from(end).unwrap_or(0);
            let y = inner.y + u16::try_from(rows).unwrap_or(1).saturating_sub(1);
            frame.set_cursor_position(Position::new(x, y));
        }
    }
}
