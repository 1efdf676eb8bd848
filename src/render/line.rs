//! A line of text with tones, and the few shapes that every rendering needs: filled paragraphs and
//! text without characters that could play tricks on a terminal.

/// What a piece of text means; a terminal with colours shows it, the words never depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Ordinary.
    Plain,
    /// Headings and names.
    Strong,
    /// Secondary.
    Faint,
    /// As it should be.
    Good,
    /// Needs attention.
    Warning,
    /// Wrong.
    Bad,
}

impl Tone {
    /// The escape sequence that begins it; empty for ordinary text.
    pub const fn escape(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "\u{1b}[1m",
            Self::Faint => "\u{1b}[2m",
            Self::Good => "\u{1b}[32m",
            Self::Warning => "\u{1b}[33m",
            Self::Bad => "\u{1b}[31m",
        }
    }
}

/// One line of output.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line(Vec<(Tone, String)>);

impl Line {
    /// A line in one tone.
    pub fn toned(tone: Tone, text: impl AsRef<str>) -> Self {
        Self::default().then(tone, text)
    }

    /// An ordinary line.
    pub fn plain(text: impl AsRef<str>) -> Self {
        Self::toned(Tone::Plain, text)
    }

    /// A heading.
    pub fn strong(text: impl AsRef<str>) -> Self {
        Self::toned(Tone::Strong, text)
    }

    /// The same line with more at its end.
    #[must_use]
    pub fn then(mut self, tone: Tone, text: impl AsRef<str>) -> Self {
        self.0.push((tone, printable(text.as_ref())));
        self
    }

    /// The text, with escape sequences for colours when they are wanted.
    pub fn paint(&self, colour: bool) -> String {
        let mut painted = String::new();
        for (tone, text) in &self.0 {
            let escape = if colour { tone.escape() } else { "" };
            painted.push_str(escape);
            painted.push_str(text);
            if !escape.is_empty() {
                painted.push_str("\u{1b}[0m");
            }
        }
        painted
    }
}

/// Text on one line without control characters and without those that reorder what is shown (S11).
pub fn printable(text: &str) -> String {
    let harmful = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{61c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
    };
    text.chars()
        .map(|c| match c {
            '\t' => ' ',
            c if harmful(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// Breaks `text` between words so that no line is longer than `width`; the first line begins with
/// `first`, the others with as many blanks.
pub fn fill(first: &str, text: &str, width: usize) -> Vec<String> {
    let indent = " ".repeat(first.chars().count());
    let mut lines = Vec::new();
    let mut line = first.to_owned();
    let mut empty = true;
    for word in text.split_whitespace() {
        if !empty && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::replace(&mut line, indent.clone()));
            empty = true;
        }
        if !empty {
            line.push(' ');
        }
        line.push_str(word);
        empty = false;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_moves_the_cursor_or_reorders_text_is_left() {
        assert_eq!(
            printable("a\u{1b}[31mb\u{202e}c\r\n\td"),
            "a\u{fffd}[31mb\u{fffd}c\u{fffd}\u{fffd} d"
        );
    }

    #[test]
    fn colours_are_only_added_when_wanted() {
        let line = Line::toned(Tone::Bad, "no").then(Tone::Plain, " go");
        assert_eq!(line.paint(false), "no go");
        assert_eq!(line.paint(true), "\u{1b}[31mno\u{1b}[0m go");
    }

    #[test]
    fn paragraphs_are_filled_with_a_hanging_indent() {
        assert_eq!(fill("- ", "aa bb cc dd", 7), ["- aa bb", "  cc dd"]);
        assert_eq!(fill("- ", "", 7), ["- "]);
        assert_eq!(fill("", "averylongword x", 5), ["averylongword", "x"]);
    }
}
