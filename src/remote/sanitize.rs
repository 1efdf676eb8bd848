//! Makes text of a node safe to show and to store: no terminal sequences, no control characters, none
//! of the characters that reorder or hide text (S11). Applied once, when text arrives.

use std::borrow::Cow;

const ESC: char = '\u{1b}';

/// The same text without escape sequences, C0 controls other than newline and tab, C1 controls,
/// bidirectional controls, and invisible characters. Text without any of them is not copied.
pub fn sanitize(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find(is_unsafe) else {
        return Cow::Borrowed(text);
    };
    let mut clean = String::with_capacity(text.len());
    clean.push_str(&text[..first]);
    let mut rest = &text[first..];
    while let Some(next) = rest.chars().next() {
        let skip = match next {
            ESC => sequence(&rest[1..]).map_or(1, |length| length + 1),
            '\u{9b}' => control_sequence(&rest[2..]).map_or(2, |length| length + 2),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => string(&rest[2..]).map_or(2, |length| length + 2),
            other if is_unsafe(other) => other.len_utf8(),
            other => {
                clean.push(other);
                other.len_utf8()
            }
        };
        rest = &rest[skip..];
    }
    Cow::Owned(clean)
}

/// [`sanitize`] for bytes that may not be UTF-8, cut to `limit` characters and put on one line: for
/// excerpts in messages.
pub fn excerpt(bytes: &[u8], limit: usize) -> String {
    let text = String::from_utf8_lossy(bytes);
    let clean = sanitize(&text);
    let line = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(limit) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line,
    }
}

fn is_unsafe(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' // soft hyphen, joiner, Arabic mark, vowel separator
        | '\u{200b}'..='\u{200f}'                     // zero-width, direction marks
        | '\u{2028}'..='\u{202e}'                     // line and paragraph separators, overrides
        | '\u{2060}'..='\u{206f}'                     // invisible operators, isolates
        | '\u{fe00}'..='\u{fe0f}'                     // variation selectors
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}'        // byte order mark, interlinear annotation
        | '\u{e0000}'..='\u{e0fff}' => true,          // tags and more selectors
        other => other.is_control(),
    }
}

/// Length of a complete sequence after its ESC, by ECMA-48; `None` when it is not complete, and then
/// only the ESC goes: an open sequence must not swallow the text behind it.
fn sequence(rest: &str) -> Option<usize> {
    match rest.chars().next()? {
        '[' => control_sequence(&rest[1..]).map(|length| length + 1),
        ']' | 'P' | 'X' | '^' | '_' => string(&rest[1..]).map(|length| length + 1),
        ' '..='~' => {
            let intermediate = rest.bytes().take_while(|b| (0x20..=0x2f).contains(b)).count();
            let end = *rest.as_bytes().get(intermediate)?;
            (0x30..=0x7e).contains(&end).then_some(intermediate + 1)
        }
        _ => None,
    }
}

/// Parameters, intermediates and the final character of a control sequence.
fn control_sequence(rest: &str) -> Option<usize> {
    let bytes = rest.as_bytes();
    let parameters = bytes.iter().take_while(|b| (0x20..=0x3f).contains(*b)).count();
    (0x40..=0x7e)
        .contains(bytes.get(parameters)?)
        .then_some(parameters + 1)
}

/// A control string (window title, clipboard, device control) up to and with BEL or ST, on one line.
fn string(rest: &str) -> Option<usize> {
    let end = rest.find(|c: char| c.is_control())?;
    match &rest[end..] {
        tail if tail.starts_with('\u{7}') => Some(end + 1),
        tail if tail.starts_with("\u{1b}\\") || tail.starts_with('\u{9c}') => Some(end + 2),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_text_is_not_copied() {
        assert!(matches!(sanitize("5 rules\tadded\nütf-8 ☎"), Cow::Borrowed(_)));
    }

    #[test]
    fn whole_terminal_sequences_go() {
        for (raw, clean) in [
            ("\u{1b}[31;1mred\u{1b}[0m", "red"),
            ("\u{1b}]0;owned\u{7}title", "title"),
            ("\u{1b}]52;c;aGk=\u{1b}\\clipboard", "clipboard"),
            ("\u{9b}2Jscreen", "screen"),
            ("\u{9d}8;;http://x\u{9c}link", "link"),
            ("\u{1b}(0lines\u{1b}c", "lines"),
            ("a\r\nb\u{8}\u{7f}", "a\nb"),
        ] {
            assert_eq!(sanitize(raw), clean, "{raw:?}");
        }
    }

    #[test]
    fn an_open_sequence_does_not_hide_what_follows() {
        assert_eq!(sanitize("\u{1b}]0;no end\nsecond line"), "]0;no end\nsecond line");
        assert_eq!(sanitize("\u{1b}"), "");
        assert_eq!(sanitize("\u{1b}[12"), "[12");
    }

    #[test]
    fn reordering_and_hidden_characters_go() {
        assert_eq!(
            sanitize("pair\u{202e}mda\u{2066}\u{200b}\u{feff}\u{e0041}"),
            "pairmda"
        );
    }

    #[test]
    fn an_excerpt_is_one_short_line() {
        assert_eq!(
            excerpt(b"Welcome\r\n\x1b[1mto \xff it", 12),
            "Welcome to \u{fffd}…"
        );
    }

    /// Text that is dense in what matters.
    fn hostile() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            any::<char>().prop_map(String::from),
            "[\u{1b}\u{9b}\u{9d}\u{7}\u{9c}\\[\\]\\\\0-9;m(P \n\t]{1,6}",
            "[\u{200b}\u{202e}\u{2066}\u{feff}a]{1,3}",
        ];
        proptest::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn nothing_unsafe_is_left(text in hostile()) {
            prop_assert!(!sanitize(&text).contains(is_unsafe));
        }

        #[test]
        fn once_is_enough(text in hostile()) {
            let once = sanitize(&text).into_owned();
            prop_assert_eq!(sanitize(&once), once.as_str());
        }

        #[test]
        fn nothing_is_invented(text in hostile()) {
            let clean = sanitize(&text).into_owned();
            let mut source = text.chars();
            prop_assert!(clean.chars().all(|c| source.any(|s| s == c)));
        }
    }
}
