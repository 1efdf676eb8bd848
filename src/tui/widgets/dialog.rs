//! A box in the middle of the screen that lies over what is below it.

use super::panel;
use crate::tui::look::{Look, Tone};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Clear, Paragraph};

/// Columns inside a dialog's box on a terminal of this many columns.
pub fn columns(width: u16) -> usize {
    usize::from(width.saturating_sub(12).min(76))
}

/// Where a dialog with so many lines lies, box included.
pub fn place(area: Rect, lines: usize) -> Rect {
    let wide = u16::try_from(columns(area.width)).unwrap_or(76) + 4;
    let high = u16::try_from(lines)
        .unwrap_or(u16::MAX)
        .saturating_add(2)
        .min(area.height);
    Rect {
        x: area.x + area.width.saturating_sub(wide) / 2,
        y: area.y + area.height.saturating_sub(high) / 2,
        width: wide.min(area.width),
        height: high,
    }
}

/// Draws the box and its lines; gives back the area of the lines.
pub fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    look: Look,
    title: &str,
    tone: Tone,
    lines: Vec<Line<'_>>,
) -> Rect {
    let place = place(area, lines.len());
    let block = panel::block(look, title, tone, true);
    let mut inner = block.inner(place);
    inner.x += 1;
    inner.width = inner.width.saturating_sub(2);
    frame.render_widget(Clear, place);
    frame.render_widget(block, place);
    frame.render_widget(Paragraph::new(lines), inner);
    inner
}
