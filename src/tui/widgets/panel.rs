//! Boxes and scrollable lines.

use crate::tui::look::{Look, Mark, Tone};
use crate::tui::scroll::Scroll;
use crate::tui::text;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph};

/// A box with a title.
pub fn block<'a>(look: Look, title: &str, tone: Tone, heavy: bool) -> Block<'a> {
    let block = Block::new()
        .borders(Borders::ALL)
        .border_set(look.border(heavy))
        .border_style(look.style(tone));
    if title.is_empty() {
        block
    } else {
        block.title(Span::styled(format!(" {title} "), look.style(Tone::Strong)))
    }
}

/// One line of a long text: what it says and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The text.
    pub text: String,
    /// Its tone.
    pub tone: Tone,
}

impl Row {
    /// A row.
    pub fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            tone,
        }
    }
}

/// A box of rows, scrolled, with the position on its lower edge.
pub fn rows(frame: &mut Frame<'_>, area: Rect, look: Look, title: &str, rows: &[Row], scroll: Scroll) {
    let mut block = block(look, title, Tone::Plain, false);
    let inner = block.inner(area);
    let page = usize::from(inner.height);
    let mut scroll = scroll;
    scroll.clamp(rows.len(), page);
    if rows.len() > page {
        let last = (scroll.top + page).min(rows.len());
        block = block.title_bottom(
            Line::from(format!(" {}-{last} of {} ", scroll.top + 1, rows.len())).right_aligned(),
        );
    }
    let columns = usize::from(inner.width);
    let more = look.mark(Mark::More);
    let lines: Vec<Line<'_>> = rows
        .iter()
        .skip(scroll.top)
        .take(page)
        .map(|row| {
            let shown = text::cut(text::skip(&row.text, scroll.left), columns, more);
            Line::styled(shown, look.style(row.tone))
        })
        .collect();
    frame.render_widget(block, area);
    frame.render_widget(Paragraph::new(lines), inner);
}
