//! Faults of the practice lab: put on by a key, all taken off by another.

use super::{Around, KeyHint};
use crate::lab::FaultOffer;
use crate::tui::cursor::{Cursor, List, Pointed};
use crate::tui::effect::Job;
use crate::tui::look::{Mark, Tone};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::turn::Turn;
use crate::tui::widgets::panel::{self, Row};
use crossterm::event::{KeyCode, KeyEvent, MouseEvent};
use ratatui::Frame;
use ratatui::layout::Rect;

/// Keys for the footer.
pub const HINTS: &[KeyHint] = &[
    ("Enter", "break it"),
    ("h", "heal everything"),
    ("r", "read again"),
    ("F1", "help"),
    ("Esc", "back"),
];

/// Shown in the title.
pub const TITLE: &str = "Faults of the practice lab";

/// The list.
#[derive(Debug)]
pub struct Faults {
    offers: Vec<FaultOffer>,
    cursor: Cursor,
}

impl Faults {
    /// What can be broken.
    pub fn new(offers: Vec<FaultOffer>) -> Self {
        Self {
            offers,
            cursor: Cursor::default(),
        }
    }

    /// What is broken now; the cursor stays.
    pub fn fill(&mut self, offers: Vec<FaultOffer>) {
        self.offers = offers;
        self.cursor.clamp(self.offers.len());
    }

    fn list(&self) -> List {
        List {
            lines: self.offers.len(),
            head: 0,
        }
    }

    /// A key.
    pub fn key(&mut self, key: KeyEvent, around: Around<'_>) -> Turn {
        if self.cursor.key(key, self.list(), around.size) {
            return Turn::Stay;
        }
        match key.code {
            KeyCode::Enter => self.break_it(),
            KeyCode::Char('h') => Turn::job(Job::Heal),
            KeyCode::Char('r') => Turn::job(Job::Faults),
            KeyCode::Esc | KeyCode::Char('q') => Turn::Back,
            _ => Turn::Stay,
        }
    }

    /// A click puts the cursor on a fault, on the cursor's one it is like Enter.
    pub fn mouse(&mut self, mouse: MouseEvent, around: Around<'_>) -> Turn {
        match self.cursor.mouse(mouse, self.list(), around.size) {
            Pointed::Chosen => self.break_it(),
            Pointed::Moved => Turn::Stay,
        }
    }

    fn break_it(&self) -> Turn {
        let offer = self.offers.get(self.cursor.at).filter(|offer| !offer.on);
        offer.map_or(Turn::Stay, |offer| Turn::job(Job::Break(offer.fault.clone())))
    }

    /// Draws it.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, state: &State) {
        let look = state.look;
        let rows: Vec<Row> = self
            .offers
            .iter()
            .enumerate()
            .map(|(place, offer)| {
                let chosen = place == self.cursor.at;
                let pointer = if chosen { look.mark(Mark::Pointer) } else { " " };
                let name = text::pad(&offer.fault.to_string(), 17, look.mark(Mark::More));
                let on = if offer.on { "ON" } else { "" };
                let tone = match (chosen, offer.on) {
                    (true, _) => Tone::Selected,
                    (false, true) => Tone::Bad,
                    (false, false) => Tone::Plain,
                };
                Row::new(tone, format!("{pointer} {on:2} {name} {}", offer.fault.effect()))
            })
            .collect();
        panel::rows(frame, area, look, TITLE, &rows, self.cursor.scroll);
    }
}
