//! What both nodes hold of the pair's data: the primary's backup, and the mirrors on the secondary, to
//! be loaded from here.

use super::confirm::{Choice, Confirm};
use super::{Around, KeyHint, Screen};
use crate::controller::DataHeld;
use crate::facts::{DataFacts, MirrorFacts};
use crate::intent::{Answers, Operation};
use crate::menu;
use crate::model::{BySide, Side};
use crate::render::{bytes, printable};
use crate::tui::cursor::{Cursor, List, Pointed};
use crate::tui::duration::since;
use crate::tui::effect::Job;
use crate::tui::layout;
use crate::tui::look::{Look, Mark, Tone};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::turn::Turn;
use crate::tui::widgets::panel::{self, Row};
use crossterm::event::{KeyCode, KeyEvent, MouseEvent};
use ratatui::Frame;
use ratatui::layout::Rect;

/// Keys for the footer.
pub const HINTS: &[KeyHint] = &[
    ("Enter", "load it"),
    ("v", "verify"),
    ("c", "copy now"),
    ("b", "back up"),
    ("r", "read again"),
    ("F1", "help"),
    ("Esc", "back"),
];

/// The list.
#[derive(Debug)]
pub struct Mirrors {
    held: BySide<DataHeld>,
    cursor: Cursor,
}

impl Mirrors {
    /// What the nodes said.
    pub fn new(held: BySide<DataHeld>) -> Self {
        Self {
            held,
            cursor: Cursor::default(),
        }
    }

    /// What the nodes say now; the cursor stays.
    pub fn fill(&mut self, held: BySide<DataHeld>) {
        self.held = held;
        self.cursor.clamp(self.mirrors().len());
    }

    /// Those to load from here: the primary's data. Failback mirrors are loaded by their own entry.
    fn mirrors(&self) -> Vec<&MirrorFacts> {
        let data = self.held.secondary.data.iter();
        data.flat_map(|data| data.mirrors_of(Side::Primary)).collect()
    }

    /// The mirrors; the rows before them are about the backup and shown with the first one.
    fn list(&self, columns: usize) -> List {
        let (head, _) = self.rows(look_for_counting(), columns);
        let lines = self.mirrors().len();
        List { lines, head }
    }

    /// A key.
    pub fn key(&mut self, key: KeyEvent, around: Around<'_>) -> Turn {
        let list = self.list(layout::columns(around.size));
        if self.cursor.key(key, list, around.size) {
            return Turn::Stay;
        }
        match key.code {
            KeyCode::Enter | KeyCode::Char('l') => self.load(around),
            KeyCode::Char('v') => self.verify(),
            KeyCode::Char('c') => begin(Operation::Copy, around),
            KeyCode::Char('b') => begin(Operation::Backup, around),
            KeyCode::Char('r') => Turn::job(Job::Held),
            KeyCode::Esc | KeyCode::Char('q') => Turn::Back,
            _ => Turn::Stay,
        }
    }

    /// A click puts the cursor on a mirror, on the cursor's one it is like Enter.
    pub fn mouse(&mut self, mouse: MouseEvent, around: Around<'_>) -> Turn {
        let list = self.list(layout::columns(around.size));
        match self.cursor.mouse(mouse, list, around.size) {
            Pointed::Chosen => self.load(around),
            Pointed::Moved => Turn::Stay,
        }
    }

    /// To the plan that loads the mirror with the cursor.
    fn load(&self, around: Around<'_>) -> Turn {
        let mirrors = self.mirrors();
        let Some(mirror) = mirrors.get(self.cursor.at) else {
            return Turn::Stay;
        };
        if let Some(why) = menu::barred(menu::Choice::Operation(Operation::Load), around.pair.status()) {
            return refused(why);
        }
        let mut answers = Answers::default();
        answers.set("mirror", mirror.name.as_str());
        let again = self.loaded() == Some(mirror.name.as_str());
        answers.set("again", if again { "yes" } else { "no" });
        Turn::job(Job::Plan(Operation::Load, answers))
    }

    fn verify(&self) -> Turn {
        let mirrors = self.mirrors();
        let mirror = mirrors.get(self.cursor.at);
        mirror.map_or(Turn::Stay, |mirror| Turn::job(Job::Verify(mirror.name.clone())))
    }

    fn loaded(&self) -> Option<&str> {
        self.held.secondary.data.as_ref()?.loaded.as_deref()
    }

    /// Draws it.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, state: &State) {
        let (_, rows) = self.rows(state.look, layout::columns(state.size));
        panel::rows(
            frame,
            area,
            state.look,
            "Backup and mirrors",
            &rows,
            self.cursor.scroll,
        );
    }

    /// All rows, and how many stand before the first mirror.
    fn rows(&self, look: Look, columns: usize) -> (usize, Vec<Row>) {
        let BySide { primary, secondary } = &self.held;
        let mut rows = vec![Row::new(
            Tone::Strong,
            format!("Backup of {} (primary)", primary.hostname),
        )];
        rows.extend(fault(primary, columns));
        if let Some(data) = &primary.data {
            rows.extend(backup(data, primary.now, columns));
        }
        rows.push(Row::new(Tone::Plain, ""));
        rows.push(Row::new(
            Tone::Strong,
            format!("Mirrors on {} (secondary)", secondary.hostname),
        ));
        rows.extend(fault(secondary, columns));
        if let Some(data) = &secondary.data {
            rows.extend(around_mirrors(data));
        }
        if self.mirrors().is_empty() {
            let head = rows.len();
            rows.extend(failbacks(primary));
            return (head, rows);
        }
        let more = look.mark(Mark::More);
        let heading = line(
            " ",
            ["name", "backup made", "copied", "size", "files", "gen.", ""],
            columns,
            more,
        );
        rows.push(Row::new(Tone::Faint, heading));
        let head = rows.len();
        for (place, mirror) in self.mirrors().iter().enumerate() {
            let chosen = place == self.cursor.at;
            let pointer = if chosen { look.mark(Mark::Pointer) } else { " " };
            let loaded = self.loaded() == Some(mirror.name.as_str());
            let cells = [
                mirror.name.as_str(),
                &since(secondary.now, mirror.made),
                &since(secondary.now, mirror.copied),
                &bytes(mirror.bytes),
                &mirror.files.to_string(),
                &mirror.generation.to_string(),
                if loaded { "LOADED" } else { "" },
            ];
            let tone = match (chosen, loaded) {
                (true, _) => Tone::Selected,
                (false, true) => Tone::Good,
                (false, false) => Tone::Plain,
            };
            rows.push(Row::new(tone, line(pointer, cells, columns, more)));
        }
        rows.extend(failbacks(primary));
        (head, rows)
    }
}

/// Counting rows needs no particular look.
const fn look_for_counting() -> Look {
    Look {
        colour: false,
        unicode: false,
    }
}

/// An operation, or why it is refused as things are.
fn begin(operation: Operation, around: Around<'_>) -> Turn {
    menu::barred(menu::Choice::Operation(operation), around.pair.status())
        .map_or_else(|| Turn::job(Job::Form(operation)), refused)
}

/// Says why something would be refused.
pub fn refused(why: &'static str) -> Turn {
    Turn::open(Screen::Confirm(Confirm::new(
        "Refused as things are",
        Tone::Warning,
        why,
        vec![Choice::new('o', "OK", Turn::Stay)],
    )))
}

fn wrapped(tone: Tone, words: &str, columns: usize) -> impl Iterator<Item = Row> + use<> {
    let lines = text::wrap(&printable(words), columns.saturating_sub(3));
    lines
        .into_iter()
        .map(move |line| Row::new(tone, format!("  {line}")))
}

fn fault(held: &DataHeld, columns: usize) -> Vec<Row> {
    let error = held.error.iter();
    error
        .flat_map(|error| wrapped(Tone::Bad, &error.to_string(), columns))
        .collect()
}

fn backup(data: &DataFacts, now: i64, columns: usize) -> Vec<Row> {
    let mut rows: Vec<Row> = data
        .backup_fault
        .iter()
        .flat_map(|why| wrapped(Tone::Bad, why, columns))
        .collect();
    let Some(backup) = &data.backup else {
        rows.push(Row::new(Tone::Warning, "  none; b makes one"));
        return rows;
    };
    let version = backup.version.as_ref().map(|version| format!(", {version}"));
    let words = format!(
        "made {}, {} in {} files{}",
        since(now, backup.made),
        bytes(backup.bytes),
        backup.files,
        version.unwrap_or_default()
    );
    rows.extend(wrapped(Tone::Plain, &words, columns));
    rows.extend(wrapped(Tone::Faint, &backup.path, columns));
    rows
}

/// What came back to the primary, below the mirrors.
fn failbacks(primary: &DataHeld) -> Vec<Row> {
    let held = primary.data.iter();
    let mirrors = held.flat_map(|data| data.mirrors_of(Side::Secondary));
    let rows: Vec<Row> = mirrors
        .map(|mirror| {
            let words = format!(
                "  {}, copied {}, {}",
                mirror.name,
                since(primary.now, mirror.copied),
                bytes(mirror.bytes)
            );
            Row::new(Tone::Plain, words)
        })
        .collect();
    if rows.is_empty() {
        return rows;
    }
    let title = format!("Failback mirrors on {} (primary)", primary.hostname);
    let mut all = vec![Row::new(Tone::Plain, ""), Row::new(Tone::Strong, title)];
    all.extend(rows);
    all
}

/// What belongs to all mirrors.
fn around_mirrors(data: &DataFacts) -> Vec<Row> {
    let mut rows = vec![Row::new(
        Tone::Plain,
        format!("  {} free for them", bytes(data.free)),
    )];
    if data.incoming > 0 {
        let words = format!(
            "  a copy was broken off after {}; the next one goes on from there",
            bytes(data.incoming)
        );
        rows.push(Row::new(Tone::Warning, words));
    }
    if data.mirrors_of(Side::Primary).next().is_none() {
        rows.push(Row::new(Tone::Warning, "  none; c copies the backup"));
    }
    rows
}

fn line(pointer: &str, cells: [&str; 7], columns: usize, more: &str) -> String {
    const WIDTHS: [usize; 6] = [12, 16, 16, 10, 9, 6];
    let [first @ .., last] = cells;
    let mut line = format!("{pointer} ");
    for (cell, wide) in first.into_iter().zip(WIDTHS) {
        line.push_str(&text::pad(&printable(cell), wide - 1, more));
        line.push(' ');
    }
    line.push_str(last);
    text::pad(&line, columns, more)
}
