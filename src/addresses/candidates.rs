//! Where an address may be: the dots and colons that stand between the right neighbours. Everything
//! else is passed over 64 bytes at a time.

use super::classes::{BLOCK, Classes};

/// Positions in a text, ascending, of
/// - dots between decimal digits: every IPv4 address has three;
/// - colons followed by a colon, and colons between hexadecimal digits with two more such colons close
///   behind: every IPv6 address has one or the other, and times have neither.
pub struct Candidates<'t> {
    text: &'t [u8],
    /// Where the block of `bits` begins.
    block: usize,
    /// Candidates of the present block that were not given out, one bit each.
    bits: u64,
    end: usize,
}

impl<'t> Candidates<'t> {
    /// Candidates in `text[begin..end]`; the neighbours are looked up in all of `text`.
    pub fn new(text: &'t [u8], begin: usize, end: usize) -> Self {
        let mut candidates = Self {
            text,
            block: begin,
            bits: 0,
            end,
        };
        candidates.bits = candidates.look();
        candidates
    }

    /// Leaves out candidates before `at`.
    #[inline]
    pub fn skip_to(&mut self, at: usize) {
        while self.block + BLOCK <= at {
            self.block += BLOCK;
            self.bits = self.look();
        }
        self.bits &= u64::MAX << at.saturating_sub(self.block);
    }

    /// The next candidate.
    #[inline]
    pub fn next(&mut self) -> Option<usize> {
        while self.bits == 0 {
            self.block += BLOCK;
            if self.block >= self.end {
                return None;
            }
            self.bits = self.look();
        }
        let at = self.block + self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(at)
    }

    #[inline]
    fn look(&self) -> u64 {
        let Some(left) = self.end.checked_sub(self.block).filter(|left| *left > 0) else {
            return 0;
        };
        let rest = &self.text[self.block..];
        let classes = rest
            .first_chunk()
            .map_or_else(|| classes_of_end(rest), Classes::of);
        let before = self.block.checked_sub(1).map_or(0, |at| self.text[at]);
        let after = rest.get(BLOCK).copied().unwrap_or_default();
        let bits = sure(&classes, before, after) | chained(between(&classes, before, after));
        if left < BLOCK {
            bits & !(u64::MAX << left)
        } else {
            bits
        }
    }
}

/// Kinds of the last bytes of a text, fewer than a block.
#[cold]
fn classes_of_end(rest: &[u8]) -> Classes {
    let mut block = [0; BLOCK];
    block[..rest.len()].copy_from_slice(rest);
    Classes::of(&block)
}

/// Dots between digits, and the first of two colons.
#[inline]
fn sure(classes: &Classes, before: u8, after: u8) -> u64 {
    let digit = |byte: u8| u64::from(byte.is_ascii_digit());
    let behind_digit = classes.digits << 1 | digit(before);
    let before_digit = classes.digits >> 1 | digit(after) << (BLOCK - 1);
    let before_colon = classes.colons >> 1 | u64::from(after == b':') << (BLOCK - 1);
    (classes.dots & behind_digit & before_digit) | (classes.colons & before_colon)
}

/// Colons between hexadecimal digits.
#[inline]
fn between(classes: &Classes, before: u8, after: u8) -> u64 {
    let hex = |byte: u8| u64::from(byte.is_ascii_hexdigit());
    let digits = classes.digits | classes.letters;
    classes.colons & (digits << 1 | hex(before)) & (digits >> 1 | hex(after) << (BLOCK - 1))
}

/// Those of `colons` that have two more behind, each one to four digits further; what stands behind the
/// block counts as colons.
#[inline]
const fn chained(colons: u64) -> u64 {
    colons & near(colons & near(colons))
}

/// Bits that have one of `colons` two to five further.
#[inline]
const fn near(colons: u64) -> u64 {
    const BEHIND: u64 = !(u64::MAX >> 5);
    colons >> 2 | colons >> 3 | colons >> 4 | colons >> 5 | BEHIND
}
