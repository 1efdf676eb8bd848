//! The table while it is edited: every edit makes the next table, so that each can be taken back.

use crate::translate::Table;

/// Edits that can be taken back. A table of 5000 rows takes about half a megabyte.
const LEVELS: usize = 100;

/// A table, where it came from, and the edits between.
#[derive(Debug)]
pub struct Draft {
    table: Table,
    saved: Table,
    past: Vec<Table>,
    future: Vec<Table>,
}

impl Draft {
    /// The table as it is saved.
    pub fn new(saved: Table) -> Self {
        Self {
            table: saved.clone(),
            saved,
            past: Vec::new(),
            future: Vec::new(),
        }
    }

    /// The table as it is now.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// True when there is something to save, or to lose.
    pub fn changed(&self) -> bool {
        self.table != self.saved
    }

    /// Goes on with `next`; says whether that is an edit at all.
    pub fn edit(&mut self, next: Table) -> bool {
        if next == self.table {
            return false;
        }
        if self.past.len() == LEVELS {
            self.past.remove(0);
        }
        self.past.push(std::mem::replace(&mut self.table, next));
        self.future.clear();
        true
    }

    /// Takes the last edit back; says whether there was one.
    pub fn undo(&mut self) -> bool {
        let Some(before) = self.past.pop() else {
            return false;
        };
        self.future.push(std::mem::replace(&mut self.table, before));
        true
    }

    /// Makes the last edit that was taken back again; says whether there was one.
    pub fn redo(&mut self) -> bool {
        let Some(after) = self.future.pop() else {
            return false;
        };
        self.past.push(std::mem::replace(&mut self.table, after));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: u8) -> Table {
        let mut table = Table::default();
        table.notice((0..rows).map(|last| format!("10.0.0.{last}").parse().unwrap()));
        table
    }

    #[test]
    fn edits_are_taken_back_and_made_again_in_order() {
        let mut draft = Draft::new(table(0));
        assert!(draft.edit(table(1)) && draft.edit(table(2)));
        assert!(!draft.edit(table(2)), "the same table is no edit");
        assert!(draft.undo() && draft.undo() && !draft.undo());
        assert!(!draft.changed());
        assert!(draft.redo() && draft.redo() && !draft.redo());
        assert_eq!(draft.table(), &table(2));
    }

    #[test]
    fn a_new_edit_ends_what_was_taken_back() {
        let mut draft = Draft::new(table(0));
        draft.edit(table(1));
        draft.undo();
        draft.edit(table(3));
        assert!(!draft.redo());
        assert_eq!(draft.table(), &table(3));
    }

    #[test]
    fn the_oldest_edits_are_forgotten_first() {
        let mut draft = Draft::new(table(0));
        for rows in 1..=u8::try_from(LEVELS).unwrap() + 1 {
            draft.edit(table(rows));
        }
        while draft.undo() {}
        assert_eq!(draft.table(), &table(1));
        assert!(draft.changed());
    }
}
