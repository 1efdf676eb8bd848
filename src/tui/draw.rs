//! Draws the state: title, the top screen with its dialogs, keys. Nothing here changes anything.

use super::layout;
use super::look::Tone;
use super::screens::Screen;
use super::state::{NEEDED, State};
use super::text;
use super::widgets::bars;
use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

/// Draws one frame.
pub fn draw(frame: &mut Frame<'_>, state: &State) {
    if state.too_small() {
        draw_too_small(frame, state);
        return;
    }
    let first = state.screens.iter().rposition(Screen::covers).unwrap_or(0);
    let shown = state.screens.get(first..).unwrap_or_default();
    let crumb = shown.first().map_or("", Screen::crumb);
    bars::title(frame, layout::title(state.size), state, crumb);
    for screen in shown {
        screen.draw(frame, layout::body(state.size), state);
    }
    let hints = state.top().map_or(&[][..], Screen::hints);
    bars::footer(frame, layout::footer(state.size), state.look, hints);
    if !state.look.unicode {
        only_ascii(frame);
    }
}

/// Names and reports may hold any character; a terminal without them gets a question mark.
fn only_ascii(frame: &mut Frame<'_>) {
    for cell in &mut frame.buffer_mut().content {
        if !cell.symbol().is_ascii() {
            cell.set_symbol("?");
        }
    }
}

fn draw_too_small(frame: &mut Frame<'_>, state: &State) {
    let (columns, rows) = state.size;
    let message = format!(
        "This terminal has {columns} columns and {rows} rows. The menu needs {} by {}. Enlarge it to go on, or press q to leave; `pairadm --plain` works at any size.",
        NEEDED.0, NEEDED.1
    );
    let mut lines: Vec<Line<'_>> = text::wrap(&message, usize::from(columns))
        .into_iter()
        .map(Line::raw)
        .collect();
    if state.changing.is_some() {
        lines.push(Line::styled(
            "An operation is running.",
            state.look.style(Tone::Bad),
        ));
    }
    let area = Rect::new(0, 0, columns, rows);
    frame.render_widget(Paragraph::new(lines).alignment(Alignment::Left), area);
}
