//! What the keys of the table editor do: edits of the draft, and work for others.

use super::sheet::{Purpose, Sheet};
use super::{Mode, Translation};
use crate::intent::{Operation, translation};
use crate::translate::{Edits, Entry, Subject, Table, checked_note};
use crate::tui::effect::Job;
use crate::tui::look::Tone;
use crate::tui::screens::Screen;
use crate::tui::screens::confirm::{Choice, Confirm};
use crate::tui::turn::Turn;
use ipnet::IpNet;
use tui_input::Input;

impl Translation {
    /// Begins to change what the row with the cursor becomes.
    pub(super) fn begin_becomes(&mut self) {
        if let Some(row) = self.current() {
            let to = row.known.to.map(|to| to.to_string()).unwrap_or_default();
            self.mode = Mode::Becomes(Input::new(to), None);
        }
    }

    /// What is wrong with the text typed for the row with the cursor.
    pub(super) fn fault(&self, typed: &str) -> Option<String> {
        let row = self.current()?;
        becomes(row.known.from, typed).err()
    }

    /// Takes over what was typed, or says why not.
    pub(super) fn take_becomes(&mut self, typed: &str) -> Result<(), String> {
        let Some(row) = self.current() else {
            return Ok(());
        };
        let (from, entry, note) = (row.known.from, row.entry, row.known.note.clone());
        let to = becomes(from, typed)?;
        let mut next = self.draft.table().clone();
        match entry.and_then(|entry| next.entries.get_mut(entry)) {
            Some(entry) => entry.to = to,
            None if to.is_none() => {}
            None => next.entries.push(Entry { from, to, note }),
        }
        self.edit(next);
        Ok(())
    }

    /// Removes the entry with the cursor; an address that is in the data stays in the list.
    pub(super) fn delete(&mut self) {
        let Some(row) = self.current() else { return };
        let from = row.known.from;
        let Some(entry) = row.entry else {
            self.said = Some(format!("{from} is in the data and has no entry to delete."));
            return;
        };
        let mut next = self.draft.table().clone();
        next.entries.remove(entry);
        self.edit(next);
        self.said = Some(format!("Deleted {from}; u brings it back."));
    }

    pub(super) fn undo(&mut self) {
        let done = self.draft.undo();
        self.said = Some(
            if done {
                "Took the last edit back; r makes it again."
            } else {
                "There is no edit to take back."
            }
            .to_owned(),
        );
        self.refresh();
    }

    pub(super) fn redo(&mut self) {
        let done = self.draft.redo();
        self.said = Some(
            if done {
                "Made the edit again."
            } else {
                "There is no edit to make again."
            }
            .to_owned(),
        );
        self.refresh();
    }

    /// Opens a dialog.
    pub(super) fn open_sheet(&mut self, purpose: Purpose) {
        let values = match purpose {
            Purpose::Note => {
                let Some(row) = self.current() else { return };
                vec![row.known.note.clone().unwrap_or_default()]
            }
            _ => Vec::new(),
        };
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        self.mode = Mode::Sheet(Box::new(Sheet::new(purpose, &values)));
    }

    /// Does what a dialog asks for; one that was refused stays open.
    pub(super) fn finish_sheet(&mut self, mut sheet: Box<Sheet>) -> Turn {
        let done = match sheet.purpose {
            Purpose::Add => self.add(&sheet),
            Purpose::Note => self.note(&sheet),
            Purpose::Fill => self.fill(&sheet),
            Purpose::Import => path(&sheet).map(|path| Turn::job(Job::Import(path, sheet.kind()))),
            Purpose::Export => path(&sheet).map(|path| {
                let table = Box::new(self.draft.table().clone());
                Turn::job(Job::Export(path, sheet.kind(), table))
            }),
        };
        match done {
            Ok(turn) => {
                self.mode = Mode::List;
                turn
            }
            Err((line, why)) => {
                sheet.refuse(line, why);
                self.mode = Mode::Sheet(sheet);
                Turn::Stay
            }
        }
    }

    fn add(&mut self, sheet: &Sheet) -> Result<Turn, (usize, String)> {
        let from: Subject = sheet.line(0).parse().map_err(|why| (0, why))?;
        let mut next = self.draft.table().clone();
        if next.get(from).is_some() {
            return Err((0, format!("{from} is in the table already")));
        }
        let to = becomes(from, sheet.line(1)).map_err(|why| (1, why))?;
        let note = checked(sheet.line(2)).map_err(|why| (2, why))?;
        next.entries.push(Entry { from, to, note });
        self.filter.clear();
        self.edit(next);
        self.go_to(from);
        Ok(Turn::Stay)
    }

    fn note(&mut self, sheet: &Sheet) -> Result<Turn, (usize, String)> {
        let note = checked(sheet.line(0)).map_err(|why| (0, why))?;
        let mut next = self.draft.table().clone();
        if let Some(row) = self.current() {
            match row.entry.and_then(|entry| next.entries.get_mut(entry)) {
                Some(entry) => entry.note = note,
                None => next.entries.push(Entry {
                    from: row.known.from,
                    to: None,
                    note,
                }),
            }
        }
        self.edit(next);
        Ok(Turn::Stay)
    }

    fn fill(&mut self, sheet: &Sheet) -> Result<Turn, (usize, String)> {
        let (next, decided) = self.filled(sheet)?;
        if decided == 0 {
            return Err((0, "no undecided address lies in the first network".to_owned()));
        }
        self.edit(next);
        self.said = Some(format!("Decided {}; u takes that back.", rows(decided)));
        Ok(Turn::Stay)
    }

    /// The table after the subnet rule, and how many rows it decides.
    fn filled(&self, sheet: &Sheet) -> Result<(Table, usize), (usize, String)> {
        let network = |line: usize| {
            let text = sheet.line(line);
            let parsed: Result<IpNet, _> = text.parse();
            parsed.map_err(|_| {
                let shown = crate::model::syntax::shown(text);
                (
                    line,
                    format!("`{shown}` is not a network; accepted: 192.0.2.0/24 or 2001:db8::/64"),
                )
            })
        };
        let (from, to) = (network(0)?, network(1)?);
        self.view
            .filled(self.draft.table(), from, to)
            .map_err(|error| (1, error.message))
    }

    /// What a dialog would do, while it is filled in.
    pub(super) fn preview(&self, sheet: &Sheet) -> String {
        if sheet.purpose != Purpose::Fill || sheet.line(0).is_empty() || sheet.line(1).is_empty() {
            return String::new();
        }
        match self.filled(sheet) {
            Ok((_, decided)) => format!("{} would be decided.", rows(decided)),
            Err((_, why)) => why,
        }
    }

    /// Rows were read from a file: they change those that are here, and are added to them.
    pub fn imported(&mut self, table: &Table) {
        let read = rows(table.entries.len());
        let mut next = self.draft.table().clone();
        self.said = Some(match Edits::setting(table).apply(&mut next) {
            Err(error) => error.to_string(),
            Ok(()) if self.edit(next) => format!("Read {read}; u takes that back."),
            Ok(()) => "The file says what is here already.".to_owned(),
        });
    }

    /// Something else was done.
    pub fn say(&mut self, what: String) {
        self.said = Some(what);
    }

    fn go_to(&mut self, from: Subject) {
        let here = |index: &usize| self.rows.all[*index].known.from == from;
        self.selected = self.shown.iter().position(here).unwrap_or(self.selected);
    }

    /// The next row that needs a decision, from the top again after the last.
    pub(super) fn next_problem(&mut self) {
        let needy = |&place: &usize| {
            let row = self.shown.get(place).and_then(|&index| self.rows.all.get(index));
            row.is_some_and(super::Row::needs_attention)
        };
        let found = (self.selected + 1..self.shown.len())
            .chain(0..=self.selected)
            .find(needy);
        match found {
            Some(place) => self.selected = place,
            None => self.said = Some("No row shown here needs a decision.".to_owned()),
        }
    }

    pub(super) fn explain(&self) -> Turn {
        self.current()
            .map_or(Turn::Stay, |row| Turn::job(Job::Explain(row.known.from)))
    }

    /// To the plan that brings both nodes to this table.
    pub(super) fn save(&mut self) -> Turn {
        if !self.draft.changed() && !self.view.files.differ {
            self.said = Some("There is nothing to save.".to_owned());
            return Turn::Stay;
        }
        let edits = if self.draft.changed() {
            Edits::between(&self.view.table, self.draft.table())
        } else {
            // The other node's table is brought to this one.
            Edits::setting(self.draft.table())
        };
        Turn::job(Job::Plan(Operation::Translation, translation::answers(&edits)))
    }

    pub(super) fn leave(&mut self) -> Turn {
        if !self.draft.changed() {
            return Turn::Back;
        }
        Turn::open(Screen::Confirm(Confirm::new(
            "Leave the table?",
            Tone::Warning,
            "It has edits that are not saved. Nothing was changed on the nodes.",
            vec![
                Choice::new('s', "Save: show the plan first", self.save()),
                Choice::new('d', "Discard the edits", Turn::Back),
                Choice::new('k', "Keep on editing", Turn::Stay),
            ],
        )))
    }
}

/// What `from` becomes by the text typed; nothing means that it is not decided.
fn becomes(from: Subject, typed: &str) -> Result<Option<Subject>, String> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let refused = || {
        let shown = crate::model::syntax::shown(typed);
        let example = match (from, from.address().is_ipv4()) {
            (Subject::Address(_), true) => "192.0.2.12",
            (Subject::Address(_), false) => "2001:db8::12",
            (Subject::Network(_), true) => "192.0.2.0/24",
            (Subject::Network(_), false) => "2001:db8::/64",
        };
        format!(
            "`{shown}` is not {}; accepted: one such as {example}",
            from.kind()
        )
    };
    let to: Subject = typed.parse().map_err(|_| refused())?;
    if from.same_kind(to) {
        Ok(Some(to))
    } else {
        Err(refused())
    }
}

fn rows(number: usize) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} row{plural}")
}

fn checked(note: &str) -> Result<Option<String>, String> {
    checked_note(note)?;
    Ok((!note.is_empty()).then(|| note.to_owned()))
}

fn path(sheet: &Sheet) -> Result<std::path::PathBuf, (usize, String)> {
    match sheet.line(0) {
        "" => Err((0, "a path is needed, such as /root/translation.csv".to_owned())),
        path => Ok(path.into()),
    }
}
