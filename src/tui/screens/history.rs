//! Operations, newest first: to read about, take back, or go on with.

use super::confirm::{Choice, Confirm};
use super::{Around, KeyHint, Screen};
use crate::agent::protocol::End;
use crate::intent::{Answers, Operation};
use crate::tui::backend::{Past, Way};
use crate::tui::cursor::{Cursor, List, Pointed};
use crate::tui::duration::moment;
use crate::tui::effect::Job;
use crate::tui::layout;
use crate::tui::look::{Look, Mark, Tone};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::turn::Turn;
use crate::tui::widgets::panel::{self, Row};
use crossterm::event::{KeyCode, KeyEvent, MouseEvent};
use ratatui::Frame;
use ratatui::layout::Rect;

/// Keys for the footer.
pub const HINTS: &[KeyHint] = &[
    ("Enter", "report"),
    ("u", "undo"),
    ("r", "go on with an open one"),
    ("F1", "help"),
    ("Esc", "back"),
];

/// Shown in the title.
pub const TITLE: &str = "Operations";

/// Columns from which on the operator is shown.
const WITH_OPERATOR: usize = 98;

/// The list.
#[derive(Debug, Default)]
pub struct History {
    /// The operations; `None` until they are read.
    past: Option<Vec<Past>>,
    cursor: Cursor,
}

impl History {
    /// The operations have been read.
    pub fn fill(&mut self, past: Vec<Past>) {
        self.past = Some(past);
        self.cursor.clamp(self.list().lines);
    }

    fn chosen(&self) -> Option<&Past> {
        self.past.as_ref()?.get(self.cursor.at)
    }

    fn list(&self) -> List {
        List {
            lines: self.past.as_ref().map_or(0, Vec::len),
            head: 1,
        }
    }

    /// A key.
    pub fn key(&mut self, key: KeyEvent, around: Around<'_>) -> Turn {
        if self.cursor.key(key, self.list(), around.size) {
            return Turn::Stay;
        }
        match key.code {
            KeyCode::Esc | KeyCode::Char('q') => Turn::Back,
            KeyCode::Enter => self.enter(),
            KeyCode::Char('u') => self.undo(),
            KeyCode::Char('r') => self.resume(),
            _ => Turn::Stay,
        }
    }

    /// A click puts the cursor on a line, on the cursor's line it is like Enter.
    pub fn mouse(&mut self, mouse: MouseEvent, around: Around<'_>) -> Turn {
        match self.cursor.mouse(mouse, self.list(), around.size) {
            Pointed::Chosen => self.enter(),
            Pointed::Moved => Turn::Stay,
        }
    }

    fn enter(&self) -> Turn {
        self.chosen()
            .map_or(Turn::Back, |past| Turn::job(Job::Report(past.op)))
    }

    fn undo(&self) -> Turn {
        match self.chosen() {
            Some(past) if past.end.is_none() => self.resume(),
            Some(past) => Turn::job(Job::Plan(Operation::Undo(past.op), Answers::default())),
            None => Turn::Stay,
        }
    }

    fn resume(&self) -> Turn {
        let Some(past) = self.chosen() else {
            return Turn::Stay;
        };
        if past.end.is_some() {
            return Turn::open(Screen::Confirm(Confirm::new(
                "Nothing to go on with",
                Tone::Plain,
                format!("Operation {} has ended: {}.", past.op, word(past.end)),
                vec![Choice::new('o', "OK", Turn::Stay)],
            )));
        }
        Turn::open(Screen::Confirm(Confirm::new(
            format!("Operation {} is open", past.op),
            Tone::Warning,
            past.title.clone(),
            vec![
                Choice::new(
                    'r',
                    "Go on with it",
                    Turn::job(Job::Resume(past.op, Way::Forward)),
                ),
                Choice::new(
                    'u',
                    "Take back what was done",
                    Turn::job(Job::Resume(past.op, Way::Back)),
                ),
                Choice::new('l', "Leave it for now", Turn::Stay),
            ],
        )))
    }

    /// Draws it.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, state: &State) {
        let look = state.look;
        let columns = layout::columns(state.size);
        let rows = match &self.past {
            None => vec![Row::new(Tone::Faint, " not read yet")],
            Some(past) if past.is_empty() => vec![Row::new(Tone::Plain, " No operation has been recorded.")],
            Some(past) => self.table(past, columns, look),
        };
        panel::rows(frame, area, look, TITLE, &rows, self.cursor.scroll);
    }

    /// Number, time and result have fixed columns, so has the operator where there is room; the title
    /// gets what is left.
    fn table(&self, past: &[Past], columns: usize, look: Look) -> Vec<Row> {
        let more = look.mark(Mark::More);
        let who_columns = if columns >= WITH_OPERATOR { 20 } else { 0 };
        let title_columns = columns.saturating_sub(7 + 18 + 13 + who_columns);
        let line = |pointer: &str, [number, when, end, who, title]: [&str; 5]| {
            let fixed = format!(
                "{pointer}{number:>5} {}{}",
                text::pad(when, 18, more),
                text::pad(end, 13, more)
            );
            let who = if who_columns > 0 {
                text::pad(who, who_columns - 1, more) + " "
            } else {
                String::new()
            };
            format!("{fixed}{who}{}", text::pad(title, title_columns, more))
        };
        let heading = line(" ", ["No.", "begun", "result", "by", "what"]);
        let mut rows = vec![Row::new(Tone::Strong, heading)];
        for (index, entry) in past.iter().enumerate() {
            let chosen = index == self.cursor.at;
            let pointer = if chosen { look.mark(Mark::Pointer) } else { " " };
            let tone = match (chosen, entry.end) {
                (true, _) => Tone::Selected,
                (_, None) => Tone::Bad,
                (_, Some(End::Committed)) => Tone::Plain,
                _ => Tone::Warning,
            };
            let number = entry.op.to_string();
            let cells = [
                &number,
                &moment(&entry.when),
                word(entry.end),
                &entry.who,
                &entry.title,
            ];
            rows.push(Row::new(tone, line(pointer, cells)));
        }
        rows
    }
}

/// How an operation ended, in a word.
fn word(end: Option<End>) -> &'static str {
    match end {
        None => "OPEN",
        Some(End::Committed) => "done",
        Some(End::RolledBack) => "rolled back",
        Some(End::Abandoned) => "left as is",
    }
}
