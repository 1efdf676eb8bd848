//! Faults of the practice lab: put on by a key, all taken off by another.

use super::{Around, KeyHint};
use crate::lab::FaultOffer;
use crate::tui::effect::Job;
use crate::tui::layout;
use crate::tui::look::{Mark, Tone};
use crate::tui::scroll::Scroll;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::turn::Turn;
use crate::tui::widgets::panel::{self, Row};
use crossterm::event::{KeyCode, KeyEvent, MouseButton, MouseEvent, MouseEventKind};
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
    selected: usize,
    scroll: Scroll,
}

impl Faults {
    /// What can be broken.
    pub fn new(offers: Vec<FaultOffer>) -> Self {
        Self {
            offers,
            selected: 0,
            scroll: Scroll::default(),
        }
    }

    /// What is broken now; the cursor stays.
    pub fn fill(&mut self, offers: Vec<FaultOffer>) {
        self.offers = offers;
        self.select(self.selected);
    }

    fn select(&mut self, place: usize) {
        self.selected = place.min(self.offers.len().saturating_sub(1));
    }

    /// A key.
    pub fn key(&mut self, key: KeyEvent, around: Around<'_>) -> Turn {
        let page = layout::page(around.size);
        match key.code {
            KeyCode::Up | KeyCode::Char('k') => self.select(self.selected.saturating_sub(1)),
            KeyCode::Down | KeyCode::Char('j') => self.select(self.selected + 1),
            KeyCode::PageUp => self.select(self.selected.saturating_sub(page)),
            KeyCode::PageDown => self.select(self.selected + page),
            KeyCode::Home => self.select(0),
            KeyCode::End => self.select(usize::MAX),
            KeyCode::Enter => return self.break_it(),
            KeyCode::Char('h') => return Turn::job(Job::Heal),
            KeyCode::Char('r') => return Turn::job(Job::Faults),
            KeyCode::Esc | KeyCode::Char('q') => return Turn::Back,
            _ => {}
        }
        self.scroll.reveal(self.selected, page);
        Turn::Stay
    }

    /// A click puts the cursor on a fault, on the cursor's one it is like Enter.
    pub fn mouse(&mut self, mouse: MouseEvent, around: Around<'_>) -> Turn {
        match mouse.kind {
            MouseEventKind::ScrollDown => return self.key(KeyEvent::from(KeyCode::Down), around),
            MouseEventKind::ScrollUp => return self.key(KeyEvent::from(KeyCode::Up), around),
            MouseEventKind::Down(MouseButton::Left) => {}
            _ => return Turn::Stay,
        }
        let first = layout::body(around.size).y + 1;
        let row = mouse.row.checked_sub(first).map(usize::from);
        match row.map(|row| row + self.scroll.top) {
            Some(place) if place == self.selected => self.break_it(),
            Some(place) if place < self.offers.len() => {
                self.select(place);
                Turn::Stay
            }
            _ => Turn::Stay,
        }
    }

    fn break_it(&self) -> Turn {
        let offer = self.offers.get(self.selected).filter(|offer| !offer.on);
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
                let chosen = place == self.selected;
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
        panel::rows(frame, area, look, TITLE, &rows, self.scroll);
    }
}
