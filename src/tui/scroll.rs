//! A position in a text longer or wider than the screen, moved by the usual keys.

use crossterm::event::{KeyCode, KeyEvent, MouseEvent, MouseEventKind};

/// Lines and columns that have gone past the top and the left edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scroll {
    /// Lines above the first one shown.
    pub top: usize,
    /// Columns left of the first one shown.
    pub left: usize,
}

/// Columns of one step to the side.
const SIDE_STEP: usize = 8;
/// Lines of one notch of the wheel.
const NOTCH: usize = 3;

impl Scroll {
    /// Moves by a key; `lines` is the length of the text, `page` the rows shown. False when the key
    /// means nothing here.
    pub fn key(&mut self, key: KeyEvent, lines: usize, page: usize) -> bool {
        let leap = page.saturating_sub(1).max(1);
        match key.code {
            KeyCode::Up | KeyCode::Char('k') => self.top = self.top.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => self.top += 1,
            KeyCode::PageUp => self.top = self.top.saturating_sub(leap),
            KeyCode::PageDown | KeyCode::Char(' ') => self.top += leap,
            KeyCode::Home => *self = Self::default(),
            KeyCode::End => self.top = lines,
            KeyCode::Left => self.left = self.left.saturating_sub(SIDE_STEP),
            KeyCode::Right => self.left += SIDE_STEP,
            _ => return false,
        }
        self.clamp(lines, page);
        true
    }

    /// Moves by the wheel.
    pub fn wheel(&mut self, mouse: MouseEvent, lines: usize, page: usize) {
        match mouse.kind {
            MouseEventKind::ScrollUp => self.top = self.top.saturating_sub(NOTCH),
            MouseEventKind::ScrollDown => self.top += NOTCH,
            _ => {}
        }
        self.clamp(lines, page);
    }

    /// Keeps the last page full.
    pub fn clamp(&mut self, lines: usize, page: usize) {
        self.top = self.top.min(lines.saturating_sub(page));
    }

    /// Moves as little as needed to show `line`.
    pub fn reveal(&mut self, line: usize, page: usize) {
        if line < self.top {
            self.top = line;
        } else if line >= self.top + page {
            self.top = line + 1 - page.max(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_page_stays_full_and_the_first_line_is_reachable() {
        let mut scroll = Scroll::default();
        let mut press = |code| {
            scroll.key(KeyEvent::from(code), 100, 10);
            scroll.top
        };
        assert_eq!(press(KeyCode::End), 90);
        assert_eq!(press(KeyCode::Down), 90);
        assert_eq!(press(KeyCode::PageUp), 81);
        assert_eq!(press(KeyCode::Home), 0);
        assert_eq!(press(KeyCode::Up), 0);
        scroll.reveal(25, 10);
        assert_eq!(scroll.top, 16);
    }
}
