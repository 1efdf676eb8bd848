//! Keys and clicks of a form.

use super::{FormScreen, Purpose};
use crate::intent::{FieldKind, verify};
use crate::tui::effect::Job;
use crate::tui::layout;
use crate::tui::look::Tone;
use crate::tui::screens::confirm::{Choice, Confirm};
use crate::tui::screens::text::TextScreen;
use crate::tui::screens::{Around, Screen};
use crate::tui::turn::Turn;
use crate::tui::typing::request;
use crossterm::event::{KeyCode, KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use tui_input::InputRequest;

impl FormScreen {
    /// A key.
    pub fn key(&mut self, key: KeyEvent, around: Around<'_>) -> Turn {
        let turn = if self.popup.is_some() {
            self.popup_key(key);
            Turn::Stay
        } else {
            self.form_key(key)
        };
        self.reveal(around.size);
        turn
    }

    fn form_key(&mut self, key: KeyEvent) -> Turn {
        match key.code {
            KeyCode::Esc => return self.leave(),
            KeyCode::F(10) => return self.review(),
            KeyCode::BackTab | KeyCode::Up => self.go(-1),
            KeyCode::PageDown => self.go(8),
            KeyCode::PageUp => self.go(-8),
            KeyCode::Enter if self.focused().is_none() => return self.review(),
            KeyCode::Tab | KeyCode::Down | KeyCode::Enter => self.go(1),
            KeyCode::F(1) => return self.field_help(),
            KeyCode::Char('?') if self.takes_question_mark_as_help() => return self.field_help(),
            _ => self.value_key(key),
        }
        Turn::Stay
    }

    /// `?` is text where text is being typed, and help everywhere else.
    fn takes_question_mark_as_help(&self) -> bool {
        self.focused()
            .is_none_or(|(index, field)| Self::choices(field).is_some() || self.value(index).is_empty())
    }

    fn value_key(&mut self, key: KeyEvent) {
        let Some((index, field)) = self.focused() else {
            return;
        };
        let Some(choices) = Self::choices(field) else {
            if let (Some(request), Some(input)) = (request(key), self.inputs.get_mut(index)) {
                input.handle(request);
            }
            return;
        };
        let place = choices.iter().position(|(value, _)| value == self.value(index));
        let last = choices.len().saturating_sub(1);
        let next = match key.code {
            KeyCode::Right => place.map_or(0, |place| (place + 1) % (last + 1)),
            KeyCode::Left => place.map_or(last, |place| place.checked_sub(1).unwrap_or(last)),
            KeyCode::Char(' ') if matches!(field.kind, FieldKind::YesNo) => {
                place.map_or(0, |place| 1 - place)
            }
            KeyCode::Char(' ') => {
                self.popup = Some(place.unwrap_or(0));
                return;
            }
            KeyCode::Char(typed) => match choices.iter().position(|(value, _)| value.starts_with(typed)) {
                Some(place) => place,
                None => return,
            },
            _ => return,
        };
        if let Some((value, _)) = choices.get(next) {
            self.set(index, value);
        }
    }

    fn popup_key(&mut self, key: KeyEvent) {
        let Some((index, choices)) = self
            .focused()
            .and_then(|(index, field)| Some((index, Self::choices(field)?)))
        else {
            self.popup = None;
            return;
        };
        let place = self.popup.unwrap_or(0);
        match key.code {
            KeyCode::Up => self.popup = Some(place.saturating_sub(1)),
            KeyCode::Down => self.popup = Some((place + 1).min(choices.len().saturating_sub(1))),
            KeyCode::Home => self.popup = Some(0),
            KeyCode::End => self.popup = Some(choices.len().saturating_sub(1)),
            KeyCode::Enter | KeyCode::Char(' ') => {
                if let Some((value, _)) = choices.get(place) {
                    self.set(index, value);
                }
                self.popup = None;
            }
            KeyCode::Esc => self.popup = None,
            _ => {}
        }
    }

    /// Moves the cursor; the question that is left shows its fault from now on.
    fn go(&mut self, by: isize) {
        if let Some((index, _)) = self.focused() {
            self.visited.insert(index);
        }
        let button = self.visible().len();
        self.focus = self.focus.saturating_add_signed(by).min(button);
    }

    /// To the plan, or to the first answer that is not accepted.
    fn review(&mut self) -> Turn {
        let answers = self.answers();
        let visible = self.visible();
        self.visited.extend(visible.iter().copied());
        let faulty = visible
            .iter()
            .position(|&index| self.fault(index, &answers).is_some());
        if let Some(place) = faulty {
            self.focus = place;
            return Turn::Stay;
        }
        match self.purpose {
            Purpose::Plan(operation) => Turn::job(Job::Plan(operation, answers)),
            Purpose::Verify => match verify::resolve(&answers) {
                Ok(wanted) => Turn::job(Job::Verify(wanted)),
                Err(error) => Turn::open(Screen::Confirm(Confirm::error(&error))),
            },
        }
    }

    fn leave(&mut self) -> Turn {
        if !self.changed() {
            return Turn::Back;
        }
        Turn::open(Screen::Confirm(Confirm::new(
            "Leave these questions?",
            Tone::Warning,
            "What you have typed is lost. Nothing was changed on the nodes.",
            vec![
                Choice::new('d', "Discard the answers", Turn::Back),
                Choice::new('k', "Keep on answering", Turn::Stay),
            ],
        )))
    }

    fn field_help(&self) -> Turn {
        let Some((_, field)) = self.focused() else {
            return Turn::open(Screen::Text(TextScreen::help(include_str!("../help/form.txt"))));
        };
        let mut lines = vec![
            field.prompt.to_owned(),
            String::new(),
            field.help.to_owned(),
            String::new(),
        ];
        if let FieldKind::Choice(choices) = &field.kind {
            lines.extend(choices.iter().map(|(value, label)| format!("  {value}: {label}")));
            lines.push(String::new());
        }
        if let Some(default) = field.default.as_ref().filter(|default| !default.is_empty()) {
            lines.push(format!("Offered: {default}"));
        }
        lines.push(format!(
            "Without the menu: --set {}=VALUE, or the same key in an answers file.",
            field.key
        ));
        Turn::open(Screen::Confirm(Confirm::new(
            "Help",
            Tone::Key,
            lines.join("\n"),
            vec![Choice::new('o', "OK", Turn::Stay)],
        )))
    }

    /// Text pasted into the question with the cursor.
    pub fn paste(&mut self, pasted: &str, around: Around<'_>) {
        let Some((index, field)) = self.focused() else {
            return;
        };
        if Self::choices(field).is_some() {
            return;
        }
        if let Some(input) = self.inputs.get_mut(index) {
            for character in pasted.chars().filter(|c| !c.is_control()) {
                input.handle(InputRequest::InsertChar(character));
            }
        }
        self.reveal(around.size);
    }

    /// A click moves the cursor, on the button it goes on; the wheel moves like the arrow keys.
    pub fn mouse(&mut self, mouse: MouseEvent, around: Around<'_>) -> Turn {
        let turn = match mouse.kind {
            _ if self.popup.is_some() => Turn::Stay,
            MouseEventKind::Down(MouseButton::Left) => self.click(mouse.row, around.size),
            MouseEventKind::ScrollUp => {
                self.go(-1);
                Turn::Stay
            }
            MouseEventKind::ScrollDown => {
                self.go(1);
                Turn::Stay
            }
            _ => Turn::Stay,
        };
        self.reveal(around.size);
        turn
    }

    fn click(&mut self, row: u16, size: (u16, u16)) -> Turn {
        let heading = u16::try_from(self.heading(size).len()).unwrap_or(0);
        let first = layout::body(size).y + 1 + heading;
        let Some(row) = row
            .checked_sub(first)
            .map(usize::from)
            .filter(|&row| row < self.rows(size))
        else {
            return Turn::Stay;
        };
        let place = row + self.scroll.top;
        let button = self.visible().len() + 1;
        if place == button {
            self.go(isize::MAX);
            return self.review();
        }
        if place < button - 1 {
            self.go(0);
            self.focus = place;
        }
        Turn::Stay
    }

    fn reveal(&mut self, size: (u16, u16)) {
        let visible = self.visible().len();
        self.focus = self.focus.min(visible);
        // The button stands a blank line below the last question.
        let line = if self.focus == visible {
            visible + 1
        } else {
            self.focus
        };
        self.scroll.reveal(line, self.rows(size));
    }
}
