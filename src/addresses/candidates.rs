//! Where an address may be: the dots and colons that stand between the right neighbours. Everything
//! else is passed over 64 bytes at a time, in loops the compiler turns into vector instructions.

/// Bytes looked at together: one bit each in a `u64`.
const BLOCK: usize = 64;

/// Positions in a text, ascending, of
/// - dots between decimal digits: every IPv4 address has three;
/// - colons followed by a colon, or between hexadecimal digits: every IPv6 address has one or the other.
pub struct Candidates<'t> {
    text: &'t [u8],
    /// Where the block of `bits` begins.
    block: usize,
    /// Candidates of the present block that were not given out.
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

    fn look(&self) -> u64 {
        let whole = self.block >= 1 && self.block + BLOCK < self.text.len() && self.block + BLOCK <= self.end;
        if whole {
            self.look_whole()
        } else {
            self.look_singly()
        }
    }

    fn look_whole(&self) -> u64 {
        let from = |offset: usize| self.text[self.block + offset - 1..].first_chunk::<BLOCK>();
        let (Some(before), Some(here), Some(after)) = (from(0), from(1), from(2)) else {
            return 0;
        };
        let mut flags = [0u8; BLOCK];
        for at in 0..BLOCK {
            flags[at] = candidate(before[at], here[at], after[at]);
        }
        let mut bits = 0;
        for (word, flags) in flags.chunks_exact(8).enumerate() {
            let flags = flags.first_chunk().map_or(0, |flags| u64::from_le_bytes(*flags));
            // Gathers the lowest bit of each byte into the highest byte.
            bits |= (flags.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * word);
        }
        bits
    }

    fn look_singly(&self) -> u64 {
        let mut bits = 0;
        let end = self.end.min(self.block + BLOCK);
        for at in self.block..end {
            let before = if at == 0 { b' ' } else { self.text[at - 1] };
            let after = self.text.get(at + 1).copied().unwrap_or(b' ');
            bits |= u64::from(candidate(before, self.text[at], after)) << (at - self.block);
        }
        bits
    }
}

impl Candidates<'_> {
    /// Leaves out candidates before `at`.
    #[inline]
    pub fn skip_to(&mut self, at: usize) {
        while self.block + BLOCK <= at {
            self.block += BLOCK;
            self.bits = if self.block < self.end { self.look() } else { 0 };
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
}

/// 1 or 0, without a branch.
#[inline]
fn candidate(before: u8, here: u8, after: u8) -> u8 {
    let dot = u8::from(here == b'.') & digit(before) & digit(after);
    let between = hex(before) & hex(after);
    dot | (u8::from(here == b':') & (between | u8::from(after == b':')))
}

#[inline]
fn digit(byte: u8) -> u8 {
    u8::from(byte.wrapping_sub(b'0') < 10)
}

#[inline]
fn hex(byte: u8) -> u8 {
    digit(byte) | u8::from((byte | 0x20).wrapping_sub(b'a') < 6)
}
