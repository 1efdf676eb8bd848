//! Exchanges the managed lines of a text for others, in place of the first of them.

/// `text` without the lines that `revise` gives up and with `wanted` where the first of those was, or at
/// the end. `revise` returns the line as it shall stay, if it shall. A text whose managed lines are as
/// wanted, in one run, comes back byte for byte.
pub fn exchange(text: &str, wanted: &[String], mut revise: impl FnMut(&str) -> Revised) -> String {
    let mut kept: Vec<String> = Vec::new();
    let mut place = None;
    let mut last_stays = false;
    for line in text.split_terminator('\n') {
        match revise(line) {
            Revised::Foreign => {
                kept.push(line.to_owned());
                last_stays = true;
            }
            Revised::Managed { rest } => {
                last_stays = rest.is_some();
                place.get_or_insert(kept.len());
                kept.extend(rest);
            }
        }
    }
    let place = place.unwrap_or(kept.len());
    // An unterminated last line of others stays unterminated unless something follows it.
    let unterminated = last_stays && !text.ends_with('\n') && place < kept.len();
    kept.splice(place..place, wanted.iter().cloned());
    let mut new = kept.join("\n");
    if !kept.is_empty() && !unterminated {
        new.push('\n');
    }
    if new.strip_suffix('\n') == Some(text) {
        return text.to_owned();
    }
    new
}

/// What becomes of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Revised {
    /// Not managed: stays.
    Foreign,
    /// Managed: goes, except for a rest that belongs to others.
    Managed {
        /// What stays of it.
        rest: Option<String>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(line: &str) -> Revised {
        if line.starts_with("ours") {
            Revised::Managed { rest: None }
        } else {
            Revised::Foreign
        }
    }

    fn wanted(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    #[test]
    fn new_lines_take_the_place_of_the_first_old_one() {
        let text = "a\nours 1\nb\nours 2\nc\n";
        assert_eq!(exchange(text, &wanted(&["ours 3"]), ours), "a\nours 3\nb\nc\n");
    }

    #[test]
    fn an_unterminated_text_is_terminated_before_lines_are_added() {
        assert_eq!(exchange("a", &wanted(&["ours"]), ours), "a\nours\n");
        assert_eq!(exchange("", &wanted(&["ours"]), ours), "ours\n");
    }

    #[test]
    fn an_empty_last_line_outlives_an_unterminated_managed_one() {
        assert_eq!(
            exchange("ours 1\n\nours 2", &wanted(&["ours 3"]), ours),
            "ours 3\n\n"
        );
    }

    #[test]
    fn without_anything_to_change_every_byte_stays() {
        for text in ["", "a", "a\n", "\n", "a\n\n", "a\nours 1\nb", "ours 1"] {
            let present: Vec<String> = text
                .lines()
                .filter(|line| line.starts_with("ours"))
                .map(str::to_owned)
                .collect();
            assert_eq!(exchange(text, &present, ours), text, "{text:?}");
        }
    }
}
