//! What a failback or the next load would lose, as lines for people.

use super::line::{Line, Tone, fill};
use crate::data::failback::{Fate, Losses, TableLoss};
use crate::model::Side;

const WIDTH: usize = 100;

/// Files, then tables, each with what became of it on the secondary.
pub fn losses(losses: &Losses) -> Vec<Line> {
    let secondary = &losses.nodes.secondary;
    let mut lines = vec![
        Line::strong(format!(
            "Data of {secondary} (secondary) against {}",
            losses.against
        )),
        serving(losses),
        Line::default(),
    ];
    if losses.is_empty() {
        lines.push(Line::toned(Tone::Good, "Nothing would be lost."));
        return lines;
    }
    if !losses.files.is_empty() {
        lines.push(Line::strong("Files"));
        for file in &losses.files {
            let (tone, word) = word(file.fate);
            lines.push(
                Line::default()
                    .then(tone, format!("  {word:9}"))
                    .then(Tone::Plain, &file.path),
            );
        }
    }
    for table in &losses.tables {
        lines.push(
            Line::strong(format!("{}: table {}", table.set, table.table)).then(Tone::Plain, count(table)),
        );
        for row in &table.rows {
            let (tone, word) = word(row.fate);
            let filled = fill(&format!("  {word:9}"), &row.text, WIDTH);
            lines.extend(filled.into_iter().map(|text| Line::toned(tone, text)));
        }
        if table.more > 0 {
            lines.push(Line::toned(Tone::Faint, format!("  and {} more", table.more)));
        }
    }
    lines.push(Line::default());
    lines.push(Line::plain(format!(
        "A load on {secondary} removes what was created, takes changes back and brings removed data back."
    )));
    lines
}

fn serving(losses: &Losses) -> Line {
    match losses.active {
        Some(Side::Secondary) => Line::toned(
            Tone::Warning,
            format!(
                "{} serves calls: this is what was done since.",
                losses.nodes.secondary
            ),
        ),
        Some(Side::Primary) => Line::plain(format!(
            "{} serves calls: {} is loaded again without a failback.",
            losses.nodes.primary, losses.nodes.secondary
        )),
        None => Line::toned(Tone::Warning, "No node remembers who serves calls."),
    }
}

const fn word(fate: Fate) -> (Tone, &'static str) {
    match fate {
        Fate::Created => (Tone::Warning, "created"),
        Fate::Changed => (Tone::Warning, "changed"),
        Fate::Removed => (Tone::Plain, "removed"),
    }
}

fn count(table: &TableLoss) -> String {
    let number =
        |count: Option<u64>| count.map_or_else(|| "no table".to_owned(), |count| format!("{count} rows"));
    let (given, now) = table.count;
    let why = if table.runtime {
        "; they come and go by themselves"
    } else {
        ""
    };
    format!(", {} given, {} now{why}", number(given), number(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::failback::{FileLoss, RowLoss};
    use crate::model::BySide;

    fn sample() -> Losses {
        Losses {
            at: "2026-11-21T09:00:00+00:00".to_owned(),
            nodes: BySide {
                primary: "alpha".to_owned(),
                secondary: "beta".to_owned(),
            },
            active: Some(Side::Secondary),
            against: "the live data of alpha".to_owned(),
            files: vec![FileLoss {
                path: "/etc/kamailio/new.cfg".to_owned(),
                fate: Fate::Created,
            }],
            tables: vec![TableLoss {
                set: "database".to_owned(),
                table: "subscriber".to_owned(),
                count: (Some(2), Some(3)),
                runtime: false,
                rows: vec![RowLoss {
                    fate: Fate::Created,
                    text: "id=3 username=carol password=***".to_owned(),
                }],
                more: 1,
            }],
        }
    }

    fn text(shown: &Losses) -> String {
        losses(shown)
            .iter()
            .map(|line| line.paint(false).trim_end().to_owned() + "\n")
            .collect()
    }

    #[test]
    fn files_and_rows_are_told_with_what_became_of_them() {
        insta::assert_snapshot!(text(&sample()));
    }

    #[test]
    fn nothing_lost_is_said() {
        let shown = Losses {
            files: Vec::new(),
            tables: Vec::new(),
            ..sample()
        };
        assert!(text(&shown).contains("Nothing would be lost."));
    }
}
