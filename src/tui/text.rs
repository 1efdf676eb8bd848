//! Text measured in terminal columns: cutting, padding and wrapping that never splits a character.

use unicode_width::UnicodeWidthChar;

/// Columns that `text` takes at most.
pub fn width(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// Columns of one character. The emoji selector widens the character before it by one.
fn columns_of(character: char) -> usize {
    match character {
        '\u{fe0f}' => 1,
        _ => character.width().unwrap_or(0),
    }
}

/// `text` cut to `columns`, ending in `more` when something was cut off.
pub fn cut(text: &str, columns: usize, more: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(width(more));
    let mut out = take(text, room).to_owned();
    if columns >= width(more) {
        out.push_str(more);
    }
    out
}

/// `text` cut to `columns` in its middle, so that the end of a path stays readable.
pub fn cut_middle(text: &str, columns: usize, more: &str) -> String {
    let whole = width(text);
    let room = columns.saturating_sub(width(more));
    if whole <= columns || room < 8 {
        return cut(text, columns, more);
    }
    let head = take(text, room / 2);
    let tail = skip(text, whole - (room - width(head)));
    format!("{head}{more}{tail}")
}

/// The longest beginning of `text` that fits into `columns`.
pub fn take(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (index, character) in text.char_indices() {
        used += columns_of(character);
        if used > columns {
            return text.get(..index).unwrap_or_default();
        }
    }
    text
}

/// `text` without its first `columns`; a wide character cut in half is dropped whole.
pub fn skip(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (index, character) in text.char_indices() {
        if used >= columns {
            return text.get(index..).unwrap_or_default();
        }
        used += columns_of(character);
    }
    ""
}

/// `text` filled with blanks to `columns`, or cut to them.
pub fn pad(text: &str, columns: usize, more: &str) -> String {
    let mut out = cut(text, columns, more);
    out.extend(std::iter::repeat_n(' ', columns.saturating_sub(width(&out))));
    out
}

/// `text` in lines of at most `columns`, broken between words where possible. Leading blanks of a line
/// of the text are kept for its continuation.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(1);
    text.lines().flat_map(|line| wrap_line(line, columns)).collect()
}

fn wrap_line(line: &str, columns: usize) -> Vec<String> {
    let indent: String = line.chars().take_while(|c| *c == ' ').collect();
    let indent = take(&indent, columns / 2);
    let mut lines = Vec::new();
    let mut current = indent.to_owned();
    let mut fresh = true;
    for word in line.split_whitespace() {
        let gap = usize::from(!fresh);
        if !fresh && width(&current) + gap + width(word) > columns {
            lines.push(std::mem::replace(&mut current, indent.to_owned()));
            fresh = true;
        }
        if !fresh {
            current.push(' ');
        }
        let mut rest = word;
        while width(&current) + width(rest) > columns {
            let mut head = take(rest, columns.saturating_sub(width(&current)));
            if head.is_empty() && !current.is_empty() {
                // No room for a wide character beside the indent.
                current.clear();
                continue;
            }
            if head.is_empty() {
                // A character wider than the line is left to be clipped rather than looped over.
                head = rest;
            }
            current.push_str(head);
            rest = rest.get(head.len()..).unwrap_or_default();
            lines.push(std::mem::replace(&mut current, indent.to_owned()));
        }
        current.push_str(rest);
        fresh = false;
    }
    if lines.is_empty() || current.trim() != "" {
        lines.push(current);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cutting_counts_columns_and_not_bytes() {
        assert_eq!(cut("alpha", 5, "…"), "alpha");
        assert_eq!(cut("alphabet", 5, "…"), "alph…");
        assert_eq!(cut("日本語", 5, "…"), "日本…");
        assert_eq!(pad("日本", 6, "…"), "日本  ");
        assert_eq!(skip("日本語", 3), "語");
        assert_eq!(
            cut_middle("create /etc/systemd/a.service", 20, "…"),
            "create /e…/a.service"
        );
    }

    #[test]
    fn wrapping_keeps_words_and_indentation() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("  one two three", 8), ["  one", "  two", "  three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("a\n\nb", 3), ["a", "", "b"]);
        assert_eq!(wrap("  日本", 2), ["日", "本"]);
    }

    proptest! {
        #[test]
        // The widest character there is, U+17D8, takes three.
        fn nothing_is_ever_wider_than_asked(text in "\\PC{0,60}", columns in 3_usize..40) {
            prop_assert!(width(&cut(&text, columns, "…")) <= columns);
            prop_assert!(width(&cut_middle(&text, columns, "…")) <= columns);
            prop_assert!(wrap(&text, columns).iter().all(|line| width(line) <= columns));
        }
    }
}
