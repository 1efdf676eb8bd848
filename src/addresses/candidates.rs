//! Where an address may be. Every byte is looked at, many at a time and without a branch that depends on
//! where dots and colons are: in dumps they are everywhere, and each branch that goes wrong costs more
//! than the block of bytes it is about.

use super::classes::{LANES, Marks, STEP, hexadecimal};

/// Bytes of a text whose candidates are gathered at once: so few that they are still at hand when the
/// candidates are looked at.
pub const STRETCH: usize = 16 * 1024;

/// So many candidates of a step are written down whether they are there or not.
const FEW: usize = 2;

/// Room for the candidates of a stretch.
#[derive(Default)]
pub struct Candidates {
    found: Vec<u32>,
}

impl Candidates {
    /// Positions in `text[begin..end]`, which is at most a [`STRETCH`], ascending and counted from `begin`, of
    /// - dots with two more behind, each two to four bytes further: every IPv4 address begins so;
    /// - colons followed by a colon, and colons between hexadecimal digits with two more such colons close
    ///   behind: every IPv6 address has one or the other, and times have neither.
    ///
    /// What stands around is looked up in all of `text`.
    #[expect(clippy::cast_possible_truncation, reason = "a stretch is shorter than 4 GiB")]
    pub fn within(&mut self, text: &[u8], begin: usize, end: usize) -> &[u32] {
        let room = end - begin + FEW;
        if self.found.len() < room {
            self.found.resize(room, 0);
        }
        let mut count = 0;
        let mut last = Marks::beginning(text, begin);
        for at in (begin..end).step_by(STEP) {
            let marks = last.and_behind(text, at);
            last = marks.last();
            let steps = u64::MAX >> (64 - STEP.min(end - at));
            let mut bits = look(text, at, marks) & steps;
            let here = (at - begin) as u32;
            if let Some(few) = self.found[count..].first_chunk_mut::<FEW>() {
                for slot in few {
                    *slot = here + (bits | 1 << 63).trailing_zeros();
                    count += usize::from(bits != 0);
                    bits &= bits.wrapping_sub(1);
                }
            }
            while bits != 0 {
                self.found[count] = here + bits.trailing_zeros();
                count += 1;
                bits &= bits - 1;
            }
        }
        &self.found[..count]
    }
}

/// Candidates of the step at `at`; those behind it are not for certain.
#[inline]
fn look(text: &[u8], at: usize, marks: Marks) -> u64 {
    let Marks { dots, colons } = marks;
    let sure = dots & numbers(dots & numbers(dots)) | colons & colons >> 1;
    let single = chained(colons) & !(u64::MAX << STEP);
    if single == 0 {
        sure
    } else {
        sure | between(text, at, colons)
    }
}

/// Bytes with one of `dots` behind, a decimal number apart.
#[inline]
const fn numbers(dots: u64) -> u64 {
    dots >> 2 | dots >> 3 | dots >> 4
}

/// Those of `colons` that have two more behind, each one to four digits apart.
#[inline]
const fn chained(colons: u64) -> u64 {
    const fn groups(colons: u64) -> u64 {
        colons >> 2 | colons >> 3 | colons >> 4 | colons >> 5
    }
    colons & groups(colons & groups(colons))
}

/// The same of those that stand between hexadecimal digits.
#[cold]
fn between(text: &[u8], at: usize, colons: u64) -> u64 {
    let digits = hexadecimal(text, at);
    let before = at
        .checked_sub(1)
        .is_some_and(|before| text[before].is_ascii_hexdigit());
    chained(colons & (digits << 1 | u64::from(before)) & digits >> 1)
}

// The chain of a candidate at the end of a step is within the bytes behind it.
const _: () = assert!(LANES > 2 * 5);

#[cfg(test)]
mod tests {
    use super::*;

    /// The same, byte for byte.
    fn expected(text: &[u8], begin: usize, end: usize) -> Vec<usize> {
        let is = |at: usize, byte: u8| text.get(at) == Some(&byte);
        let hex = |at: usize| text.get(at).is_some_and(u8::is_ascii_hexdigit);
        let colon = |at: usize| is(at, b':') && at > 0 && hex(at - 1) && hex(at + 1);
        let group = |at: usize| (2..=5).any(|by| colon(at + by));
        let number = |at: usize| is(at, b'.') && (2..=4).any(|by| is(at + by, b'.'));
        let candidate = |&at: &usize| {
            is(at, b':') && is(at + 1, b':')
                || colon(at) && (2..=5).any(|by| colon(at + by) && group(at + by))
                || is(at, b'.') && (2..=4).any(|by| number(at + by))
        };
        (begin..end).filter(candidate).collect()
    }

    #[test]
    fn candidates_are_found_wherever_they_stand() {
        let texts = [
            "10.20.30.40 192.168.100.200 1.22.333.4444.55555.6.7",
            "1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1",
            "2001:db8:1:2:3:4:5:6 12:34:56 aa:bb:cc:dd:ee:ff",
            "::1::2:::::::::::::::::",
            "1:2:3:x:4:5:6:7777:8888:99999:1:2",
            "................",
        ];
        let mut candidates = Candidates::default();
        for (text, shift) in texts
            .iter()
            .flat_map(|text| (0..70).map(move |shift| (text, shift)))
        {
            let text = format!("{}{text}", "f".repeat(shift)).into_bytes();
            for (begin, end) in [
                (0, text.len()),
                (shift, text.len()),
                (0, shift),
                (shift / 2, shift + 3),
            ] {
                let found: Vec<usize> = candidates
                    .within(&text, begin, end)
                    .iter()
                    .map(|&at| begin + at as usize)
                    .collect();
                let text_shown = String::from_utf8_lossy(&text);
                assert_eq!(found, expected(&text, begin, end), "{text_shown} {begin}..{end}");
            }
        }
    }
}
