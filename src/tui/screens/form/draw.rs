//! Draws a form: a line a question, help and faults of the one with the cursor below.

use super::{FormScreen, MESSAGE_ROWS, Purpose};
use crate::intent::{Answers, Field, FieldKind};
use crate::tui::layout;
use crate::tui::look::{Look, Mark, Tone};
use crate::tui::screens::Screen;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::widgets::{dialog, panel};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph};

/// Columns before an answer: mark, prompt (30 at most), star, blanks.
const LABEL: usize = 35;

impl FormScreen {
    /// Draws it.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, state: &State) {
        let look = state.look;
        let visible = self.visible();
        let answers = self.answers();
        let heading = self.heading(state.size);
        let title = if heading.is_empty() {
            self.form.title.as_str()
        } else {
            ""
        };
        let mut block = panel::block(look, title, Tone::Plain, false);
        let shown = self.rows(state.size);
        if visible.len() + 2 > shown {
            let place = format!(" {} of {} ", self.focus.min(visible.len() - 1) + 1, visible.len());
            block = block.title_bottom(Line::from(place).right_aligned());
        }
        let inner = block.inner(area);
        frame.render_widget(block, area);
        let (above, message) = layout::split_bottom(inner, MESSAGE_ROWS);
        let rest = above
            .height
            .saturating_sub(u16::try_from(heading.len()).unwrap_or(0));
        let (top, fields) = layout::split_bottom(above, rest);
        let lines = heading
            .into_iter()
            .map(|line| Line::styled(format!(" {line}"), look.style(Tone::Strong)));
        frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), top);

        let columns = usize::from(fields.width);
        let mut lines: Vec<Line<'_>> = visible
            .iter()
            .enumerate()
            .map(|(place, &index)| self.line(look, index, place == self.focus, &answers, columns))
            .collect();
        lines.push(Line::default());
        lines.push(self.button(look, visible.len()));
        let lines: Vec<Line<'_>> = lines.into_iter().skip(self.scroll.top).take(shown).collect();
        frame.render_widget(Paragraph::new(lines), fields);

        self.draw_message(frame, message, look, &answers);
        if matches!(state.top(), Some(Screen::Form(_))) {
            self.place_cursor(frame, fields);
            self.draw_popup(frame, fields, look);
        }
    }

    fn line(&self, look: Look, index: usize, focused: bool, answers: &Answers, columns: usize) -> Line<'_> {
        let Some(field) = self.form.fields.get(index) else {
            return Line::default();
        };
        let faulty = self.visited.contains(&index) && self.fault(index, answers).is_some();
        let mark = match (focused, faulty) {
            (_, true) => "!",
            (true, false) => look.mark(Mark::Pointer),
            _ => " ",
        };
        let star = if field.required { "*" } else { " " };
        let label = format!(
            "{mark} {}{star} ",
            text::pad(field.prompt, LABEL - 5, look.mark(Mark::More))
        );
        let tone = match (faulty, focused) {
            (true, _) => Tone::Bad,
            (_, true) => Tone::Strong,
            _ => Tone::Plain,
        };
        let room = columns.saturating_sub(LABEL + 2);
        Line::from(vec![
            Span::styled(label, look.style(tone)),
            self.answer(look, index, field, focused, room),
        ])
    }

    fn answer(&self, look: Look, index: usize, field: &Field, focused: bool, room: usize) -> Span<'_> {
        let more = look.mark(Mark::More);
        let value = self.value(index);
        let shown = if let Some(choices) = Self::choices(field) {
            let label = choices
                .iter()
                .find(|(choice, _)| choice == value)
                .map_or("(choose)", |(_, label)| label.as_str());
            format!("< {} >", text::cut(label, room.saturating_sub(4), more))
        } else {
            let gone = self.input_scroll(index, room);
            format!(
                "[{}]",
                text::pad(text::take(text::skip(value, gone), room), room, more)
            )
        };
        let style = look.style(if focused { Tone::Strong } else { Tone::Plain });
        Span::styled(shown, style)
    }

    fn input_scroll(&self, index: usize, room: usize) -> usize {
        self.inputs
            .get(index)
            .map_or(0, |input| input.visual_scroll(room.saturating_sub(1)))
    }

    fn button(&self, look: Look, visible: usize) -> Line<'static> {
        let focused = self.focus == visible;
        let pointer = if focused { look.mark(Mark::Pointer) } else { " " };
        let tone = if focused { Tone::Selected } else { Tone::Strong };
        let (button, meaning) = match self.purpose {
            Purpose::Plan(_) => ("[ Review the plan ]", "  nothing is changed yet"),
            Purpose::Verify => ("[ Read it ]", "  nothing is changed"),
        };
        Line::from(vec![
            Span::raw(format!("{pointer} ")),
            Span::styled(button, look.style(tone)),
            Span::styled(meaning, look.style(Tone::Faint)),
        ])
    }

    /// The fault of the question with the cursor, or else the first lines of its help.
    fn draw_message(&self, frame: &mut Frame<'_>, area: Rect, look: Look, answers: &Answers) {
        let columns = usize::from(area.width).saturating_sub(2);
        let rule = if look.unicode { "─" } else { "-" }.repeat(usize::from(area.width));
        let mut lines = vec![Line::styled(rule, look.style(Tone::Faint))];
        let text = match self.focused() {
            None => self.summary(answers),
            Some((index, field)) => match self.fault(index, answers) {
                Some(fault) if self.visited.contains(&index) || typed_badly(field, self.value(index)) => {
                    (Tone::Bad, format!("! {fault}"))
                }
                _ => (Tone::Faint, field.help.to_owned()),
            },
        };
        let rows = usize::from(area.height).saturating_sub(1);
        let mut wrapped = text::wrap(&text.1, columns);
        if wrapped.len() > rows {
            wrapped.truncate(rows);
            if let Some(last) = wrapped.last_mut() {
                *last = format!("{} (F1: all of it)", text::take(last, columns.saturating_sub(17)));
            }
        }
        lines.extend(
            wrapped
                .into_iter()
                .map(|line| Line::styled(format!(" {line}"), look.style(text.0))),
        );
        frame.render_widget(Paragraph::new(lines), area);
    }

    fn summary(&self, answers: &Answers) -> (Tone, String) {
        let faults = self
            .visible()
            .into_iter()
            .filter(|&index| self.fault(index, answers).is_some())
            .count();
        if faults == 0 {
            let words = match self.purpose {
                Purpose::Plan(_) => {
                    "Enter makes the plan and shows it. Nothing is changed before you agree to it."
                }
                Purpose::Verify => "Enter reads the mirror. That may take long; Esc stops it.",
            };
            (Tone::Plain, words.to_owned())
        } else {
            (
                Tone::Warning,
                format!("{faults} answers are missing or not accepted; Enter goes to the first."),
            )
        }
    }

    fn place_cursor(&self, frame: &mut Frame<'_>, fields: Rect) {
        let Some((index, field)) = self.focused() else {
            return;
        };
        let (Some(input), None) = (self.inputs.get(index), Self::choices(field)) else {
            return;
        };
        let room = usize::from(fields.width).saturating_sub(LABEL + 2);
        let column = LABEL
            + input
                .visual_cursor()
                .saturating_sub(self.input_scroll(index, room));
        let row = self.focus.saturating_sub(self.scroll.top);
        let to = |value: usize| u16::try_from(value).unwrap_or(u16::MAX);
        frame.set_cursor_position(Position::new(
            fields.x.saturating_add(to(column)),
            fields.y.saturating_add(to(row)),
        ));
    }

    fn draw_popup(&self, frame: &mut Frame<'_>, fields: Rect, look: Look) {
        let (Some(selected), Some((_, field))) = (self.popup, self.focused()) else {
            return;
        };
        let FieldKind::Choice(choices) = &field.kind else {
            return;
        };
        let columns = dialog::columns(frame.area().width);
        // A long list moves past below its frame.
        let room = usize::from(fields.height).saturating_sub(2).max(1);
        let first = (selected + 1).saturating_sub(room);
        let lines: Vec<Line<'_>> = choices
            .iter()
            .enumerate()
            .skip(first)
            .take(room)
            .map(|(place, (_, label))| {
                let chosen = place == selected;
                let pointer = if chosen { look.mark(Mark::Pointer) } else { " " };
                let tone = if chosen { Tone::Selected } else { Tone::Plain };
                let label = text::cut(label, columns.saturating_sub(2), look.mark(Mark::More));
                Line::styled(format!("{pointer} {label}"), look.style(tone))
            })
            .collect();
        frame.render_widget(Clear, dialog::place(fields, lines.len()));
        dialog::draw(frame, fields, look, field.prompt, Tone::Key, lines);
    }
}

/// A wrong word of confirmation is not nagged about while it is being typed.
fn typed_badly(field: &Field, value: &str) -> bool {
    !value.is_empty() && !matches!(field.kind, FieldKind::TypedConfirmation(_))
}
