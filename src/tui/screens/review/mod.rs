//! A plan before it is carried out: notice, steps, and the difference of every file, to be scrolled
//! through and agreed to with a deliberate `y`.

mod document;

use super::confirm::{Choice, Confirm};
use super::{Around, KeyHint, Screen};
use crate::intent::Operation;
use crate::model::BySide;
use crate::plan::Plan;
use crate::tui::effect::Job;
use crate::tui::layout;
use crate::tui::look::{Look, Mark, Tone};
use crate::tui::scroll::Scroll;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::turn::Turn;
use crate::tui::widgets::panel;
use crossterm::event::{KeyCode, KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use document::Document;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

/// Rows below the document: totals and the question.
const BELOW: u16 = 2;

const HINTS: &[KeyHint] = &[
    ("y", "carry it out"),
    ("Esc", "back"),
    ("PgUp PgDn", "scroll"),
    ("n p", "next, previous file"),
    ("F1", "help"),
];
const EMPTY_HINTS: &[KeyHint] = &[("Esc", "back"), ("F1", "help")];

/// A plan under review.
#[derive(Debug)]
pub struct Review {
    /// What it is the plan of.
    pub operation: Operation,
    plan: Plan,
    document: Document,
    scroll: Scroll,
}

impl Review {
    /// Lays the plan out for a terminal of this size.
    pub fn new(operation: Operation, plan: Plan, hosts: &BySide<String>, look: Look) -> Self {
        Self {
            operation,
            document: Document::new(&plan, hosts, look),
            plan,
            scroll: Scroll::default(),
        }
    }

    fn page(size: (u16, u16)) -> usize {
        layout::page(size).saturating_sub(usize::from(BELOW))
    }

    /// A key.
    pub fn key(&mut self, key: KeyEvent, around: Around<'_>) -> Turn {
        let page = Self::page(around.size);
        match key.code {
            KeyCode::Char('y') if !self.plan.is_empty() => {
                return Turn::job(Job::Apply(Box::new(self.plan.clone())));
            }
            KeyCode::Enter if !self.plan.is_empty() => return self.explain_enter(),
            KeyCode::Esc | KeyCode::Char('q') | KeyCode::Enter => return Turn::Back,
            KeyCode::Char('n') => self.file(page, |line, top| line > top),
            KeyCode::Char('p') => self.previous_file(),
            _ => {
                self.scroll.key(key, self.document.rows.len(), page);
            }
        }
        Turn::Stay
    }

    /// Enter is pressed by habit, so it only says what is needed.
    fn explain_enter(&self) -> Turn {
        let body = if self.plan.service_affecting {
            "This plan may interrupt calls. Press y to carry it out, Esc to go back to the questions."
        } else {
            "Press y to carry it out, Esc to go back to the questions."
        };
        Turn::open(Screen::Confirm(Confirm::new(
            "Nothing has been done yet",
            Tone::Warning,
            body,
            vec![
                Choice::new(
                    'y',
                    "Carry it out",
                    Turn::job(Job::Apply(Box::new(self.plan.clone()))),
                ),
                Choice::new('b', "Look at the plan again", Turn::Stay),
            ],
        )))
    }

    fn file(&mut self, page: usize, beyond: impl Fn(usize, usize) -> bool) {
        let top = self.scroll.top;
        if let Some(&line) = self.document.files.iter().find(|&&line| beyond(line, top)) {
            self.scroll.top = line;
            self.scroll.clamp(self.document.rows.len(), page);
        }
    }

    fn previous_file(&mut self) {
        let top = self.scroll.top;
        let before = self.document.files.iter().rev().find(|&&line| line < top);
        self.scroll.top = before.copied().unwrap_or(0);
    }

    /// The wheel; a click on the question is answered like Enter, so that one click changes nothing.
    pub fn mouse(&mut self, mouse: MouseEvent, around: Around<'_>) -> Turn {
        let page = Self::page(around.size);
        let body = layout::body(around.size);
        let question = body.y + body.height.saturating_sub(1);
        if mouse.kind == MouseEventKind::Down(MouseButton::Left) && mouse.row == question {
            return if self.plan.is_empty() {
                Turn::Back
            } else {
                self.explain_enter()
            };
        }
        self.scroll.wheel(mouse, self.document.rows.len(), page);
        Turn::Stay
    }

    /// Keys for the footer.
    pub fn hints(&self) -> &'static [KeyHint] {
        if self.plan.is_empty() { EMPTY_HINTS } else { HINTS }
    }

    /// Draws it.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, state: &State) {
        let look = state.look;
        let (above, below) = layout::split_bottom(area, BELOW);
        let title = text::cut(
            &self.plan.title,
            usize::from(area.width).saturating_sub(6),
            look.mark(Mark::More),
        );
        panel::rows(frame, above, look, &title, &self.document.rows, self.scroll);
        let (tone, question) = if self.plan.is_empty() {
            (
                Tone::Good,
                "There is nothing to change. Esc goes back.".to_owned(),
            )
        } else if self.plan.service_affecting {
            (
                Tone::Bad,
                "SERVICE AFFECTING: calls may be interrupted. Carry it out? y yes, Esc no".to_owned(),
            )
        } else {
            (
                Tone::Strong,
                "Nothing has been changed yet. Carry it out? y yes, Esc no".to_owned(),
            )
        };
        let lines = vec![
            Line::raw(format!(" {}", self.document.totals)),
            Line::styled(format!(" {question}"), look.style(tone)),
        ];
        frame.render_widget(Paragraph::new(lines), below);
    }
}
