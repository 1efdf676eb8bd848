//! An address as it stands in a text.

use super::{v4, v6};
use std::net::{IpAddr, Ipv6Addr};

/// How far from a candidate a decision looks, bytes. The longest IPv6 notation has 45 characters; a
/// prefix length, an escape and the neighbours come on top.
pub const REACH: usize = 64;

/// An address at `start..end` of a text. Small, because a piece of a dump holds thousands: what an IPv6
/// address says is read again when it is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    start: usize,
    end: usize,
    v4: Option<u32>,
}

/// What an address says and how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// Dotted decimal.
    V4(u32),
    /// Any IPv6 notation.
    V6(v6::Groups, v6::Style),
}

/// A prefix length after an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    /// Behind its last digit.
    pub end: usize,
    /// In bits of [`Token::address`]; of an IPv4 address written as IPv6, 96 less than what stands there.
    pub length: u8,
}

impl Token {
    /// An IPv4 address at `start..end` of a piece.
    #[inline]
    pub const fn v4(start: usize, end: usize, bits: u32) -> Self {
        Self {
            start,
            end,
            v4: Some(bits),
        }
    }

    /// An IPv6 address at `start..end` of a piece.
    pub const fn v6(start: usize, end: usize) -> Self {
        Self { start, end, v4: None }
    }

    /// What it says; `text` is the piece it is in.
    #[inline]
    pub fn value(&self, text: &[u8]) -> Value {
        match self.v4 {
            Some(bits) => Value::V4(bits),
            None => v6::value(&text[self.start()..self.end()]),
        }
    }

    /// Its first byte.
    #[inline]
    pub const fn start(&self) -> usize {
        self.start
    }

    /// Behind its last byte; a prefix length comes after.
    #[inline]
    pub const fn end(&self) -> usize {
        self.end
    }

    /// The address of which `text[candidate]` is a dot or colon.
    #[inline]
    pub fn at(text: &[u8], candidate: usize) -> Option<Self> {
        if text[candidate] == b'.' {
            v4::at(text, candidate)
        } else {
            v6::at(text, candidate)
        }
    }

    /// The address in canonical form: one written as `::ffff:10.0.0.1` is IPv4.
    pub fn address(&self, text: &[u8]) -> IpAddr {
        match self.value(text) {
            Value::V4(bits) => IpAddr::V4(bits.into()),
            Value::V6(groups, _) => IpAddr::V6(groups.into()).to_canonical(),
        }
    }

    /// The prefix length behind it, as in `10.0.0.1/24`.
    #[inline]
    pub fn prefix(&self, text: &[u8]) -> Option<Prefix> {
        if text.get(self.end()) == Some(&b'/') {
            self.prefix_here(text)
        } else {
            None
        }
    }

    fn prefix_here(&self, text: &[u8]) -> Option<Prefix> {
        let digits = text[self.end() + 1..]
            .iter()
            .take(4)
            .take_while(|byte| byte.is_ascii_digit());
        let end = self.end() + 1 + digits.count();
        let digits = std::str::from_utf8(&text[self.end() + 1..end]).ok()?;
        if (digits.len() > 1 && digits.starts_with('0')) || !ends(text, end) {
            return None;
        }
        let length: u8 = digits.parse().ok()?;
        let (length, longest) = match self.value(text) {
            Value::V4(_) => (length, 32),
            Value::V6(groups, _) if Ipv6Addr::from(groups).to_ipv4_mapped().is_some() => {
                (length.checked_sub(96)?, 32)
            }
            Value::V6(..) => (length, 128),
        };
        (length <= longest).then_some(Prefix { end, length })
    }
}

/// Whether an address can begin at `start`: not within a word or number, nor behind the dot of one.
/// Escapes of C, JSON, SQL (`\n`) and URLs (`%3A`) are no part of a word.
#[inline]
pub fn begins(text: &[u8], start: usize) -> bool {
    let Some(before) = start.checked_sub(1) else {
        return true;
    };
    match text[before] {
        byte if word(byte) => behind_escape(text, start),
        b'.' => !before.checked_sub(1).is_some_and(|at| word(text[at])),
        _ => true,
    }
}

/// Whether an address can end before `end`; a dot there may end a sentence.
#[inline]
pub fn ends(text: &[u8], end: usize) -> bool {
    match text.get(end) {
        Some(&byte) if word(byte) => false,
        Some(b'.') => !text.get(end + 1).is_some_and(|&byte| word(byte)),
        _ => true,
    }
}

#[cold]
fn behind_escape(text: &[u8], start: usize) -> bool {
    let before = &text[start.saturating_sub(3)..start];
    match before {
        [.., b'\\', letter] => b"abfnrtv".contains(letter),
        [b'%', high, low] => high.is_ascii_hexdigit() && low.is_ascii_hexdigit(),
        _ => false,
    }
}

#[inline]
fn word(byte: u8) -> bool {
    WORD[byte as usize]
}

const WORD: [bool; 256] = {
    let mut word = [false; 256];
    let mut byte = 0;
    while byte < u8::MAX {
        word[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'_';
        byte += 1;
    }
    word
};
