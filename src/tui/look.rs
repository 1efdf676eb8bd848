//! Colours and symbols. Every state has a word or a symbol of its own, so that colour only repeats what
//! can be read without it; symbols have ASCII forms for consoles that lack the others.

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::border;

/// How to draw on this terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Colours may be used.
    pub colour: bool,
    /// Characters beyond ASCII may be used.
    pub unicode: bool,
}

/// The fixed meanings of styles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Ordinary text.
    Plain,
    /// Secondary text.
    Faint,
    /// Headings and names.
    Strong,
    /// Serves calls, done, as it should be.
    Good,
    /// Needs attention.
    Warning,
    /// Calls at risk, failed.
    Bad,
    /// Keys that can be pressed.
    Key,
    /// The line the cursor is on.
    Selected,
}

/// Marks with a fixed meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Serves calls.
    Active,
    /// Stands by.
    Passive,
    /// Done.
    Done,
    /// Nothing to do.
    Same,
    /// Not begun.
    Waiting,
    /// Failed.
    Failed,
    /// Taken back.
    Reverted,
    /// The cursor's line.
    Pointer,
    /// What to do next.
    Hint,
    /// Text goes on beyond the edge.
    More,
}

const ASCII_BORDER: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

impl Look {
    /// The same without colours unless `wanted`.
    #[must_use]
    pub const fn with_colour(mut self, wanted: bool) -> Self {
        self.colour = self.colour && wanted;
        self
    }

    /// From the environment: `NO_COLOR`, the locale, and terminals known for their few characters.
    pub fn from_environment() -> Self {
        let get = |name: &str| std::env::var(name).ok();
        Self::from(get)
    }

    fn from(get: impl Fn(&str) -> Option<String>) -> Self {
        let term = get("TERM").unwrap_or_default();
        // The first of these that is set and not empty names the character set (POSIX).
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .filter_map(&get)
            .find(|value| !value.is_empty())
            .unwrap_or_default()
            .to_ascii_lowercase();
        let few = term == "linux" || term.starts_with("vt") || term.starts_with("ansi") || term == "cons25";
        Self {
            colour: get("NO_COLOR").is_none_or(|value| value.is_empty()) && !term.starts_with("vt"),
            unicode: !few && (locale.contains("utf-8") || locale.contains("utf8")),
        }
    }

    /// The style of a tone.
    pub fn style(self, tone: Tone) -> Style {
        let style = match tone {
            Tone::Strong | Tone::Key | Tone::Bad => Style::new().add_modifier(Modifier::BOLD),
            Tone::Selected => return Style::new().add_modifier(Modifier::REVERSED),
            _ => Style::new(),
        };
        if !self.colour {
            return style;
        }
        match tone {
            Tone::Plain | Tone::Strong | Tone::Selected => style,
            // Grey by number is the background itself in some colour schemes.
            Tone::Faint => style.add_modifier(Modifier::DIM),
            Tone::Good => style.fg(Color::Green),
            Tone::Warning => style.fg(Color::Yellow),
            Tone::Bad => style.fg(Color::Red),
            Tone::Key => style.fg(Color::Cyan),
        }
    }

    /// The character of a mark.
    pub const fn mark(self, mark: Mark) -> &'static str {
        match (mark, self.unicode) {
            (Mark::Active, true) => "●",
            (Mark::Active, false) => "*",
            (Mark::Passive, true) => "○",
            (Mark::Passive, false) => "o",
            (Mark::Done, true) => "✓",
            (Mark::Done, false) => "+",
            (Mark::Same, _) => "=",
            (Mark::Waiting, true) => "·",
            (Mark::Waiting, false) => ".",
            (Mark::Failed, true) => "✗",
            (Mark::Failed, false) => "X",
            (Mark::Reverted, true) => "↶",
            (Mark::Reverted, false) => "<",
            (Mark::Pointer, true) => "▸",
            (Mark::Pointer, false) => ">",
            (Mark::Hint, true) => "→",
            (Mark::Hint, false) => "->",
            (Mark::More, true) => "…",
            (Mark::More, false) => "~",
        }
    }

    /// The lines of a box.
    pub const fn border(self, heavy: bool) -> border::Set<'static> {
        match (self.unicode, heavy) {
            (false, _) => ASCII_BORDER,
            (true, false) => border::PLAIN,
            (true, true) => border::DOUBLE,
        }
    }

    /// A horizontal stroke, as on the way from a VIP to its holder.
    pub const fn stroke(self) -> &'static str {
        if self.unicode { "━" } else { "=" }
    }

    /// Arrow heads to the left and to the right.
    pub const fn heads(self) -> (&'static str, &'static str) {
        if self.unicode { ("◀", "▶") } else { ("<", ">") }
    }

    /// A separator between items on one line.
    pub const fn dot(self) -> &'static str {
        if self.unicode { " · " } else { " - " }
    }

    /// One frame of the sign that something is being waited for; a new one every
    /// [`SPINNER_MS`] milliseconds.
    pub fn spinner(self, ms: u64) -> &'static str {
        const UNICODE: [&str; 8] = ["⣷", "⣯", "⣟", "⡿", "⢿", "⣻", "⣽", "⣾"];
        const ASCII: [&str; 4] = ["|", "/", "-", "\\"];
        let frames: &[&str] = if self.unicode { &UNICODE } else { &ASCII };
        let index = usize::try_from(ms / SPINNER_MS).unwrap_or(0) % frames.len();
        frames.get(index).copied().unwrap_or(" ")
    }
}

/// Milliseconds between two frames of the waiting sign: lively, and slow enough for a serial line.
pub const SPINNER_MS: u64 = 150;

#[cfg(test)]
mod tests {
    use super::*;

    fn look(pairs: &[(&str, &str)]) -> Look {
        Look::from(|name| {
            pairs
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_decides() {
        let rich = look(&[("TERM", "xterm-256color"), ("LANG", "en_GB.UTF-8")]);
        assert!(rich.colour && rich.unicode);
        let overruled = look(&[
            ("TERM", "xterm"),
            ("LANG", "en_GB.UTF-8"),
            ("LC_ALL", "C"),
            ("NO_COLOR", "1"),
        ]);
        assert!(!overruled.colour && !overruled.unicode);
        let console = look(&[("TERM", "linux"), ("LANG", "C.UTF-8")]);
        assert!(console.colour && !console.unicode);
        let serial = look(&[("TERM", "vt100"), ("LANG", "C.UTF-8")]);
        assert!(!serial.colour && !serial.unicode);
        assert!(
            look(&[("TERM", "xterm"), ("NO_COLOR", "")]).colour,
            "an empty NO_COLOR counts as unset"
        );
    }
}
