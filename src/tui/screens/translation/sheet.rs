//! The small dialogs of the table editor: a few lines to type into, and a fault or a preview below.

use crate::translate::CsvKind;
use crate::tui::look::{Look, Mark, Tone};
use crate::tui::text;
use crate::tui::typing::request;
use crate::tui::widgets::dialog;
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;
use tui_input::{Input, InputRequest};

/// Columns of a label and the blank behind it.
const LABEL: usize = 22;

/// What a dialog is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A new row.
    Add,
    /// The note of the row with the cursor.
    Note,
    /// Many rows by a rule.
    Fill,
    /// Rows out of a file.
    Import,
    /// Rows into a file.
    Export,
}

impl Purpose {
    const fn title(self) -> &'static str {
        match self {
            Self::Add => "Add an address",
            Self::Note => "Note",
            Self::Fill => "Fill by a subnet rule",
            Self::Import => "Import CSV",
            Self::Export => "Export CSV",
        }
    }

    const fn explanation(self) -> &'static str {
        match self {
            Self::Add => {
                "What the primary uses, and what the secondary uses instead. Becomes may stay empty."
            }
            Self::Note => "For people; it changes nothing.",
            Self::Fill => {
                "Each address of the first network that is not decided yet gets the same place in the second one."
            }
            Self::Import => {
                "The rows of the file are added, or change those that are here; u takes that back. The file is on this machine and begins with the line from,to,note."
            }
            Self::Export => {
                "Writes a new file on this machine. For a spreadsheet, notes that it would take for formulas get a mark before them."
            }
        }
    }

    const fn labels(self) -> &'static [&'static str] {
        match self {
            Self::Add => &["Address", "Becomes", "Note"],
            Self::Note => &["Note"],
            Self::Fill => &["Network of the primary", "Network instead"],
            Self::Import | Self::Export => &["Path"],
        }
    }

    /// Whether a yes or no about spreadsheets follows the lines.
    const fn asks_spreadsheet(self) -> bool {
        matches!(self, Self::Import | Self::Export)
    }
}

/// A dialog being filled in.
#[derive(Debug)]
pub struct Sheet {
    /// What it is for.
    pub purpose: Purpose,
    lines: Vec<Input>,
    spreadsheet: bool,
    focus: usize,
    /// Why the last Enter did nothing.
    pub fault: Option<String>,
}

/// What a key meant to the dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It goes on.
    Open,
    /// It is closed without consequence.
    Cancelled,
    /// It is to be done.
    Done,
}

impl Sheet {
    /// A dialog whose first lines say `values`.
    pub fn new(purpose: Purpose, values: &[&str]) -> Self {
        let given = values.iter().copied().chain(std::iter::repeat(""));
        Self {
            purpose,
            lines: purpose
                .labels()
                .iter()
                .zip(given)
                .map(|(_, value)| Input::from(value))
                .collect(),
            spreadsheet: false,
            focus: 0,
            fault: None,
        }
    }

    /// What was typed into a line, without blanks around it.
    pub fn line(&self, index: usize) -> &str {
        self.lines.get(index).map_or("", Input::value).trim()
    }

    /// What was answered about spreadsheets.
    pub const fn kind(&self) -> CsvKind {
        if self.spreadsheet {
            CsvKind::Spreadsheet
        } else {
            CsvKind::Plain
        }
    }

    fn fields(&self) -> usize {
        self.lines.len() + usize::from(self.purpose.asks_spreadsheet())
    }

    /// A key. Enter goes on to the next line and is done on the last.
    pub fn key(&mut self, key: KeyEvent) -> Answer {
        let last = self.fields() - 1;
        match key.code {
            KeyCode::Esc => return Answer::Cancelled,
            KeyCode::Enter if self.focus == last => return Answer::Done,
            KeyCode::Enter | KeyCode::Tab | KeyCode::Down => self.focus = (self.focus + 1).min(last),
            KeyCode::BackTab | KeyCode::Up => self.focus = self.focus.saturating_sub(1),
            _ => self.value_key(key),
        }
        Answer::Open
    }

    fn value_key(&mut self, key: KeyEvent) {
        self.fault = None;
        if let Some(line) = self.lines.get_mut(self.focus) {
            if let Some(request) = request(key) {
                line.handle(request);
            }
            return;
        }
        match key.code {
            KeyCode::Left | KeyCode::Right | KeyCode::Char(' ') => self.spreadsheet = !self.spreadsheet,
            KeyCode::Char('y') => self.spreadsheet = true,
            KeyCode::Char('n') => self.spreadsheet = false,
            _ => {}
        }
    }

    /// Text pasted into the line with the cursor.
    pub fn paste(&mut self, pasted: &str) {
        self.fault = None;
        if let Some(line) = self.lines.get_mut(self.focus) {
            for character in pasted.chars().filter(|c| !c.is_control()) {
                line.handle(InputRequest::InsertChar(character));
            }
        }
    }

    /// The line that was not accepted gets the cursor, and `why` is shown.
    pub fn refuse(&mut self, line: usize, why: String) {
        self.focus = line;
        self.fault = Some(why);
    }

    /// Draws it; `preview` is shown while nothing is wrong.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, look: Look, preview: &str) {
        let columns = dialog::columns(area.width);
        let mut lines: Vec<Line<'_>> = text::wrap(self.purpose.explanation(), columns)
            .into_iter()
            .map(|line| Line::styled(line, look.style(Tone::Faint)))
            .collect();
        lines.push(Line::default());
        let first = lines.len();
        let room = columns.saturating_sub(LABEL + 5);
        for (index, label) in self.purpose.labels().iter().enumerate() {
            lines.push(self.drawn_line(index, label, room, look));
        }
        if self.purpose.asks_spreadsheet() {
            let answer = if self.spreadsheet { "< yes >" } else { "< no >" };
            lines.push(self.labelled(self.lines.len(), "For a spreadsheet", answer, look));
        }
        lines.push(Line::default());
        let (tone, below) = match &self.fault {
            Some(fault) => (Tone::Bad, format!("! {fault}")),
            None => (Tone::Plain, preview.to_owned()),
        };
        lines.extend(
            text::wrap(&below, columns)
                .into_iter()
                .map(|line| Line::styled(line, look.style(tone))),
        );
        let inner = dialog::draw(frame, area, look, self.purpose.title(), Tone::Key, lines);
        self.place_cursor(frame, inner, first, room);
    }

    fn drawn_line(&self, index: usize, label: &str, room: usize, look: Look) -> Line<'static> {
        let Some(input) = self.lines.get(index) else {
            return Line::default();
        };
        let gone = input.visual_scroll(room.saturating_sub(1));
        let shown = text::take(text::skip(input.value(), gone), room);
        let field = format!("[{}]", text::pad(shown, room, look.mark(Mark::More)));
        self.labelled(index, label, &field, look)
    }

    fn labelled(&self, index: usize, label: &str, value: &str, look: Look) -> Line<'static> {
        let focused = index == self.focus;
        let pointer = if focused { look.mark(Mark::Pointer) } else { " " };
        let tone = if focused { Tone::Strong } else { Tone::Plain };
        Line::styled(
            format!("{pointer} {} {value}", text::pad(label, LABEL, "")),
            look.style(tone),
        )
    }

    fn place_cursor(&self, frame: &mut Frame<'_>, inner: Rect, first: usize, room: usize) {
        let Some(input) = self.lines.get(self.focus) else {
            return;
        };
        let gone = input.visual_scroll(room.saturating_sub(1));
        // Pointer, blank, label, blank, bracket.
        let column = LABEL + 4 + input.visual_cursor().saturating_sub(gone);
        let to = |value: usize| u16::try_from(value).unwrap_or(u16::MAX);
        frame.set_cursor_position(Position::new(
            inner.x.saturating_add(to(column)),
            inner.y.saturating_add(to(first + self.focus)),
        ));
    }
}
