//! IPv6 addresses in every notation of RFC 4291, 2.2, and writing another address in the notation that
//! one had.

use super::token::{Token, Value, begins, ends};
use super::v4;
use std::io::Write;

/// Longest run of hexadecimal digits and colons that can hold an address: eight groups of four, seven
/// colons, and a colon before and behind that belong to the text around.
const LONGEST: usize = 8 * 4 + 7 + 2;

/// An address by its groups of 16 bits, as they are written.
pub type Groups = [u16; 8];

/// How an address was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a habit of its own")]
pub struct Style {
    /// Letters in upper case.
    upper: bool,
    /// Every group with four digits.
    padded: bool,
    /// Zero groups written out where `::` could stand.
    full: bool,
    /// The last 32 bits as an IPv4 address.
    dotted: bool,
    /// A colon of the text around stands directly before it or behind it: `::` there would be three.
    colon_before: bool,
    colon_behind: bool,
}

impl Style {
    /// The same at `start..end` of `text`.
    pub fn within(self, text: &[u8], start: usize, end: usize) -> Self {
        let colon = |at: Option<usize>| at.and_then(|at| text.get(at)) == Some(&b':');
        Self {
            colon_before: colon(start.checked_sub(1)),
            colon_behind: colon(Some(end)),
            ..self
        }
    }
}

/// The address of which `text[colon]` is a colon.
pub fn at(text: &[u8], colon: usize) -> Option<Token> {
    let end = run_end(text, colon)?;
    let start = run_start(text, colon)?;
    let start = if single_colon(text, start, start + 1) {
        start + 1
    } else {
        start
    };
    let reading = Reading::read(text, start, end)?;
    let whole = begins(text, start) && ends(text, reading.end) && !reading.is_eui64();
    whole.then(|| Token::v6(start, reading.end))
}

/// What `address` says, which is nothing but an address.
pub fn value(address: &[u8]) -> Value {
    let hex = address
        .iter()
        .position(|&byte| !part(byte))
        .unwrap_or(address.len());
    let style_of = |reading: Reading<'_>| Value::V6(reading.all(), reading.style());
    Reading::read(address, 0, hex).map_or(Value::V6([0; 8], Style::default()), style_of)
}

/// Behind the run of digits and colons that goes on at `colon`, its first colon between digits, when it
/// is short enough and has the colons of an address: `::`, or at least six. Times end here.
fn run_end(text: &[u8], colon: usize) -> Option<usize> {
    let (mut colons, mut gap) = (0, false);
    let mut at = colon;
    while let Some(&byte) = text.get(at).filter(|&&byte| part(byte)) {
        if byte == b':' {
            colons += 1;
            gap |= text.get(at + 1) == Some(&b':');
        }
        at += 1;
        if at - colon > LONGEST {
            return None;
        }
    }
    (gap || colons >= 6).then_some(at)
}

fn run_start(text: &[u8], colon: usize) -> Option<usize> {
    let before = &text[colon.saturating_sub(LONGEST + 1)..colon];
    let length = before
        .iter()
        .rev()
        .position(|&byte| !part(byte))
        .unwrap_or(before.len());
    (length <= LONGEST).then_some(colon - length)
}

const fn part(byte: u8) -> bool {
    byte.is_ascii_hexdigit() || byte == b':'
}

/// Whether `at` is a colon and `beside` is none.
fn single_colon(text: &[u8], at: usize, beside: usize) -> bool {
    text.get(at) == Some(&b':') && text.get(beside) != Some(&b':')
}

/// The groups of an address, in the order of the text.
struct Reading<'t> {
    text: &'t [u8],
    values: [u16; 8],
    count: usize,
    /// Before which group `::` stands.
    gap: Option<usize>,
    dotted: bool,
    /// Every group has exactly so many digits; 0: they differ.
    width: usize,
    end: usize,
}

impl<'t> Reading<'t> {
    /// Reads `text[start..end]`, and behind it an IPv4 tail; a single colon at the end is left out.
    fn read(text: &'t [u8], start: usize, end: usize) -> Option<Self> {
        let last_colon = start + text[start..end].iter().rposition(|&byte| byte == b':')?;
        let tail = if text.get(end) == Some(&b'.') {
            v4::quad(text, last_colon + 1)
        } else {
            None
        };
        let hex_end = match tail {
            Some(_) => last_colon + 1,
            None if last_colon + 1 == end && text[end - 2] != b':' => end - 1,
            None => end,
        };
        let mut groups = Self {
            text: &text[start..hex_end],
            values: [0; 8],
            count: 0,
            gap: None,
            dotted: false,
            width: usize::MAX,
            end: tail.map_or(hex_end, |(_, end)| end),
        };
        groups.read_hex(tail.is_some())?;
        if let Some((bits, _)) = tail {
            let [a, b, c, d] = bits.to_be_bytes();
            groups.push(u16::from_be_bytes([a, b]))?;
            groups.push(u16::from_be_bytes([c, d]))?;
            groups.dotted = true;
        }
        groups.is_complete().then_some(groups)
    }

    fn read_hex(&mut self, tail: bool) -> Option<()> {
        let mut rest = self.text;
        if rest.starts_with(b"::") {
            self.gap = Some(0);
            rest = &rest[2..];
        }
        while !rest.is_empty() {
            let digits = rest.iter().position(|&byte| byte == b':').unwrap_or(rest.len());
            let group = std::str::from_utf8(&rest[..digits]).ok()?;
            if digits > 4 {
                return None;
            }
            self.push(u16::from_str_radix(group, 16).ok()?)?;
            self.width = if self.width == usize::MAX || self.width == digits {
                digits
            } else {
                0
            };
            rest = &rest[digits..];
            if let Some(behind) = rest.strip_prefix(b"::") {
                if self.gap.replace(self.count).is_some() {
                    return None;
                }
                rest = behind;
            } else if let Some(behind) = rest.strip_prefix(b":") {
                if behind.is_empty() && !tail {
                    return None;
                }
                rest = behind;
            }
        }
        Some(())
    }

    fn push(&mut self, value: u16) -> Option<()> {
        *self.values.get_mut(self.count)? = value;
        self.count += 1;
        Some(())
    }

    /// `::` stands for at least one group, and is no address alone.
    fn is_complete(&self) -> bool {
        match self.gap {
            Some(_) => self.count > 0 && self.count < 8,
            None => self.count == 8,
        }
    }

    /// Eight pairs of digits are a hardware address; nobody writes an IPv6 address so.
    fn is_eui64(&self) -> bool {
        self.gap.is_none() && self.width == 2 && !self.dotted
    }

    fn all(&self) -> Groups {
        let gap = self.gap.unwrap_or(self.count);
        let mut groups = [0; 8];
        groups[..gap].copy_from_slice(&self.values[..gap]);
        let behind = self.count - gap;
        groups[8 - behind..].copy_from_slice(&self.values[gap..self.count]);
        groups
    }

    fn style(&self) -> Style {
        let has = |wanted: fn(&u8) -> bool| self.text.iter().any(wanted);
        let leading_zero = |group: &[u8]| group.len() > 1 && group[0] == b'0';
        Style {
            upper: has(u8::is_ascii_uppercase) && !has(u8::is_ascii_lowercase),
            padded: self.width == 4 && self.text.split(|&byte| byte == b':').any(leading_zero),
            full: self.gap.is_none() && longest_zeros(&self.values[..self.hex_groups()]).is_some(),
            dotted: self.dotted,
            colon_before: false,
            colon_behind: false,
        }
    }

    fn hex_groups(&self) -> usize {
        if self.dotted { self.count - 2 } else { self.count }
    }
}

/// The first longest run of at least two zero groups, which `::` stands for (RFC 5952, 4.2).
fn longest_zeros(groups: &[u16]) -> Option<(usize, usize)> {
    let mut longest = (0, 1);
    let mut at = 0;
    while at < groups.len() {
        let zeros = groups[at..].iter().take_while(|&&group| group == 0).count();
        if zeros > longest.1 {
            longest = (at, zeros);
        }
        at += zeros.max(1);
    }
    (longest.1 > 1).then_some(longest)
}

/// Appends an address in the notation `style`.
pub fn write(out: &mut Vec<u8>, groups: Groups, style: Style) {
    let hex = if style.dotted { &groups[..6] } else { &groups[..] };
    let zeros = if style.full { None } else { longest_zeros(hex) };
    let (mut gap, mut length) = zeros.unwrap_or((hex.len(), 0));
    // A run has two groups at least, and is at both ends only when there is nothing else.
    if length > 0 && gap == 0 && style.colon_before {
        (gap, length) = (1, length - 1);
    }
    if length > 0 && gap + length == groups.len() && style.colon_behind {
        length -= 1;
    }
    for (at, &group) in hex.iter().enumerate() {
        if at == gap {
            out.extend_from_slice(b"::");
        } else if at < gap || at >= gap + length {
            if at > 0 && at != gap + length {
                out.push(b':');
            }
            write_group(out, group, style);
        }
    }
    if style.dotted {
        if gap + length != hex.len() || length == 0 {
            out.push(b':');
        }
        v4::write(out, u32::from(groups[6]) << 16 | u32::from(groups[7]));
    }
}

fn write_group(out: &mut Vec<u8>, group: u16, style: Style) {
    let width = if style.padded { 4 } else { 1 };
    // Writing into memory does not fail.
    let _ = if style.upper {
        write!(out, "{group:0width$X}")
    } else {
        write!(out, "{group:0width$x}")
    };
}
