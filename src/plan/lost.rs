//! What a failback would lose on the primary, as lines of a notice.

use crate::data::failback::{Fate, Losses};
use crate::error::Result;

/// Files and rows that are named one by one.
const NAMED: usize = 20;

/// The lines; `name` is the node that would lose it.
pub fn lines(losses: &Result<Losses>, name: &str) -> Vec<String> {
    let losses = match losses {
        Ok(losses) => losses,
        Err(error) => {
            return vec![format!(
                "Warning: what {name} would lose could not be found out: {}.",
                error.message
            )];
        }
    };
    if losses.is_empty() {
        return vec![format!(
            "{name} has nothing that the other node lacks: nothing would be lost there."
        )];
    }
    let files = losses.files.iter();
    let files = files.map(|file| format!("file {} {}", file.path, becomes(file.fate)));
    let rows = losses.tables.iter().flat_map(|table| {
        let rows = table.rows.iter();
        let told = rows.map(|row| format!("row of {}: {} {}", table.table, row.text, becomes(row.fate)));
        let unnamed = table.more > 0 || table.rows.is_empty();
        let counts = unnamed.then(|| {
            let number =
                |count: Option<u64>| count.map_or_else(|| "none".to_owned(), |count| count.to_string());
            let (given, now) = table.count;
            format!(
                "table {}: {} rows become {}",
                table.table,
                number(now),
                number(given)
            )
        });
        told.chain(counts)
    });
    let mut told: Vec<String> = files.chain(rows).collect();
    let more = told.len().saturating_sub(NAMED);
    told.truncate(NAMED);
    let mut lines = vec![format!(
        "Lost on {name} when it is loaded, against {}:",
        losses.against
    )];
    lines.extend(told.into_iter().map(|line| format!("  {line}")));
    if more > 0 {
        lines.push(format!("  and {more} more"));
    }
    lines
}

const fn becomes(fate: Fate) -> &'static str {
    match fate {
        Fate::Created => "goes",
        Fate::Changed => "is replaced",
        Fate::Removed => "comes back",
    }
}
