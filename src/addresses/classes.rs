//! Which bytes are of a kind, one bit a byte, the first as the lowest bit. Vector instructions are asked
//! for, because what a compiler makes of a loop by itself changes with the code around it.

use wide::i8x16;

/// Bytes of one vector.
pub const LANES: usize = 16;

/// By how much [`Marks`] move on: what is left of their 64 bytes is seen twice, so that whatever begins
/// within a step can be judged by what stands behind it.
pub const STEP: usize = 3 * LANES;

/// The dots and colons in 64 bytes of a text: all that is looked for in every byte.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks {
    /// `.`
    pub dots: u64,
    /// `:`
    pub colons: u64,
}

impl Marks {
    /// Of the first bytes from `at` on, which [`Marks::and_behind`] completes.
    pub fn beginning(text: &[u8], at: usize) -> Self {
        Self::default().and(&padded(text, at), 0)
    }

    /// Those of the last bytes of these marks.
    #[inline]
    pub const fn last(self) -> Self {
        Self {
            dots: self.dots >> STEP,
            colons: self.colons >> STEP,
        }
    }

    /// With those of the bytes behind the first ones, which are at `at` of `text`.
    #[inline]
    pub fn and_behind(self, text: &[u8], at: usize) -> Self {
        match text.get(at + LANES..).and_then(<[u8]>::first_chunk) {
            Some(bytes) => self.and_step(bytes),
            None => self.and_step(&padded(text, at + LANES)),
        }
    }

    #[inline]
    fn and_step(mut self, bytes: &[u8; STEP]) -> Self {
        for (at, bytes) in bytes.as_chunks::<LANES>().0.iter().enumerate() {
            self = self.and(bytes, (at + 1) * LANES);
        }
        self
    }

    #[inline]
    fn and(self, bytes: &[u8; LANES], at: usize) -> Self {
        let bytes = vector(bytes);
        Self {
            dots: self.dots | bits(bytes.simd_eq(each(b'.'))) << at,
            colons: self.colons | bits(bytes.simd_eq(each(b':'))) << at,
        }
    }
}

/// Hexadecimal digits among the 64 bytes at `at`.
pub fn hexadecimal(text: &[u8], at: usize) -> u64 {
    let bytes: [u8; 64] = padded(text, at);
    let mut digits = 0;
    for (at, bytes) in bytes.as_chunks::<LANES>().0.iter().enumerate() {
        let bytes = vector(bytes);
        let letters = within(bytes | each(0x20), b'a', b'f');
        digits |= bits(within(bytes, b'0', b'9') | letters) << (at * LANES);
    }
    digits
}

/// What an IPv4 address is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    /// Bytes that are no digits.
    pub others: u32,
    /// `.`
    pub dots: u32,
    /// `0`
    pub zeros: u32,
}

impl Decimal {
    /// Of all `bytes`.
    #[inline]
    pub fn of(bytes: &[u8; LANES]) -> Self {
        let bytes = vector(bytes);
        Self {
            others: !within(bytes, b'0', b'9').to_bitmask() & 0xffff,
            dots: bytes.simd_eq(each(b'.')).to_bitmask(),
            zeros: bytes.simd_eq(each(b'0')).to_bitmask(),
        }
    }
}

/// The bytes at `at`; zeros behind the text's end.
#[cold]
fn padded<const BYTES: usize>(text: &[u8], at: usize) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    let rest = text.get(at..).unwrap_or_default();
    let there = rest.len().min(BYTES);
    bytes[..there].copy_from_slice(&rest[..there]);
    bytes
}

#[inline]
fn vector(bytes: &[u8; LANES]) -> i8x16 {
    i8x16::new(bytes.map(u8::cast_signed))
}

#[inline]
const fn each(byte: u8) -> i8x16 {
    i8x16::new([byte.cast_signed(); LANES])
}

/// Bytes from `first` to `last`, which are ASCII: bytes beyond it are negative and not among them.
#[inline]
fn within(bytes: i8x16, first: u8, last: u8) -> i8x16 {
    bytes.simd_gt(each(first - 1)) & bytes.simd_lt(each(last + 1))
}

#[inline]
fn bits(lanes: i8x16) -> u64 {
    u64::from(lanes.to_bitmask())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_of_its_kind_wherever_it_stands() {
        for byte in 0..=u8::MAX {
            for at in 0..64 {
                let mut text = [b' '; 64];
                text[at] = byte;
                let bit = |is: bool| u64::from(is) << at;
                let marks = Marks::beginning(&text, 0).and_behind(&text, 0);
                let expected = Marks {
                    dots: bit(byte == b'.'),
                    colons: bit(byte == b':'),
                };
                assert_eq!(marks, expected, "{byte} at {at}");
                assert_eq!(hexadecimal(&text, 0), bit(byte.is_ascii_hexdigit()));
            }
            for at in 0..LANES {
                let mut text = [b'1'; LANES];
                text[at] = byte;
                let bit = |is: bool| u32::from(is) << at;
                let expected = Decimal {
                    others: bit(!byte.is_ascii_digit()),
                    dots: bit(byte == b'.'),
                    zeros: bit(byte == b'0'),
                };
                assert_eq!(Decimal::of(&text), expected, "{byte} at {at}");
            }
        }
    }

    #[test]
    fn marks_move_on_over_the_end_of_a_text() {
        let text = b":.".repeat(50);
        let (mut marks, mut at) = (Marks::beginning(&text, 0), 0);
        while at < text.len() {
            marks = marks.and_behind(&text, at);
            for bit in 0..64 {
                let byte = text.get(at + bit);
                assert_eq!(marks.dots >> bit & 1 == 1, byte == Some(&b'.'));
                assert_eq!(marks.colons >> bit & 1 == 1, byte == Some(&b':'));
            }
            marks = marks.last();
            at += STEP;
        }
    }
}
