//! The translation table, edited in place: nothing leaves this screen before it is saved, which shows
//! the plan first.

mod actions;
mod draft;
mod draw;
mod keys;
mod rows;
mod sheet;

use super::KeyHint;
use crate::translate::{Table, TranslationView};
use crate::tui::layout;
use crate::tui::scroll::Scroll;
use draft::Draft;
use rows::{Row, Rows};
use sheet::Sheet;
use tui_input::Input;

/// Rows below the list: a rule, and what is known of the row with the cursor.
const DETAIL: u16 = 6;

const HINTS: &[KeyHint] = &[
    ("Enter", "change"),
    ("s", "save"),
    ("n", "next problem"),
    ("/", "filter"),
    ("F1", "help"),
    ("Esc", "back"),
    ("a d", "add, delete"),
    ("u r", "undo, redo"),
    ("f", "fill"),
    ("x", "explain"),
    ("o", "note"),
    ("i e", "import, export"),
];
const TYPING_HINTS: &[KeyHint] = &[("Enter", "take it"), ("Esc", "leave as it was")];
const FILTER_HINTS: &[KeyHint] = &[("Enter", "keep the filter"), ("Esc", "show all")];
const SHEET_HINTS: &[KeyHint] = &[("Tab", "next line"), ("Enter", "do it"), ("Esc", "back")];

/// The editor.
#[derive(Debug)]
pub struct Translation {
    view: TranslationView,
    draft: Draft,
    rows: Rows,
    filter: String,
    /// Indices of the rows that the filter lets through.
    shown: Vec<usize>,
    /// Index into `shown`.
    selected: usize,
    scroll: Scroll,
    mode: Mode,
    /// What the last action did.
    said: Option<String>,
}

/// Where keys go.
#[derive(Debug)]
enum Mode {
    /// To the list.
    List,
    /// Into the filter.
    Filter(Input),
    /// Into what the row with the cursor becomes; with the fault that Enter met.
    Becomes(Input, Option<String>),
    /// Into a dialog.
    Sheet(Box<Sheet>),
}

impl Translation {
    /// The table as the nodes have it, the cursor on the first row that needs a decision.
    pub fn new(view: TranslationView) -> Self {
        let said = opening(&view);
        let mut screen = Self {
            draft: Draft::new(view.table.clone()),
            view,
            rows: Rows::default(),
            filter: String::new(),
            shown: Vec::new(),
            selected: 0,
            scroll: Scroll::default(),
            mode: Mode::List,
            said,
        };
        screen.refresh();
        let needy = screen.rows.all.iter().position(Row::needs_attention);
        screen.selected = needy.unwrap_or(0);
        screen
    }

    /// Works the rows out again after an edit; the cursor stays on its address.
    fn refresh(&mut self) {
        let at = self.current().map(|row| (row.known.from, row.entry));
        self.rows = Rows::new(&self.view, self.draft.table());
        self.sift();
        if let Some((from, entry)) = at {
            let here = |index: &usize| {
                let row = &self.rows.all[*index];
                (row.known.from == from, row.entry == entry)
            };
            let exact = self.shown.iter().position(|index| here(index) == (true, true));
            let place = exact.or_else(|| self.shown.iter().position(|index| here(index).0));
            self.selected = place.unwrap_or(self.selected);
        }
        self.clamp();
    }

    /// Applies the filter.
    fn sift(&mut self) {
        self.shown = self.rows.matching(&self.filter);
        self.clamp();
    }

    fn clamp(&mut self) {
        self.selected = self.selected.min(self.shown.len().saturating_sub(1));
    }

    /// The row with the cursor.
    fn current(&self) -> Option<&Row> {
        self.rows.all.get(*self.shown.get(self.selected)?)
    }

    /// Makes an edit; says whether it was one.
    fn edit(&mut self, next: Table) -> bool {
        let changed = self.draft.edit(next);
        if changed {
            self.refresh();
        }
        changed
    }

    /// Rows of the list on a terminal of this size.
    fn page(size: (u16, u16)) -> usize {
        layout::page(size).saturating_sub(usize::from(DETAIL) + 1)
    }

    /// True while text is typed, so that no letter is a command.
    pub const fn typing(&self) -> bool {
        !matches!(self.mode, Mode::List)
    }

    /// Keys for the footer.
    pub const fn hints(&self) -> &'static [KeyHint] {
        match self.mode {
            Mode::List => HINTS,
            Mode::Filter(_) => FILTER_HINTS,
            Mode::Becomes(..) => TYPING_HINTS,
            Mode::Sheet(_) => SHEET_HINTS,
        }
    }
}

/// What has to be known before the first edit.
fn opening(view: &TranslationView) -> Option<String> {
    if view.files.differ {
        return Some("The nodes' tables differ; saving brings both to the one shown here.".to_owned());
    }
    match &view.scanned {
        None => {
            let why = view.not_scanned.as_deref().unwrap_or("nothing was asked");
            Some(format!("The data was not searched: {why}."))
        }
        Some(scanned) if !scanned.findings.opaque.is_empty() => Some(format!(
            "{} files are not text and cannot be looked into; they are copied unchanged.",
            scanned.findings.opaque.len()
        )),
        Some(_) => None,
    }
}
