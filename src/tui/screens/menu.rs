//! The numbered entries beside the pair.

use super::confirm::{self, Confirm};
use super::history::History;
use super::mirrors::refused;
use super::{Around, KeyHint, Screen};
use crate::menu::{Choice, DATA, Entry, MAIN, TESTS, Trial, barred};
use crate::model::BySide;
use crate::tui::effect::Job;
use crate::tui::layout;
use crate::tui::look::{Mark, Tone};
use crate::tui::screens::details::Details;
use crate::tui::state::State;
use crate::tui::text as columns;
use crate::tui::turn::Turn;
use crate::tui::widgets::{pair, panel};
use crossterm::event::{KeyCode, KeyEvent, MouseButton, MouseEvent, MouseEventKind};
use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

const HINTS: &[KeyHint] = &[
    ("1-12 Enter", "choose"),
    ("Up Down", "move"),
    ("r", "ask again"),
    ("F1", "help"),
    ("q", "quit"),
];

const PRACTICE_HINTS: &[KeyHint] = &[
    ("1-12 Enter", "choose"),
    ("Up Down", "move"),
    ("r", "ask again"),
    ("f", "faults"),
    ("F1", "help"),
    ("q", "quit"),
];

const INNER_HINTS: &[KeyHint] = &[
    ("digits Enter", "choose"),
    ("Up Down", "move"),
    ("r", "ask again"),
    ("F1", "help"),
    ("Esc", "back"),
];

/// A list of entries, the cursor in it, and the number being typed.
#[derive(Debug)]
pub struct Menu {
    title: &'static str,
    entries: &'static [Entry],
    selected: usize,
    typed: String,
    /// The pair is a practice lab.
    practice: bool,
}

impl Menu {
    /// What the menu begins with.
    pub fn main(practice: bool) -> Self {
        Self {
            practice,
            ..Self::of("Menu", MAIN)
        }
    }

    /// The entries about data.
    pub const fn data() -> Self {
        Self::of("Data", DATA)
    }

    /// The entries that check and try.
    pub const fn tests() -> Self {
        Self::of("Doctor and tests", TESTS)
    }

    const fn of(title: &'static str, entries: &'static [Entry]) -> Self {
        Self {
            title,
            entries,
            selected: 0,
            typed: String::new(),
            practice: false,
        }
    }

    /// True for the list that the menu begins with.
    pub fn is_main(&self) -> bool {
        self.entries == MAIN
    }

    /// True for the list that checks and tries.
    pub fn is_tests(&self) -> bool {
        self.entries == TESTS
    }

    /// Shown in the title of the terminal.
    pub fn crumb(&self) -> &'static str {
        if self.is_main() { "" } else { self.title }
    }

    /// Keys for the footer.
    pub fn hints(&self) -> &'static [KeyHint] {
        match (self.is_main(), self.practice) {
            (true, false) => HINTS,
            (true, true) => PRACTICE_HINTS,
            (false, _) => INNER_HINTS,
        }
    }

    /// A key.
    pub fn key(&mut self, key: KeyEvent, around: Around<'_>) -> Turn {
        match key.code {
            KeyCode::Char(digit @ '0'..='9') => self.digit(digit),
            KeyCode::Backspace => {
                self.typed.pop();
                self.follow_typed();
            }
            KeyCode::Up | KeyCode::Char('k') => self.step(self.entries.len() - 1),
            KeyCode::Down | KeyCode::Char('j') => self.step(1),
            KeyCode::Home => self.select(0),
            KeyCode::End => self.select(self.entries.len() - 1),
            KeyCode::Enter => return self.choose(around),
            KeyCode::Esc | KeyCode::Char('q') if !self.is_main() => return Turn::Back,
            KeyCode::Esc => self.typed.clear(),
            KeyCode::Char('r') => return Turn::Look,
            KeyCode::Char('f') if self.practice => return Turn::job(Job::Faults),
            KeyCode::Char('q') => return Turn::Quit,
            _ => {}
        }
        Turn::Stay
    }

    /// A click chooses, the wheel moves.
    pub fn mouse(&mut self, mouse: MouseEvent, around: Around<'_>) -> Turn {
        match mouse.kind {
            MouseEventKind::Down(MouseButton::Left) => {
                let list = Self::list_area(around.size);
                if !list.contains(Position::new(mouse.column, mouse.row)) {
                    return Turn::Stay;
                }
                let row = usize::from(mouse.row - list.y);
                if row >= self.entries.len() {
                    return Turn::Stay;
                }
                self.select(row);
                self.choose(around)
            }
            MouseEventKind::ScrollUp => {
                self.step(self.entries.len() - 1);
                Turn::Stay
            }
            MouseEventKind::ScrollDown => {
                self.step(1);
                Turn::Stay
            }
            _ => Turn::Stay,
        }
    }

    /// A digit goes on with the number when that makes one of the entries, or begins a new one.
    fn digit(&mut self, digit: char) {
        self.typed.push(digit);
        if !self.follow_typed() {
            self.typed = digit.to_string();
            if !self.follow_typed() {
                self.typed.clear();
            }
        }
    }

    fn follow_typed(&mut self) -> bool {
        let number = self.typed.parse::<usize>().ok();
        let entry = number.filter(|number| (1..=self.entries.len()).contains(number));
        if let Some(number) = entry {
            self.selected = number - 1;
        }
        entry.is_some()
    }

    fn step(&mut self, by: usize) {
        self.select((self.selected + by) % self.entries.len());
    }

    fn select(&mut self, entry: usize) {
        self.selected = entry;
        self.typed.clear();
    }

    fn choose(&mut self, around: Around<'_>) -> Turn {
        self.typed.clear();
        let Some(entry) = self.entries.get(self.selected) else {
            return Turn::Stay;
        };
        if let Some(why) = barred(entry.choice, around.pair.status()) {
            return refused(why);
        }
        match entry.choice {
            Choice::Status => Turn::open(Screen::Details(Details::default())),
            Choice::Operation(operation) => Turn::job(Job::Form(operation)),
            Choice::History | Choice::Reports => Turn::open(Screen::History(History::default())),
            Choice::Doctor => Turn::job(Job::Doctor),
            Choice::Mirrors => Turn::job(Job::Held),
            Choice::Verify => Turn::job(Job::VerifyForm),
            Choice::Translation => Turn::job(Job::Translation),
            Choice::Differences => Turn::job(Job::Differences),
            Choice::Losses => Turn::job(Job::Losses),
            Choice::Data => Turn::open(Screen::Menu(Self::data())),
            Choice::Tests => Turn::open(Screen::Menu(Self::tests())),
            Choice::TryReactions => trials("Try reactions", Trial::of_reactions(), around),
            Choice::TryAlarm => match around.pair.status().map(Trial::of_alarms) {
                None => refused("Neither node has answered yet."),
                Some(alarms) if alarms.is_empty() => refused(
                    "There is no alarm file: /etc/pairadm/reactions.d/NAME.toml on a node describes an alarm.",
                ),
                Some(alarms) => trials("Try an alarm", alarms, around),
            },
        }
    }

    fn panel_width(size: (u16, u16)) -> u16 {
        if size.0 >= 100 { 34 } else { 28 }
    }

    fn list_area(size: (u16, u16)) -> Rect {
        let body = layout::body(size);
        Rect::new(
            body.x + 1,
            body.y + 1,
            Self::panel_width(size) - 2,
            body.height.saturating_sub(3),
        )
    }

    /// Draws entries, prompt and pair.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, state: &State) {
        let (above, prompt) = layout::split_bottom(area, 1);
        let wide = Self::panel_width(state.size);
        let left = Rect { width: wide, ..above };
        let right = Rect {
            x: above.x + wide,
            width: above.width.saturating_sub(wide),
            ..above
        };
        self.draw_entries(frame, left, state);
        pair::draw(frame, right, state);
        self.draw_prompt(frame, prompt, state);
    }

    fn draw_entries(&self, frame: &mut Frame<'_>, area: Rect, state: &State) {
        let look = state.look;
        let block = panel::block(look, self.title, Tone::Plain, false);
        let inner = block.inner(area);
        let wide = usize::from(inner.width);
        let mut lines: Vec<Line<'_>> = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let chosen = index == self.selected;
            let pointer = if chosen { look.mark(Mark::Pointer) } else { " " };
            let text = format!("{pointer}{:>2} {}", index + 1, entry.label);
            let barred = barred(entry.choice, state.pair.status()).is_some();
            let tone = match (chosen, barred) {
                (true, _) => Tone::Selected,
                (false, true) => Tone::Faint,
                (false, false) => Tone::Plain,
            };
            lines.push(Line::styled(
                columns::pad(&text, wide, look.mark(Mark::More)),
                look.style(tone),
            ));
        }
        lines.push(Line::default());
        if let Some(entry) = self.entries.get(self.selected) {
            let barred = barred(entry.choice, state.pair.status());
            let explanation = barred.unwrap_or(entry.explanation);
            for line in columns::wrap(explanation, wide.saturating_sub(2)) {
                lines.push(Line::styled(format!(" {line}"), look.style(Tone::Faint)));
            }
        }
        frame.render_widget(block, area);
        frame.render_widget(Paragraph::new(lines), inner);
    }

    fn draw_prompt(&self, frame: &mut Frame<'_>, area: Rect, state: &State) {
        let out = if self.is_main() {
            "q to quit"
        } else {
            "q to go back"
        };
        let question = format!(" Enter choice (1-{}) or {out}: ", self.entries.len());
        let column = area.x + u16::try_from(question.len() + self.typed.len()).unwrap_or(0);
        let line = Line::from(vec![
            Span::raw(question),
            Span::styled(self.typed.as_str(), state.look.style(Tone::Strong)),
        ]);
        frame.render_widget(line, area);
        if matches!(state.top(), Some(Screen::Menu(_))) {
            frame.set_cursor_position(Position::new(column, area.y));
        }
    }
}

/// Keys of choices; more than these do not fit into a dialog either.
const LETTERS: &str = "123456789acdefg";

/// A dialog to choose a test from.
fn trials(title: &str, trials: Vec<Trial>, around: Around<'_>) -> Turn {
    let hosts = BySide::new(|side| around.pair.host(side).to_owned());
    let body = if trials.len() > LETTERS.len() {
        "Programs on the node run as root. Not all are listed: `pairadm test` takes any by name."
    } else {
        "Programs on the node run as root. Nothing else happens."
    };
    let mut choices: Vec<confirm::Choice> = LETTERS
        .chars()
        .zip(trials)
        .map(|(key, trial)| confirm::Choice::new(key, trial.label(&hosts), Turn::job(Job::Try(trial))))
        .collect();
    choices.push(confirm::Choice::new('b', "Back", Turn::Stay));
    Turn::open(Screen::Confirm(Confirm::new(title, Tone::Warning, body, choices)))
}
