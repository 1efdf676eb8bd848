//! What kind each byte of a block is, one bit a byte. Vector instructions are asked for, because what a
//! compiler makes of a loop by itself depends on what the whole program is compiled for.

use wide::i8x16;

/// Bytes of a block: one bit each in a `u64`.
pub const BLOCK: usize = 64;

/// Bytes of one vector.
const LANES: usize = 16;

/// The bytes of a block that are of a kind, the first as the lowest bit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Classes {
    /// `.`
    pub dots: u64,
    /// `:`
    pub colons: u64,
    /// `0` to `9`.
    pub digits: u64,
    /// `a` to `f` and `A` to `F`.
    pub letters: u64,
}

impl Classes {
    /// Kinds of the bytes of `block`.
    #[inline]
    pub fn of(block: &[u8; BLOCK]) -> Self {
        let mut classes = Self::default();
        for (at, bytes) in block.as_chunks::<LANES>().0.iter().enumerate() {
            let bytes = i8x16::new(bytes.map(u8::cast_signed));
            let lower = bytes | each(0x20);
            let at = at * LANES;
            classes.dots |= bits(bytes.simd_eq(each(b'.'))) << at;
            classes.colons |= bits(bytes.simd_eq(each(b':'))) << at;
            classes.digits |= bits(within(bytes, b'0', b'9')) << at;
            classes.letters |= bits(within(lower, b'a', b'f')) << at;
        }
        classes
    }
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
            for at in 0..BLOCK {
                let mut block = [b' '; BLOCK];
                block[at] = byte;
                let bit = |is: bool| u64::from(is) << at;
                let expected = Classes {
                    dots: bit(byte == b'.'),
                    colons: bit(byte == b':'),
                    digits: bit(byte.is_ascii_digit()),
                    letters: bit(matches!(byte, b'a'..=b'f' | b'A'..=b'F')),
                };
                assert_eq!(Classes::of(&block), expected, "{byte} at {at}");
            }
        }
    }
}
