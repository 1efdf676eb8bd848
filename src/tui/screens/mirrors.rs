//! What both nodes hold of the pair's data: backups, and all mirrors, to be verified and loaded from here.

use super::confirm::{Choice, Confirm};
use super::{Around, KeyHint, Screen};
use crate::facts::{self, DataHeld, HeldMirror, MirrorUse};
use crate::intent::{Answers, Operation, VerifyIntent, mirror};
use crate::menu;
use crate::model::{BySide, Side};
use crate::render::{bytes, printable, since};
use crate::tui::cursor::{Cursor, List, Pointed};
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
    ("c", "copy"),
    ("b", "back up"),
    ("r", "again"),
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

    /// What the nodes say now; the cursor stays at its mirror, also when a new one has come before it.
    pub fn fill(&mut self, held: BySide<DataHeld>) {
        let chosen = self.chosen().map(|held| (held.side, held.mirror.name.clone()));
        self.held = held;
        let is_it = |held: &HeldMirror<'_>| {
            let (side, name) = (held.side, &held.mirror.name);
            chosen
                .as_ref()
                .is_some_and(|chosen| *chosen == (side, name.clone()))
        };
        if let Some(place) = self.mirrors().iter().position(is_it) {
            self.cursor.at = place;
        }
        self.cursor.clamp(self.mirrors().len());
    }

    /// All of them, in the order of the list.
    fn mirrors(&self) -> Vec<HeldMirror<'_>> {
        facts::mirrors(&self.held)
    }

    /// The one with the cursor.
    fn chosen(&self) -> Option<HeldMirror<'_>> {
        self.mirrors().get(self.cursor.at).copied()
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

    /// To the plan that loads the mirror with the cursor; to the questions first where more has to be said.
    fn load(&self, around: Around<'_>) -> Turn {
        let Some(chosen) = self.chosen() else {
            return Turn::Stay;
        };
        let operation = match chosen.used {
            MirrorUse::Usual => Operation::Load,
            MirrorUse::Failback => Operation::FailbackLoad,
            MirrorUse::FormerRole => {
                return refused(
                    "This mirror was copied before the roles were reversed: it is not loaded any more.",
                );
            }
        };
        if let Some(why) = menu::barred(menu::Choice::Operation(operation), around.pair.status()) {
            return refused(why);
        }
        let mut answers = Answers::default();
        answers.set(mirror::KEY, chosen.mirror.name.as_str());
        if operation == Operation::FailbackLoad || chosen.loaded {
            return Turn::job(Job::FormWith(operation, answers));
        }
        answers.set("again", "no");
        Turn::job(Job::Plan(operation, answers))
    }

    fn verify(&self) -> Turn {
        self.chosen().map_or(Turn::Stay, |chosen| {
            Turn::job(Job::Verify(VerifyIntent {
                mirror: chosen.mirror.name.clone(),
                side: Some(chosen.side),
            }))
        })
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
        let mut rows = backup_of(primary, Side::Primary, columns);
        if primary.data.as_ref().is_some_and(|data| data.backup.is_none()) {
            rows.push(Row::new(Tone::Warning, "  none; b makes one"));
        }
        if secondary.data.as_ref().is_some_and(|data| data.backup.is_some()) {
            rows.extend(backup_of(secondary, Side::Secondary, columns));
        }
        rows.push(Row::new(Tone::Plain, ""));
        for side in [Side::Secondary, Side::Primary] {
            rows.extend(mirrors_on(&self.held[side], side, columns));
        }
        let mirrors = self.mirrors();
        if mirrors.is_empty() {
            rows.push(Row::new(Tone::Warning, "  no mirrors; c copies the backup"));
            return (rows.len(), rows);
        }
        let more = look.mark(Mark::More);
        let heading = [
            "name",
            "on",
            "use",
            "backup made",
            "size",
            "files",
            "verified",
            "",
        ];
        rows.push(Row::new(Tone::Faint, line(" ", heading, columns, more)));
        let head = rows.len();
        for (place, held) in mirrors.iter().enumerate() {
            let chosen = place == self.cursor.at;
            let pointer = if chosen { look.mark(Mark::Pointer) } else { " " };
            rows.push(row(held, chosen, pointer, columns, more));
        }
        rows.extend(self.fault_of_chosen(columns));
        (head, rows)
    }

    /// What is wrong with the mirror with the cursor, below the list.
    fn fault_of_chosen(&self, columns: usize) -> Vec<Row> {
        let chosen = self.chosen();
        let fault = chosen.and_then(|held| Some((held, held.mirror.verified.fault.as_ref()?)));
        let words = fault.map(|(held, fault)| format!("{} is damaged: {fault}", held.mirror.name));
        let rows = words.iter().flat_map(|words| wrapped(Tone::Bad, words, columns));
        words
            .iter()
            .map(|_| Row::new(Tone::Plain, ""))
            .chain(rows)
            .collect()
    }
}

/// A line of the list.
fn row(held: &HeldMirror<'_>, chosen: bool, pointer: &str, columns: usize, more: &str) -> Row {
    let (now, mirror) = (held.holder.now, held.mirror);
    let damaged = mirror.verified.fault.is_some();
    let verified = if damaged {
        "DAMAGED".to_owned()
    } else {
        since(now, mirror.verified.at)
    };
    let cells = [
        mirror.name.as_str(),
        held.holder.hostname.as_str(),
        &held.used.to_string(),
        &since(now, mirror.made),
        &bytes(mirror.bytes),
        &mirror.files.to_string(),
        &verified,
        if held.loaded { "LOADED" } else { "" },
    ];
    let tone = match (chosen, damaged, held.loaded) {
        (true, _, _) => Tone::Selected,
        (false, true, _) => Tone::Bad,
        (false, false, true) => Tone::Good,
        (false, false, false) => Tone::Plain,
    };
    Row::new(tone, line(pointer, cells, columns, more))
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

/// The backup of a node, if it has one.
fn backup_of(held: &DataHeld, side: Side, columns: usize) -> Vec<Row> {
    let mut rows = vec![Row::new(
        Tone::Strong,
        format!("Backup of {} ({side})", held.hostname),
    )];
    rows.extend(fault(held, columns));
    let Some(data) = &held.data else {
        return rows;
    };
    let faults = data.backup_fault.iter();
    rows.extend(faults.flat_map(|why| wrapped(Tone::Bad, why, columns)));
    if let Some(backup) = &data.backup {
        let version = backup.version.as_ref().map(|version| format!(", {version}"));
        let words = format!(
            "made {}, {} in {} files{}",
            since(held.now, backup.made),
            bytes(backup.bytes),
            backup.files,
            version.unwrap_or_default()
        );
        rows.extend(wrapped(Tone::Plain, &words, columns));
        rows.extend(wrapped(Tone::Faint, &backup.path, columns));
    }
    rows
}

/// What belongs to all mirrors of a node: of the primary only where it has any.
fn mirrors_on(held: &DataHeld, side: Side, columns: usize) -> Vec<Row> {
    let heading = Row::new(Tone::Strong, format!("Mirrors on {} ({side})", held.hostname));
    let Some(data) = &held.data else {
        // What bars the way to the primary stands with its backup.
        return match side {
            Side::Primary => Vec::new(),
            Side::Secondary => std::iter::once(heading).chain(fault(held, columns)).collect(),
        };
    };
    if side == Side::Primary && data.mirrors.is_empty() && data.incoming == 0 {
        return Vec::new();
    }
    let live = data.loaded.as_ref().map_or_else(
        || "the node's own data is live".to_owned(),
        |name| format!("{name} is live"),
    );
    let mut rows = vec![
        heading,
        Row::new(
            Tone::Plain,
            printable(&format!("  {live}; {} free for mirrors", bytes(data.free))),
        ),
    ];
    if data.incoming > 0 {
        let words = format!(
            "  a copy was broken off after {}; the next one goes on from there",
            bytes(data.incoming)
        );
        rows.push(Row::new(Tone::Warning, words));
    }
    rows
}

fn line(pointer: &str, cells: [&str; 8], columns: usize, more: &str) -> String {
    const WIDTHS: [usize; 7] = [7, 11, 9, 13, 10, 8, 12];
    let [first @ .., last] = cells;
    let mut line = format!("{pointer} ");
    for (cell, wide) in first.into_iter().zip(WIDTHS) {
        line.push_str(&text::pad(&printable(cell), wide - 1, more));
        line.push(' ');
    }
    line.push_str(last);
    text::pad(&line, columns, more)
}
