//! IPv4 addresses in dotted decimal: four numbers up to 255 without leading zeros (RFC 6943, 3.1.1:
//! anything looser means different addresses to different programs).
//!
//! Dumps are full of them and their lengths are random, so that a branch for each digit is mispredicted
//! half of the time. All bytes are therefore looked at together, as lanes of one integer.

#![expect(
    clippy::cast_possible_truncation,
    reason = "lanes are cut out of wider integers, and positions are below 16"
)]

use super::token::{Token, begins, ends};

/// Longest notation: `255.255.255.255`.
const LONGEST: usize = 15;

/// The address whose first dot is `text[dot]`.
#[inline]
pub fn at(text: &[u8], dot: usize) -> Option<Token> {
    let digits = digits_before(text, dot);
    let start = dot - digits;
    let start = if digits < 4 && begins(text, start) {
        start
    } else {
        start_behind_escape(text, dot)?
    };
    let (bits, end) = quad(text, start)?;
    Some(Token::v4(start, end, bits))
}

/// The address that begins at `start`, and where it ends.
#[inline]
pub fn quad(text: &[u8], start: usize) -> Option<(u32, usize)> {
    let lanes = lanes(text, start);
    let mut others = others(lanes);
    let mut bits = 0;
    let mut at = 0;
    let mut sound = true;
    for octet in 0..4 {
        let end = (others.trailing_zeros() / 8) as usize;
        let length = end.wrapping_sub(at);
        let digits = (lanes >> (8 * at as u32 % 128)) as u32 ^ 0x3030_3030;
        let value = number(digits, length);
        sound &= length.wrapping_sub(1) < 3 && value < 256 && (length == 1 || digits as u8 != 0);
        sound &= octet == 3 || (lanes >> (8 * end as u32 % 128)) as u8 == b'.';
        bits = bits << 8 | value;
        others &= others.wrapping_sub(1);
        at = end + 1;
    }
    (sound && ends(text, start + at - 1)).then_some((bits, start + at - 1))
}

/// The 16 bytes from `start` on, the first in the lowest lane; zeros behind the text's end.
#[inline]
fn lanes(text: &[u8], start: usize) -> u128 {
    let rest = &text[start..];
    if let Some(bytes) = rest.first_chunk() {
        return u128::from_le_bytes(*bytes);
    }
    let mut bytes = [0; LONGEST + 1];
    bytes[..rest.len()].copy_from_slice(rest);
    u128::from_le_bytes(bytes)
}

/// The highest bit of each lane that is no decimal digit.
#[inline]
const fn others(lanes: u128) -> u128 {
    const EACH: u128 = u128::from_le_bytes([1; 16]);
    let values = lanes ^ (EACH * b'0' as u128);
    (((values & (EACH * 0x7f)) + EACH * (0x80 - 10)) | values) & (EACH * 0x80)
}

/// The number of the lowest `length` lanes, which hold the values of its digits.
#[inline]
const fn number(digits: u32, length: usize) -> u32 {
    let last_on_top = digits << (32u32.wrapping_sub(8 * length as u32) % 32);
    (last_on_top >> 24) + 10 * (last_on_top >> 16 & 0xff) + 100 * (last_on_top >> 8 & 0xff)
}

/// How many of the up to four bytes before `dot` are digits without a break.
#[inline]
fn digits_before(text: &[u8], dot: usize) -> usize {
    let few = |text: &[u8]| {
        text.iter()
            .fold(0, |lanes, &byte| lanes >> 8 | u32::from(byte) << 24)
    };
    let before = &text[..dot];
    let lanes = before
        .last_chunk()
        .map_or_else(|| few(before), |bytes| u32::from_le_bytes(*bytes));
    let values = lanes ^ 0x3030_3030;
    let others = (((values & 0x7f7f_7f7f) + 0x7676_7676) | values) & 0x8080_8080;
    (others.leading_zeros() / 8) as usize
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
