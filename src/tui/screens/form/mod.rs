//! The questions of one operation, answered in any order and checked as they are typed.

mod draw;
mod keys;

use super::KeyHint;
use crate::intent::{Answers, Field, FieldKind, Form, Operation};
use crate::tui::layout;
use crate::tui::scroll::Scroll;
use crate::tui::text;
use std::collections::BTreeSet;
use tui_input::Input;

/// Rows below the fields for help on the one with the cursor, blank line above included.
const MESSAGE_ROWS: u16 = 5;

const HINTS: &[KeyHint] = &[
    ("Tab", "next"),
    ("Shift-Tab", "previous"),
    ("F1", "help"),
    ("F10", "review the plan"),
    ("Esc", "back"),
];
const CHOICE_HINTS: &[KeyHint] = &[
    ("Left Right", "change"),
    ("Space", "list"),
    ("Tab", "next"),
    ("F1", "help"),
    ("F10", "review"),
    ("Esc", "back"),
];
const VERIFY_HINTS: &[KeyHint] = &[
    ("Left Right", "change"),
    ("Space", "list"),
    ("F1", "help"),
    ("F10", "read it"),
    ("Esc", "back"),
];
const POPUP_HINTS: &[KeyHint] = &[
    ("Up Down", "move"),
    ("Enter", "take it"),
    ("Esc", "leave as it was"),
];

/// What a form is filled in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The plan of an operation.
    Plan(Operation),
    /// Reading a mirror again, which changes nothing.
    Verify,
}

impl Purpose {
    /// Shown in the title of the terminal.
    pub const fn crumb(self) -> &'static str {
        match self {
            Self::Plan(operation) => operation.verb(),
            Self::Verify => "verify",
        }
    }
}

/// A form being filled in.
#[derive(Debug)]
pub struct FormScreen {
    /// What it is for.
    pub purpose: Purpose,
    /// Its questions.
    pub form: Form,
    inputs: Vec<Input>,
    began: Answers,
    /// Index into [`FormScreen::visible`]; one past its end is the button.
    focus: usize,
    /// Questions that were left or sent once, whose faults are shown.
    visited: BTreeSet<usize>,
    /// The choice the cursor is on while the list of choices is open.
    popup: Option<usize>,
    scroll: Scroll,
}

impl FormScreen {
    /// A form with its defaults filled in.
    pub fn new(purpose: Purpose, form: Form) -> Self {
        let inputs = form
            .fields
            .iter()
            .map(|field| Input::new(field.default.clone().unwrap_or_default()))
            .collect();
        let mut screen = Self {
            purpose,
            form,
            inputs,
            began: Answers::default(),
            focus: 0,
            visited: BTreeSet::new(),
            popup: None,
            scroll: Scroll::default(),
        };
        screen.began = screen.answers();
        screen
    }

    /// Answers to the questions that are asked, in order: each condition sees the answers before it.
    pub fn answers(&self) -> Answers {
        let mut answers = Answers::default();
        for (field, input) in self.form.fields.iter().zip(&self.inputs) {
            if (field.asked_if)(&answers) {
                answers.set(field.key, input.value());
            }
        }
        answers
    }

    /// Indices of the questions that are asked.
    fn visible(&self) -> Vec<usize> {
        let answers = self.answers();
        let asked = |(_, field): &(usize, &Field)| (field.asked_if)(&answers);
        let fields = self.form.fields.iter().enumerate();
        fields.filter(asked).map(|(index, _)| index).collect()
    }

    /// The question with the cursor; `None` on the button.
    fn focused(&self) -> Option<(usize, &Field)> {
        let index = *self.visible().get(self.focus)?;
        Some((index, self.form.fields.get(index)?))
    }

    /// What is wrong with an answer.
    fn fault(&self, index: usize, answers: &Answers) -> Option<String> {
        let field = self.form.fields.get(index)?;
        self.form.check(field, answers).err()
    }

    /// True when something was typed that would be lost.
    fn changed(&self) -> bool {
        self.purpose != Purpose::Verify && self.answers() != self.began
    }

    fn value(&self, index: usize) -> &str {
        self.inputs.get(index).map_or("", Input::value)
    }

    fn set(&mut self, index: usize, value: &str) {
        if let Some(input) = self.inputs.get_mut(index) {
            *input = Input::new(value.to_owned());
        }
    }

    /// The title in lines above the questions when it is too long for the edge of the box.
    fn heading(&self, size: (u16, u16)) -> Vec<String> {
        let columns = layout::columns(size).saturating_sub(2);
        if text::width(&self.form.title) <= columns {
            return Vec::new();
        }
        let mut lines = text::wrap(&self.form.title, columns);
        lines.push(String::new());
        lines
    }

    /// Rows for questions on a terminal of this size.
    fn rows(&self, size: (u16, u16)) -> usize {
        layout::page(size).saturating_sub(usize::from(MESSAGE_ROWS) + self.heading(size).len())
    }

    /// Values and labels of a question that is answered by choosing.
    fn choices(field: &Field) -> Option<Vec<(String, String)>> {
        match &field.kind {
            FieldKind::Choice(choices) => Some(choices.clone()),
            FieldKind::YesNo => Some(
                ["yes", "no"]
                    .map(|word| (word.to_owned(), word.to_owned()))
                    .to_vec(),
            ),
            _ => None,
        }
    }

    /// Keys for the footer.
    pub fn hints(&self) -> &'static [KeyHint] {
        match self.focused() {
            _ if self.popup.is_some() => POPUP_HINTS,
            Some(_) if self.purpose == Purpose::Verify => VERIFY_HINTS,
            Some((_, field)) if Self::choices(field).is_some() => CHOICE_HINTS,
            _ => HINTS,
        }
    }
}
