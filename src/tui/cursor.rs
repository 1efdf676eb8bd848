//! The chosen line of a list that fills the body: moved by the usual keys, the wheel and clicks.

use super::layout;
use super::scroll::Scroll;
use crossterm::event::{KeyCode, KeyEvent, MouseButton, MouseEvent, MouseEventKind};

/// Where the cursor is, and what is seen around it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cursor {
    /// Place of the chosen line in the list, from 0.
    pub at: usize,
    /// Rows that have gone past the upper edge.
    pub scroll: Scroll,
}

/// How long the list is now.
#[derive(Debug, Clone, Copy)]
pub struct List {
    /// Lines to choose from.
    pub lines: usize,
    /// Rows before the first of them that scroll away with it, such as a heading.
    pub head: usize,
}

/// What a turn of the wheel or a click came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pointed {
    /// At most the cursor moved.
    Moved,
    /// At the line that had the cursor already: like Enter.
    Chosen,
}

impl Cursor {
    /// Keeps the cursor inside a list that has become shorter.
    pub fn clamp(&mut self, lines: usize) {
        self.at = self.at.min(lines.saturating_sub(1));
    }

    /// Moves by a key; `size` is the terminal's. False when the key means nothing here.
    pub fn key(&mut self, key: KeyEvent, list: List, size: (u16, u16)) -> bool {
        let page = layout::page(size);
        self.at = match key.code {
            KeyCode::Up | KeyCode::Char('k') => self.at.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.at + 1,
            KeyCode::PageUp => self.at.saturating_sub(page),
            KeyCode::PageDown => self.at + page,
            KeyCode::Home => 0,
            KeyCode::End => list.lines,
            _ => return false,
        };
        self.clamp(list.lines);
        self.reveal(list, page);
        true
    }

    /// Moves by the wheel, or to the line that was clicked.
    pub fn mouse(&mut self, mouse: MouseEvent, list: List, size: (u16, u16)) -> Pointed {
        let key = match mouse.kind {
            MouseEventKind::ScrollDown => KeyCode::Down,
            MouseEventKind::ScrollUp => KeyCode::Up,
            MouseEventKind::Down(MouseButton::Left) => return self.click(mouse.row, list, size),
            _ => return Pointed::Moved,
        };
        self.key(KeyEvent::from(key), list, size);
        Pointed::Moved
    }

    fn click(&mut self, row: u16, list: List, size: (u16, u16)) -> Pointed {
        let body = layout::body(size);
        // Inside the box: neither its upper edge nor its lower one.
        let inside = row.checked_sub(body.y + 1).map(usize::from);
        let inside = inside.filter(|&row| row < layout::page(size));
        let place = inside.and_then(|row| (row + self.scroll.top).checked_sub(list.head));
        match place.filter(|&place| place < list.lines) {
            Some(place) if place == self.at => return Pointed::Chosen,
            Some(place) => self.at = place,
            None => {}
        }
        Pointed::Moved
    }

    /// With the cursor on the first line, what stands before it is shown as well.
    fn reveal(&mut self, list: List, page: usize) {
        if self.at == 0 {
            self.scroll.top = 0;
        }
        self.scroll.reveal(list.head + self.at, page);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyModifiers;

    const SIZE: (u16, u16) = (80, 24);
    const LIST: List = List { lines: 50, head: 2 };

    #[test]
    fn the_cursor_stays_in_the_list_and_on_the_screen() {
        let mut cursor = Cursor::default();
        let mut press = |code| {
            assert!(cursor.key(KeyEvent::from(code), LIST, SIZE));
            (cursor.at, cursor.scroll.top)
        };
        assert_eq!(press(KeyCode::Up), (0, 0));
        assert_eq!(press(KeyCode::End), (49, 32));
        assert_eq!(press(KeyCode::Down), (49, 32));
        assert_eq!(press(KeyCode::PageUp), (29, 31));
        assert_eq!(press(KeyCode::Home), (0, 0));
        assert!(!cursor.key(KeyEvent::from(KeyCode::Enter), LIST, SIZE));
    }

    #[test]
    fn a_click_beside_the_lines_moves_nothing_and_a_second_one_chooses() {
        let mut cursor = Cursor::default();
        let mut click = |row| {
            let mouse = MouseEvent {
                kind: MouseEventKind::Down(MouseButton::Left),
                column: 5,
                row,
                modifiers: KeyModifiers::NONE,
            };
            (cursor.mouse(mouse, LIST, SIZE), cursor.at)
        };
        assert_eq!(click(3), (Pointed::Moved, 0), "the second row of the head");
        assert_eq!(click(5), (Pointed::Moved, 1));
        assert_eq!(click(5), (Pointed::Chosen, 1));
        assert_eq!(click(22), (Pointed::Moved, 1), "the lower edge of the box");
    }
}
