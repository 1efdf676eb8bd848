//! Past operations as a table, newest first.

use super::line::{Line, Tone};
use crate::agent::protocol::End;
use crate::controller::backend::Past;

/// The table.
pub fn history(operations: &[Past]) -> Vec<Line> {
    if operations.is_empty() {
        return vec![Line::plain("No operation yet.")];
    }
    let mut lines = vec![Line::toned(
        Tone::Faint,
        format!("{:>4}  {:19}  {:11}  {}", "OP", "BEGAN", "END", "WHAT"),
    )];
    for past in operations {
        let (tone, end) = match past.end {
            Some(End::Committed) => (Tone::Good, "done"),
            Some(End::RolledBack) => (Tone::Warning, "rolled back"),
            Some(End::Abandoned) => (Tone::Warning, "abandoned"),
            None => (Tone::Bad, "unfinished"),
        };
        // Seconds are enough here; the report has the zone.
        let when: String = past.when.replace('T', " ").chars().take(19).collect();
        lines.push(
            Line::plain(format!("{:>4}  {when:19}  ", past.op))
                .then(tone, format!("{end:11}"))
                .then(Tone::Plain, format!("  {}", past.title))
                .then(Tone::Faint, format!("  {}", past.who)),
        );
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OpId;

    #[test]
    fn unfinished_operations_stand_out_by_word() {
        let past = |op, end| Past {
            op: OpId(op),
            when: "2026-11-20T21:00:03.5+01:00".to_owned(),
            who: "root@alpha".to_owned(),
            title: "take over".to_owned(),
            end,
        };
        let lines = history(&[past(8, None), past(7, Some(End::Committed))]);
        assert_eq!(
            lines[1].paint(false),
            "   8  2026-11-20 21:00:03  unfinished   take over  root@alpha"
        );
        assert!(lines[2].paint(false).contains("done"));
        assert!(history(&[])[0].paint(false).contains("No operation"));
    }
}
