//! Keys and clicks of the table editor.

use super::sheet::{Answer, Purpose};
use super::{Mode, Translation};
use crate::tui::layout;
use crate::tui::screens::Around;
use crate::tui::turn::Turn;
use crate::tui::typing::request;
use crossterm::event::{KeyCode, KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use tui_input::{Input, InputRequest};

/// Rows of one notch of the wheel.
const NOTCH: usize = 3;

impl Translation {
    /// A key.
    pub fn key(&mut self, key: KeyEvent, around: Around<'_>) -> Turn {
        let page = Self::page(around.size);
        let turn = match std::mem::replace(&mut self.mode, Mode::List) {
            Mode::List => self.list_key(key, page),
            Mode::Filter(input) => self.filter_key(key, input),
            Mode::Becomes(input, _) => self.becomes_key(key, input),
            Mode::Sheet(mut sheet) => match sheet.key(key) {
                Answer::Done => self.finish_sheet(sheet),
                Answer::Cancelled => Turn::Stay,
                Answer::Open => {
                    self.mode = Mode::Sheet(sheet);
                    Turn::Stay
                }
            },
        };
        self.scroll.reveal(self.selected, page);
        self.scroll.clamp(self.shown.len(), page);
        turn
    }

    fn list_key(&mut self, key: KeyEvent, page: usize) -> Turn {
        self.said = None;
        let last = self.shown.len().saturating_sub(1);
        match key.code {
            KeyCode::Up | KeyCode::Char('k') => self.selected = self.selected.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.selected = (self.selected + 1).min(last),
            KeyCode::PageUp => self.selected = self.selected.saturating_sub(page),
            KeyCode::PageDown => self.selected = (self.selected + page).min(last),
            KeyCode::Home => self.selected = 0,
            KeyCode::End => self.selected = last,
            KeyCode::Esc if !self.filter.is_empty() => self.set_filter(String::new()),
            KeyCode::Esc | KeyCode::Char('q') => return self.leave(),
            KeyCode::Enter => self.begin_becomes(),
            KeyCode::F(2) | KeyCode::Char('x') => return self.explain(),
            KeyCode::F(10) | KeyCode::Char('s') => return self.save(),
            KeyCode::Delete | KeyCode::Char('d') => self.delete(),
            KeyCode::Insert | KeyCode::Char('a') => self.open_sheet(Purpose::Add),
            KeyCode::Char('/') => self.mode = Mode::Filter(Input::new(self.filter.clone())),
            KeyCode::Char('n') => self.next_problem(),
            KeyCode::Char('u') => self.undo(),
            KeyCode::Char('r') => self.redo(),
            KeyCode::Char('f') => self.open_sheet(Purpose::Fill),
            KeyCode::Char('o') => self.open_sheet(Purpose::Note),
            KeyCode::Char('i') => self.open_sheet(Purpose::Import),
            KeyCode::Char('e') => self.open_sheet(Purpose::Export),
            _ => {}
        }
        Turn::Stay
    }

    /// The list follows the filter while it is typed.
    fn filter_key(&mut self, key: KeyEvent, mut input: Input) -> Turn {
        match key.code {
            KeyCode::Enter | KeyCode::Up | KeyCode::Down => return Turn::Stay,
            KeyCode::Esc => {
                self.set_filter(String::new());
                return Turn::Stay;
            }
            _ => {}
        }
        if let Some(request) = request(key) {
            input.handle(request);
        }
        self.set_filter(input.value().to_owned());
        self.mode = Mode::Filter(input);
        Turn::Stay
    }

    /// The cursor stays on its row where that is still shown.
    fn set_filter(&mut self, filter: String) {
        let row = self.shown.get(self.selected).copied();
        self.filter = filter;
        self.sift();
        self.selected = row
            .and_then(|row| self.shown.binary_search(&row).ok())
            .unwrap_or(0);
    }

    fn becomes_key(&mut self, key: KeyEvent, mut input: Input) -> Turn {
        match key.code {
            KeyCode::Esc => return Turn::Stay,
            KeyCode::Enter => {
                if let Err(why) = self.take_becomes(input.value()) {
                    self.mode = Mode::Becomes(input, Some(why));
                }
                return Turn::Stay;
            }
            _ => {}
        }
        if let Some(request) = request(key) {
            input.handle(request);
        }
        self.mode = Mode::Becomes(input, None);
        Turn::Stay
    }

    /// Text was pasted.
    pub fn paste(&mut self, pasted: &str) {
        let characters = || pasted.chars().filter(|c| !c.is_control());
        match &mut self.mode {
            Mode::List => {}
            Mode::Sheet(sheet) => sheet.paste(pasted),
            Mode::Becomes(input, fault) => {
                *fault = None;
                for character in characters() {
                    input.handle(InputRequest::InsertChar(character));
                }
            }
            Mode::Filter(input) => {
                for character in characters() {
                    input.handle(InputRequest::InsertChar(character));
                }
                let filter = input.value().to_owned();
                self.set_filter(filter);
            }
        }
    }

    /// A click puts the cursor on a row, on the cursor's row it is like Enter; the wheel scrolls, and
    /// the cursor stays in sight.
    pub fn mouse(&mut self, mouse: MouseEvent, around: Around<'_>) -> Turn {
        if self.typing() {
            return Turn::Stay;
        }
        let page = Self::page(around.size);
        match mouse.kind {
            MouseEventKind::ScrollUp => self.scroll.top = self.scroll.top.saturating_sub(NOTCH),
            MouseEventKind::ScrollDown => self.scroll.top += NOTCH,
            MouseEventKind::Down(MouseButton::Left) => self.click(mouse.row, around.size),
            _ => return Turn::Stay,
        }
        self.scroll.clamp(self.shown.len(), page);
        let bottom = self.scroll.top + page.saturating_sub(1);
        self.selected = self.selected.clamp(self.scroll.top, bottom);
        self.clamp();
        Turn::Stay
    }

    fn click(&mut self, row: u16, size: (u16, u16)) {
        // The edge of the box and the heading lie above the first row.
        let first = layout::body(size).y + 2;
        let Some(line) = row.checked_sub(first).map(usize::from) else {
            return;
        };
        let place = self.scroll.top + line;
        if line >= Self::page(size) || place >= self.shown.len() {
            return;
        }
        self.said = None;
        if place == self.selected {
            self.begin_becomes();
        } else {
            self.selected = place;
        }
    }
}
