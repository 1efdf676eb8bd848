//! IPv4 addresses in dotted decimal: four numbers up to 255 without leading zeros (RFC 6943, 3.1.1:
//! anything looser means different addresses to different programs).
//!
//! Dumps are full of them and their lengths are random, so that a branch for each digit is mispredicted
//! half of the time. All bytes are therefore looked at together, and what is wrong is asked once, at the
//! end.

#![expect(
    clippy::cast_possible_truncation,
    reason = "lanes are cut out of wider integers, and positions are below 16"
)]

use super::classes::{Decimal, LANES};
use super::token::{Token, begins, ends};

/// Longest notation: `255.255.255.255`.
const LONGEST: usize = 15;

/// Where the first dot is in a window: one further than its number is long, so that four bytes before
/// any dot are there.
const DOT: usize = 4;

/// What decides about an address: a dot, what may be of it before and behind, and the byte that ends it.
type Window = [u8; LANES + 1];

/// The address whose first dot is `text[dot]`.
#[inline]
pub fn at(text: &[u8], dot: usize) -> Option<Token> {
    let begin = dot.wrapping_sub(DOT);
    match text.get(begin..).and_then(<[u8]>::first_chunk) {
        Some(window) => at_dot(text, dot, window),
        None => at_dot(text, dot, &window_at_edge(text, dot)),
    }
}

#[inline]
fn at_dot(text: &[u8], dot: usize, window: &Window) -> Option<Token> {
    let decimal = decimal(window);
    // The three bits before the dot's, on top; below them one that is set.
    let before = decimal.others << (32 - (DOT - 1)) | 1 << (31 - (DOT - 1));
    let digits = before.leading_zeros() as usize;
    let start = if begins(text, dot - digits) {
        dot - digits
    } else {
        start_behind_escape(text, dot)?
    };
    let (bits, behind) = quad_in(window, dot - start, decimal)?;
    let end = dot + behind;
    ends(text, end).then(|| Token::v4(start, end, bits))
}

/// The address that begins at `start`, and where it ends.
pub fn quad(text: &[u8], start: usize) -> Option<(u32, usize)> {
    let digits = text[start..].iter().take_while(|byte| byte.is_ascii_digit());
    let digits = digits.take(DOT).count();
    let dot = start + digits;
    if digits == DOT || text.get(dot) != Some(&b'.') {
        return None;
    }
    let window = window_at_edge(text, dot);
    let (bits, behind) = quad_in(&window, digits, decimal(&window))?;
    let end = dot + behind;
    ends(text, end).then_some((bits, end))
}

/// The window of a dot near an edge of the text: zeros beyond it.
#[cold]
fn window_at_edge(text: &[u8], dot: usize) -> Window {
    let mut window = [0; LANES + 1];
    let from = dot.saturating_sub(DOT);
    let to = text.len().min(dot + window.len() - DOT);
    let begin = DOT - (dot - from);
    window[begin..begin + to - from].copy_from_slice(&text[from..to]);
    window
}

/// Kinds of all bytes of a window but the first.
#[inline]
fn decimal(window: &Window) -> Decimal {
    let [_, lanes @ ..] = window;
    Decimal::of(lanes)
}

/// The address whose first number has so many digits before the dot, and how far behind the dot it ends.
#[inline]
fn quad_in(window: &Window, first: usize, decimal: Decimal) -> Option<(u32, usize)> {
    /// The bit of the dot.
    const AT: u32 = DOT as u32 - 1;
    let Decimal { others, dots, zeros } = decimal;
    // Behind the window each number ends.
    let others = others | 0b111 << LANES;
    let behind = others >> (AT + 1);
    let one = behind.trailing_zeros();
    let behind = behind & (behind - 1);
    let two = behind.trailing_zeros();
    let behind = behind & (behind - 1);
    let three = behind.trailing_zeros();
    let (second, third, fourth) = (one, two - one - 1, three - two - 1);

    let begin = 1 << (AT - first as u32);
    let end = 1 << (AT + 1 + three);
    let address = end - begin;
    let number_begins = others << 1 | begin;
    let separated = (others ^ dots) & address == 0;
    let empty = number_begins & others & (address | end);
    let leading_zero = number_begins & zeros & !(others >> 1) & address;
    let short = (second | third | fourth) <= 3;

    let mut beyond = 0;
    let mut number = |end: u32, digits: u32| {
        let text = before(window, end as usize) & DIGITS[digits as usize % LANES];
        // Its digits in the order of their worth: above the sign bit when it is greater than 255.
        beyond |= 0x02_05_05_u32.wrapping_sub(text.swap_bytes());
        // Hundreds, tens and ones, from the lowest byte on, meet in the third.
        ((text >> 8).wrapping_mul(100 << 16 | 10 << 8 | 1) >> 16) & 0xff
    };
    let bits = number(0, first as u32) << 24
        | number(one + 1, second) << 16
        | number(two + 1, third) << 8
        | number(three + 1, fourth);
    let sound = separated && empty | leading_zero == 0 && short && beyond >> 31 == 0;
    sound.then_some((bits, three as usize + 1))
}

/// Cuts the values of up to three digits out of the four bytes that end with them.
const DIGITS: [u32; LANES] = {
    let mut digits = [0; LANES];
    digits[1] = 0x0f00_0000;
    digits[2] = 0x0f0f_0000;
    digits[3] = 0x0f0f_0f00;
    digits
};

/// The four bytes before the one `end` bytes behind the dot, the last on top.
#[inline]
fn before(window: &Window, end: usize) -> u32 {
    let begin = end.min(window.len() - DOT);
    u32::from_le_bytes([
        window[begin],
        window[begin + 1],
        window[begin + 2],
        window[begin + 3],
    ])
}

/// `%4010.0.0.1` is `@10.0.0.1`: the digits of an escape run into the address.
#[cold]
fn start_behind_escape(text: &[u8], dot: usize) -> Option<usize> {
    let starts = (1..=3).rev().filter_map(|digits| dot.checked_sub(digits));
    starts
        .filter(|&start| text[start..dot].iter().all(u8::is_ascii_digit))
        .find(|&start| start >= 3 && text[start - 3] == b'%' && begins(text, start))
}

/// Appends an address.
#[inline]
pub fn write(out: &mut Vec<u8>, bits: u32) {
    let mut text = [0; LONGEST + 1];
    let mut end = 0;
    for octet in bits.to_be_bytes() {
        let (digits, length) = DECIMAL[octet as usize];
        text[end..end + 4].copy_from_slice(&digits);
        end += length as usize + 1;
    }
    out.extend_from_slice(&text[..end - 1]);
}

/// Each octet as text with a dot behind, and how many digits it has.
const DECIMAL: [([u8; 4], u8); 256] = {
    let mut decimal = [([b'.'; 4], 0); 256];
    let mut octet = 0;
    while octet < 256 {
        let (hundreds, tens, ones) = (octet / 100, octet / 10 % 10, octet % 10);
        let mut length = 0;
        if hundreds > 0 {
            decimal[octet].0[length] = b'0' + hundreds as u8;
            length += 1;
        }
        if hundreds > 0 || tens > 0 {
            decimal[octet].0[length] = b'0' + tens as u8;
            length += 1;
        }
        decimal[octet].0[length] = b'0' + ones as u8;
        decimal[octet].1 = length as u8 + 1;
        octet += 1;
    }
    decimal
};
