//! The table as rows to look at: every entry and every address found in the data, with whose it is and
//! what is wrong with it. Made anew after each edit; drawing only picks from it.

use crate::render::printable;
use crate::translate::check::{Problem, ProblemKind, Severity};
use crate::translate::{self, Owner, Place, Subject, Table, TranslationView};
use crate::tui::look::Tone;
use std::collections::HashMap;

/// How a row stands, in a word and its tone; capitals bar a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The word.
    pub word: &'static str,
    /// Its tone.
    pub tone: Tone,
}

/// One row.
#[derive(Debug)]
pub struct Row {
    /// What is known of the address.
    pub known: translate::Row,
    /// Its place in the table; `None` for an address that was found and has no entry.
    pub entry: Option<usize>,
    /// How it stands.
    pub standing: Standing,
    /// Whose it is, and whether it must be changed or may be.
    pub owner: String,
    /// Where it was found first, in few columns.
    pub place: String,
    /// What a filter looks in, in lower case.
    text: String,
}

/// All rows in the order of their addresses, and all problems.
#[derive(Debug, Default)]
pub struct Rows {
    /// The rows.
    pub all: Vec<Row>,
    /// What is wrong, what bars a load first.
    pub problems: Vec<Problem>,
    /// Columns of the longest address.
    pub longest: usize,
}

impl Rows {
    /// The rows of `table`, beside what `view` knows.
    pub fn new(view: &TranslationView, table: &Table) -> Self {
        let problems = view.problems(table);
        let mut worst: HashMap<Subject, &Problem> = HashMap::new();
        for problem in &problems {
            worst.entry(problem.subject).or_insert(problem);
        }
        let rows = view.rows(table).into_iter().enumerate();
        let mut all: Vec<Row> = rows
            .map(|(place, row)| {
                let entry = (place < table.entries.len()).then_some(place);
                Row::new(row, entry, &worst)
            })
            .collect();
        all.sort_by_key(|row| (row.known.from.address(), row.known.from, row.entry));
        let addresses = all.iter().flat_map(|row| [Some(row.known.from), row.known.to]);
        let longest = addresses.flatten().map(|one| one.to_string().len()).max();
        Self {
            longest: longest.unwrap_or(0),
            all,
            problems,
        }
    }

    /// Indices of the rows in which every word of `filter` is found.
    pub fn matching(&self, filter: &str) -> Vec<usize> {
        let filter = filter.to_lowercase();
        let words: Vec<&str> = filter.split_whitespace().collect();
        let rows = self.all.iter().enumerate();
        rows.filter(|(_, row)| words.iter().all(|word| row.text.contains(word)))
            .map(|(index, _)| index)
            .collect()
    }

    /// How many problems bar a load, and how many do not.
    pub fn faults(&self) -> (usize, usize) {
        let barring = self.problems.iter().filter(|problem| bars(problem)).count();
        (barring, self.problems.len() - barring)
    }

    /// What is wrong with `subject`.
    pub fn problems_of(&self, subject: Subject) -> impl Iterator<Item = &Problem> {
        self.problems
            .iter()
            .filter(move |problem| problem.subject == subject)
    }
}

impl Row {
    fn new(known: translate::Row, entry: Option<usize>, worst: &HashMap<Subject, &Problem>) -> Self {
        let standing = standing(worst.get(&known.from).copied(), known.to);
        let owner = format!(
            "{} {}",
            known.owner.word(),
            if known.must { "must" } else { "may" }
        );
        let place = known.places.first().map_or_else(String::new, short);
        let to = known.to.map(|to| to.to_string()).unwrap_or_default();
        let note = known.note.as_deref().unwrap_or_default();
        let mut text = [&known.from.to_string(), &to, &owner, standing.word, note].join(" ");
        for place in &known.places {
            text.push(' ');
            text.push_str(&place.to_string());
        }
        Self {
            text: text.to_lowercase(),
            known,
            entry,
            standing,
            owner,
            place,
        }
    }

    /// True when something about it needs a decision.
    pub const fn needs_attention(&self) -> bool {
        matches!(self.standing.tone, Tone::Bad | Tone::Warning)
    }

    /// The note, fit to be shown.
    pub fn note(&self) -> String {
        printable(self.known.note.as_deref().unwrap_or_default())
    }

    /// Every place it was found in, fit to be shown.
    pub fn places(&self) -> String {
        let places: Vec<String> = self
            .known
            .places
            .iter()
            .map(|place| printable(&place.to_string()))
            .collect();
        let more = match self.known.more_places {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        places.join(", ") + &more
    }
}

/// Whose an address is, in a sentence.
pub fn whose(row: &Row, others: &[(std::net::IpAddr, String)]) -> String {
    let address = row.known.from.address();
    match row.known.owner {
        Owner::Primary => "Belongs to the primary alone: the secondary must use another address.".to_owned(),
        Owner::Secondary => "Belongs to the secondary, which can use it as it is.".to_owned(),
        Owner::Virtual => "A virtual address of the pair, which the active side has: it may stay.".to_owned(),
        Owner::Other => others.iter().find(|(other, _)| *other == address).map_or_else(
            || "Not an address of the pair: it may stay or be changed.".to_owned(),
            |(_, what)| format!("Is {}: it may stay or be changed.", printable(what)),
        ),
    }
}

/// Whether a problem bars a load.
fn bars(problem: &Problem) -> bool {
    problem.severity == Severity::Refuse
}

fn standing(problem: Option<&Problem>, to: Option<Subject>) -> Standing {
    let make = |word, tone| Standing { word, tone };
    match problem {
        Some(problem) => match problem.severity {
            Severity::Refuse => make(barring_word(problem.kind), Tone::Bad),
            Severity::Warn => make(warning_word(problem.kind), Tone::Warning),
        },
        None if to.is_some() => make("ok", Tone::Good),
        None => make("stays", Tone::Faint),
    }
}

const fn barring_word(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Missing => "MISSING",
        ProblemKind::DuplicateFrom => "DUPLICATE",
        ProblemKind::Chain => "LOOP",
        ProblemKind::TargetOfThirdHost => "THIRD HOST",
        ProblemKind::TargetOfPrimary => "OF PRIMARY",
        ProblemKind::Mismatch => "OTHER KIND",
        ProblemKind::Undecided
        | ProblemKind::SameTarget
        | ProblemKind::TargetInData
        | ProblemKind::Kept
        | ProblemKind::NeverFound => "REFUSED",
    }
}

const fn warning_word(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Undecided => "undecided",
        ProblemKind::SameTarget => "same",
        ProblemKind::TargetInData => "merges",
        ProblemKind::TargetOfThirdHost => "third host",
        ProblemKind::Kept => "kept",
        ProblemKind::NeverFound => "not found",
        ProblemKind::Missing
        | ProblemKind::DuplicateFrom
        | ProblemKind::Chain
        | ProblemKind::TargetOfPrimary
        | ProblemKind::Mismatch => "warning",
    }
}

/// A place in few columns: table and column, or the file's name and the line.
fn short(place: &Place) -> String {
    let name = place.file.rsplit(['/', '!']).next().unwrap_or(&place.file);
    let text = match (&place.table, &place.column, place.line) {
        (Some(table), Some(column), _) => format!("{table}.{column}"),
        (Some(table), None, _) => table.clone(),
        (None, _, Some(line)) => format!("{name}:{line}"),
        (None, _, None) => name.to_owned(),
    };
    printable(&text)
}
