//! A plan as rows of text: notice, stages with their steps, and one section a file.

use crate::model::{BySide, Side};
use crate::plan::{Action, FilePut, Plan};
use crate::tui::look::{Look, Mark, Tone};
use crate::tui::screens::text::diff_tone;
use crate::tui::text;
use crate::tui::widgets::panel::Row;

/// Columns to which the notice is wrapped: what an 80-column terminal shows in a box.
const WRAP: usize = 76;

/// Rows, where each file begins, and the totals.
#[derive(Debug)]
pub struct Document {
    /// The text.
    pub rows: Vec<Row>,
    /// Index of the first row of each file.
    pub files: Vec<usize>,
    /// One line that sums it up.
    pub totals: String,
}

/// A change of one file, with all sides where it is the same.
struct FileChange<'a> {
    put: &'a FilePut,
    sides: Vec<Side>,
}

impl Document {
    /// Lays a plan out.
    pub fn new(plan: &Plan, hosts: &BySide<String>, look: Look) -> Self {
        let mut document = Self {
            rows: Vec::new(),
            files: Vec::new(),
            totals: String::new(),
        };
        let changes = file_changes(plan);
        document.notice(plan, look);
        document.steps(plan, hosts);
        for change in &changes {
            document.file(change, hosts);
        }
        document.totals = totals(plan, &changes);
        document
    }

    fn push(&mut self, tone: Tone, text: impl Into<String>) {
        self.rows.push(Row::new(tone, text));
    }

    fn notice(&mut self, plan: &Plan, look: Look) {
        if plan.is_empty() {
            self.push(Tone::Good, format!("Nothing to change: {}.", plan.as_asked()));
            self.push(Tone::Plain, "");
        }
        for line in &plan.notice {
            // Items of a list belong to the line above them.
            let item = line.starts_with("- ");
            for (number, part) in text::wrap(line, WRAP - 4).into_iter().enumerate() {
                let (mark, tone) = match (item, number) {
                    (false, 0) => (look.mark(Mark::Pointer), Tone::Strong),
                    (false, _) => (" ", Tone::Strong),
                    (true, 0) => (" ", Tone::Plain),
                    (true, _) => ("   ", Tone::Plain),
                };
                self.push(tone, format!("{mark} {part}"));
            }
        }
        if !plan.notice.is_empty() {
            self.push(Tone::Plain, "");
        }
        for (field, value) in &plan.asked {
            self.push(Tone::Faint, format!("  {field}: {value}"));
        }
        if !plan.asked.is_empty() {
            self.push(Tone::Plain, "");
        }
    }

    fn steps(&mut self, plan: &Plan, hosts: &BySide<String>) {
        let wide = Side::BOTH
            .into_iter()
            .map(|side| text::width(&hosts[side]))
            .max()
            .unwrap_or(0);
        let stages = plan.stages.iter().enumerate();
        for (number, stage) in stages.filter(|(_, stage)| !stage.steps.is_empty()) {
            self.push(Tone::Strong, format!("Stage {}: {}", number + 1, stage.title));
            for step in &stage.steps {
                let armed = if step.armed {
                    " (undone unless confirmed)"
                } else {
                    ""
                };
                let host = text::pad(&hosts[step.side], wide, "");
                self.push(
                    Tone::Plain,
                    format!("  {:>3}  {host}  {}{armed}", step.id, step.title),
                );
            }
        }
    }

    fn file(&mut self, change: &FileChange<'_>, hosts: &BySide<String>) {
        self.push(Tone::Plain, "");
        self.files.push(self.rows.len());
        let names: Vec<&str> = change.sides.iter().map(|&side| hosts[side].as_str()).collect();
        let what = match (&change.put.content, &change.put.before) {
            (None, _) => "removed",
            (Some(_), None) => "new",
            (Some(_), Some(_)) => "changed",
        };
        self.push(
            Tone::Strong,
            format!("File {} ({what}) on {}", change.put.path, names.join(" and ")),
        );
        if change.put.diff.is_empty() {
            self.push(Tone::Faint, "  (not text: no difference is shown)");
        }
        for line in change.put.diff.lines().filter(|line| !is_header(line)) {
            self.push(diff_tone(line).unwrap_or(Tone::Plain), line);
        }
    }
}

/// The two lines that name the file, which the section's heading already does.
fn is_header(line: &str) -> bool {
    line.starts_with("--- ") || line.starts_with("+++ ")
}

fn file_changes(plan: &Plan) -> Vec<FileChange<'_>> {
    let mut changes: Vec<FileChange<'_>> = Vec::new();
    for step in plan.steps() {
        let Action::File(put) = &step.action else {
            continue;
        };
        let same = changes.iter_mut().find(|change| {
            change.put.path == put.path && change.put.diff == put.diff && !put.diff.is_empty()
        });
        match same {
            Some(change) => change.sides.push(step.side),
            None => changes.push(FileChange {
                put,
                sides: vec![step.side],
            }),
        }
    }
    changes
}

fn totals(plan: &Plan, changes: &[FileChange<'_>]) -> String {
    let steps = plan.steps().count();
    let nodes = Side::BOTH
        .into_iter()
        .filter(|&side| plan.steps().any(|step| step.side == side))
        .count();
    let count = |sign: char| -> usize {
        changes
            .iter()
            .map(|change| {
                let lines = change.put.diff.lines().filter(|line| !is_header(line));
                lines.filter(|line| line.starts_with(sign)).count() * change.sides.len()
            })
            .sum()
    };
    let files: usize = changes.iter().map(|change| change.sides.len()).sum();
    format!(
        "{} on {}, {}, +{} -{} lines",
        counted(steps, "step"),
        counted(nodes, "node"),
        counted(files, "file"),
        count('+'),
        count('-')
    )
}

fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
