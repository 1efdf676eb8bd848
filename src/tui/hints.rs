//! The keys in the footer: where each is drawn, and which key a click on it stands for.

use super::screens::KeyHint;
use super::text;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Blanks around a hint: one before, one between key and words, two behind.
const BLANKS: usize = 4;

/// As many hints as fit into `width` columns, each with the column at which it begins.
pub fn placed(width: u16, hints: &'static [KeyHint]) -> impl Iterator<Item = (u16, KeyHint)> {
    let mut column = 0;
    hints.iter().map_while(move |&(key, does)| {
        let start = column;
        column += text::width(key) + text::width(does) + BLANKS;
        let fits = column <= usize::from(width);
        fits.then(|| Some((u16::try_from(start).ok()?, (key, does))))?
    })
}

/// The key that a click on this column of the footer stands for. Of several keys in a hint the one under
/// the mouse counts; the words belong to the key if there is only one.
pub fn key_at(width: u16, hints: &'static [KeyHint], column: u16) -> Option<KeyEvent> {
    let (start, (key, does)) = placed(width, hints)
        .take_while(|(start, _)| *start <= column)
        .last()?;
    let place = usize::from(column - start).checked_sub(1)?;
    if place >= text::width(key) {
        let within = place < text::width(key) + 1 + text::width(does);
        let mut keys = key.split(' ').filter_map(named);
        return keys.next().filter(|_| within && keys.next().is_none());
    }
    let mut end = 0;
    let word = key.split(' ').find(|word| {
        end += text::width(word) + 1;
        place < end
    })?;
    named(word)
}

/// The key of this name; none for words that stand for many.
fn named(word: &str) -> Option<KeyEvent> {
    let code = match word {
        "Esc" => KeyCode::Esc,
        "Enter" => KeyCode::Enter,
        "Tab" => KeyCode::Tab,
        "Shift-Tab" => KeyCode::BackTab,
        "Space" => KeyCode::Char(' '),
        "Up" => KeyCode::Up,
        "Down" => KeyCode::Down,
        "Left" => KeyCode::Left,
        "Right" => KeyCode::Right,
        "PgUp" => KeyCode::PageUp,
        "PgDn" => KeyCode::PageDown,
        "F1" => KeyCode::F(1),
        "F10" => KeyCode::F(10),
        "Ctrl-C" => return Some(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)),
        letter => {
            let mut characters = letter.chars();
            let only = characters.next().filter(|_| characters.next().is_none())?;
            KeyCode::Char(only)
        }
    };
    Some(KeyEvent::from(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HINTS: &[KeyHint] = &[("1-12 Enter", "choose"), ("a d", "add, delete"), ("F1", "help")];

    #[test]
    fn a_click_is_the_key_below_it() {
        // " 1-12 Enter choose   a d add, delete   F1 help  "
        let at = |column| key_at(80, HINTS, column).map(|key| key.code);
        let all: Vec<_> = (0..50).map(at).collect();
        assert_eq!(all[1], None, "many keys");
        assert_eq!(all[6], Some(KeyCode::Enter));
        assert_eq!(all[12], Some(KeyCode::Enter), "its words");
        assert_eq!(all[19], None, "between two hints");
        assert_eq!(
            (all[21], all[23]),
            (Some(KeyCode::Char('a')), Some(KeyCode::Char('d')))
        );
        assert_eq!(all[25], None, "words of two keys");
        assert_eq!((all[39], all[42]), (Some(KeyCode::F(1)), Some(KeyCode::F(1))));
        assert_eq!(all[46..], [None; 4]);
        assert_eq!(key_at(46, HINTS, 39), None, "it does not fit and is not drawn");
    }
}
