//! Draws the table editor: the rows that fit, and below them what is known of the one with the cursor.

use super::rows::{Row, whose};
use super::{DETAIL, Mode, Translation};
use crate::tui::layout;
use crate::tui::look::{Look, Mark, Tone};
use crate::tui::screens::Screen;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::widgets::panel;
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use tui_input::Input;

/// Columns of the pointer and the blank behind it.
const POINTER: usize = 2;
/// Columns of whose an address is.
const OWNER: usize = 13;
/// Columns of the word at the end.
const STATUS: usize = 10;
/// Columns of an address on the smallest terminal; an IPv4 address fits.
const ADDRESS: usize = 16;
/// Columns of how often an address was found.
const COUNT: usize = 5;

/// Columns of the parts that depend on the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Widths {
    address: usize,
    place: usize,
}

impl Widths {
    /// What is left beside the fixed parts and five blanks between the six columns. Addresses get what
    /// the longest needs, and no more than a third of what can be spared each.
    fn of(columns: usize, longest: usize) -> Self {
        let rest = columns.saturating_sub(POINTER + OWNER + STATUS + COUNT + 5);
        let spare = rest.saturating_sub(2 * ADDRESS);
        let wider = (spare / 3).min(longest.saturating_sub(ADDRESS));
        Self {
            address: ADDRESS + wider,
            place: spare.saturating_sub(2 * wider),
        }
    }

    /// Where what an address becomes begins.
    const fn becomes(self) -> usize {
        POINTER + self.address + 1 + OWNER + 1 + COUNT + 1 + self.place + 1
    }
}

impl Translation {
    /// Draws it.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, state: &State) {
        let look = state.look;
        let mut block = panel::block(look, &self.title(look), Tone::Plain, false);
        let page = Self::page(state.size);
        if self.shown.len() > page {
            let last = (self.scroll.top + page).min(self.shown.len());
            let place = format!(" {}-{last} of {} ", self.scroll.top + 1, self.shown.len());
            block = block.title_bottom(Line::from(place).right_aligned());
        }
        let inner = block.inner(area);
        frame.render_widget(block, area);
        let (list, detail) = layout::split_bottom(inner, DETAIL);
        let widths = Widths::of(usize::from(inner.width), self.rows.longest);
        let mut lines = vec![heading(widths, look)];
        lines.extend(self.lines(page, widths, look));
        if self.shown.is_empty() {
            lines.push(Line::styled(self.nothing(), look.style(Tone::Faint)));
        }
        frame.render_widget(Paragraph::new(lines), list);
        frame.render_widget(Paragraph::new(self.detail(detail, look)), detail);
        if matches!(state.top(), Some(Screen::Translation(_))) {
            self.place_cursor(frame, list, detail, widths);
            if let Mode::Sheet(sheet) = &self.mode {
                sheet.draw(frame, area, look, &self.preview(sheet));
            }
        }
    }

    fn title(&self, look: Look) -> String {
        let (barring, warnings) = self.rows.faults();
        let mut parts = vec![match self.rows.all.len() {
            1 => "1 address".to_owned(),
            rows => format!("{rows} addresses"),
        }];
        if barring > 0 {
            parts.push(format!("{barring} MUST BE FIXED"));
        }
        if warnings > 0 {
            parts.push(format!("{warnings} to look at"));
        }
        if self.draft.changed() {
            parts.push("NOT SAVED".to_owned());
        }
        parts.join(look.dot())
    }

    fn nothing(&self) -> String {
        if self.filter.is_empty() {
            " The table is empty: a adds an address.".to_owned()
        } else {
            " No row holds these words: Esc shows all.".to_owned()
        }
    }

    /// The rows in sight, and no others.
    fn lines(&self, page: usize, widths: Widths, look: Look) -> Vec<Line<'static>> {
        let in_sight = self.shown.iter().enumerate().skip(self.scroll.top).take(page);
        in_sight
            .filter_map(|(place, &index)| Some((place, self.rows.all.get(index)?)))
            .map(|(place, row)| self.line(row, place == self.selected, widths, look))
            .collect()
    }

    fn line(&self, row: &Row, chosen: bool, widths: Widths, look: Look) -> Line<'static> {
        let more = look.mark(Mark::More);
        let pointer = if chosen { look.mark(Mark::Pointer) } else { " " };
        let address = text::cut_middle(&row.known.from.to_string(), widths.address, more);
        let count = row
            .known
            .count
            .map_or_else(|| "?".to_owned(), |count| count.to_string());
        let before = format!(
            "{pointer} {} {} {count:>COUNT$} {}",
            text::pad(&address, widths.address, more),
            text::pad(&row.owner, OWNER, more),
            text::pad(&row.place, widths.place, more),
        );
        let editing = match &self.mode {
            Mode::Becomes(input, _) if chosen => Some(input),
            _ => None,
        };
        let becomes = editing.map_or_else(
            || {
                let to = row.known.to.map(|to| to.to_string()).unwrap_or_default();
                let to = text::cut_middle(&to, widths.address, more);
                format!(" {} ", text::pad(&to, widths.address, more))
            },
            |input| field(input, widths.address),
        );
        let status = text::pad(row.standing.word, STATUS, more);
        match (chosen, editing.is_some()) {
            (true, false) => Line::styled(format!("{before}{becomes}{status}"), look.style(Tone::Selected)),
            (_, editing) => {
                let tone = if editing { Tone::Strong } else { Tone::Plain };
                Line::from(vec![
                    Span::raw(before),
                    Span::styled(becomes, look.style(tone)),
                    Span::styled(status, look.style(row.standing.tone)),
                ])
            }
        }
    }

    /// The row with the cursor in full, and what was said last or is typed now.
    fn detail(&self, area: Rect, look: Look) -> Vec<Line<'static>> {
        let columns = usize::from(area.width).saturating_sub(2);
        let rule = if look.unicode { "─" } else { "-" }.repeat(usize::from(area.width));
        let mut lines = vec![Line::styled(rule, look.style(Tone::Faint))];
        let mut say = |tone: Tone, text: &str, most: usize| {
            let wrapped = text::wrap(text, columns);
            let cut = wrapped.len() > most;
            for (number, line) in wrapped.into_iter().take(most).enumerate() {
                let end = if cut && number + 1 == most {
                    look.mark(Mark::More)
                } else {
                    ""
                };
                let line = text::cut(&format!("{line}{end}"), columns, look.mark(Mark::More));
                lines.push(Line::styled(format!(" {line}"), look.style(tone)));
            }
        };
        if let Some(row) = self.current() {
            say(Tone::Strong, &headline(row, look), 1);
            say(Tone::Plain, &whose(row, &self.view.owners.others), 1);
            say(Tone::Faint, &found(row), 1);
        }
        let (tone, words) = self.word();
        say(tone, &words, 2);
        lines
    }

    /// The line below all: what is typed, what was done, or what is wrong with the row.
    fn word(&self) -> (Tone, String) {
        match (&self.mode, &self.said) {
            (Mode::Filter(input), _) => (Tone::Strong, format!("/{}", input.value())),
            (Mode::Becomes(_, Some(fault)), _) => (Tone::Bad, format!("! {fault}")),
            (Mode::Becomes(input, None), _) => match self.fault(input.value()) {
                Some(fault) => (Tone::Warning, fault),
                None if input.value().trim().is_empty() => (
                    Tone::Plain,
                    "Enter leaves it undecided; the address itself keeps it on purpose.".to_owned(),
                ),
                None => (Tone::Good, "Enter takes it.".to_owned()),
            },
            (_, Some(said)) => (Tone::Strong, said.clone()),
            (_, None) => self.problem(),
        }
    }

    fn problem(&self) -> (Tone, String) {
        let row = self.current();
        let texts: Vec<&str> = row
            .into_iter()
            .flat_map(|row| self.rows.problems_of(row.known.from))
            .map(|problem| problem.text.as_str())
            .collect();
        match row {
            Some(row) if !texts.is_empty() => {
                (row.standing.tone, crate::render::printable(&texts.join("; ")))
            }
            _ if !self.filter.is_empty() => (Tone::Plain, format!("Filter: {}   Esc shows all", self.filter)),
            _ => (Tone::Plain, String::new()),
        }
    }

    fn place_cursor(&self, frame: &mut Frame<'_>, list: Rect, detail: Rect, widths: Widths) {
        let (x, y, column) = match &self.mode {
            Mode::Becomes(input, _) => {
                let row = self.selected.saturating_sub(self.scroll.top) + 1;
                let column = input.visual_cursor().saturating_sub(gone(input, widths.address));
                (
                    list.x,
                    list.y.saturating_add(to(row)),
                    widths.becomes() + 1 + column,
                )
            }
            Mode::Filter(input) => {
                let below = detail.y + to(self.filter_line());
                (detail.x, below, 2 + input.visual_cursor())
            }
            Mode::List | Mode::Sheet(_) => return,
        };
        frame.set_cursor_position(Position::new(x.saturating_add(to(column)), y));
    }

    /// Where the filter is typed, below the rule and what is known of a row.
    fn filter_line(&self) -> usize {
        if self.current().is_some() { 4 } else { 1 }
    }
}

fn to(value: usize) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

fn heading(widths: Widths, look: Look) -> Line<'static> {
    let text = format!(
        "  {} {} {} {} status",
        text::pad("address", widths.address, ""),
        text::pad("owner", OWNER, ""),
        text::pad("found", COUNT + 1 + widths.place, ""),
        text::pad("becomes", widths.address, ""),
    );
    Line::styled(text, look.style(Tone::Strong))
}

/// A line being typed; its brackets take the place of the blanks around the cell.
fn field(input: &Input, columns: usize) -> String {
    let shown = text::take(text::skip(input.value(), gone(input, columns)), columns);
    format!("[{}]", text::pad(shown, columns, ""))
}

/// Columns of the typed text that are scrolled out to the left.
fn gone(input: &Input, columns: usize) -> usize {
    input.visual_scroll(columns.saturating_sub(1))
}

fn headline(row: &Row, look: Look) -> String {
    let to = match row.known.to {
        Some(to) if to == row.known.from => "stays on purpose".to_owned(),
        Some(to) => format!("becomes {to}"),
        None if row.entry.is_some() => "is in the table, not decided".to_owned(),
        None => "is in the data, not in the table".to_owned(),
    };
    let note = match row.note() {
        note if note.is_empty() => note,
        note => format!("{}note: {note}", look.dot()),
    };
    format!("{} {to}{note}", row.known.from)
}

fn found(row: &Row) -> String {
    match row.known.count {
        None => "Where it is used is not known before the data was looked through.".to_owned(),
        Some(0) => "Not found in the data.".to_owned(),
        Some(1) => format!("Found once: {}", row.places()),
        Some(count) => format!("Found {count} times: {}", row.places()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::translate::{Table, TranslationView};
    use std::net::IpAddr;

    const LOOK: Look = Look {
        colour: false,
        unicode: false,
    };

    fn many(rows: u32) -> Translation {
        let mut table = Table::default();
        table.notice((0..rows).map(|number| IpAddr::from(number.to_be_bytes()).into()));
        Translation::new(TranslationView {
            table,
            ..TranslationView::default()
        })
    }

    #[test]
    fn of_thousands_of_rows_only_those_in_sight_are_made() {
        let mut screen = many(5000);
        screen.scroll.top = 2000;
        let lines = screen.lines(13, Widths::of(78, 0), LOOK);
        assert_eq!(lines.len(), 13);
        assert!(lines[0].to_string().contains("0.0.7.208"), "{}", lines[0]);
    }

    #[test]
    fn the_columns_fill_every_width_exactly() {
        for columns in 78..200 {
            for longest in [7, 43] {
                let widths = Widths::of(columns, longest);
                let line = &many(1).lines(1, widths, LOOK)[0];
                assert_eq!(line.width(), columns, "{line}");
            }
        }
    }
}
