//! The journal's line format: JSON with a checksum, so that a line the power cut in half is told from
//! a line that went bad.
//!
//! `{"sum":"<16 hex digits of SHA-256>","entry":{…}}` and a line feed; the sum is over the entry's bytes.

use crate::model::digest;
use serde::Serialize;
use serde::de::DeserializeOwned;

const HEAD: &str = "{\"sum\":\"";
const MIDDLE: &str = "\",\"entry\":";
const TAIL: &str = "}";

/// Hexadecimal digits of the sum: 64 bits tell accident, which is all that is asked of them.
const DIGITS: usize = 16;

/// A line with its line feed.
pub fn write(entry: &impl Serialize) -> serde_json::Result<String> {
    let body = serde_json::to_string(entry)?;
    let sum = &digest::sha256(body.as_bytes())[..DIGITS];
    Ok(format!("{HEAD}{sum}{MIDDLE}{body}{TAIL}\n"))
}

/// The entry of a line without its line feed, if the line is whole.
fn read<E: DeserializeOwned>(line: &[u8]) -> Option<E> {
    let rest = line.strip_prefix(HEAD.as_bytes())?;
    let (sum, rest) = rest.split_at_checked(DIGITS)?;
    let body = rest
        .strip_prefix(MIDDLE.as_bytes())?
        .strip_suffix(TAIL.as_bytes())?;
    if digest::sha256(body).as_bytes().get(..DIGITS)? != sum {
        return None;
    }
    serde_json::from_slice(body).ok()
}

/// What a journal file holds.
#[derive(Debug, PartialEq, Eq)]
pub struct Lines<E> {
    /// The whole lines.
    pub entries: Vec<E>,
    /// Bytes up to the end of the last whole line; what follows was torn by a crash.
    pub whole: usize,
}

/// Reads a journal file. A torn end (no line feed yet, or blocks of zeros that a file system put where
/// the data never arrived) was never acted upon and is left out; any other bad line is an error, which
/// is that line's number.
pub fn read_all<E: DeserializeOwned>(bytes: &[u8]) -> Result<Lines<E>, usize> {
    let mut lines = Lines {
        entries: Vec::new(),
        whole: 0,
    };
    while lines.whole < bytes.len() {
        let rest = &bytes[lines.whole..];
        let end = rest.iter().position(|&byte| byte == b'\n');
        match end.and_then(|end| Some((end, read(&rest[..end])?))) {
            Some((end, entry)) => {
                lines.entries.push(entry);
                lines.whole += end + 1;
            }
            None if end.is_none() || is_torn::<E>(rest) => break,
            None => return Err(lines.entries.len() + 1),
        }
    }
    Ok(lines)
}

/// Zeros, and nothing whole after them.
fn is_torn<E: DeserializeOwned>(rest: &[u8]) -> bool {
    rest.contains(&0)
        && rest
            .split(|&byte| byte == b'\n')
            .all(|line| read::<E>(line).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn journal(entries: &[String]) -> Vec<u8> {
        entries
            .iter()
            .flat_map(|entry| write(entry).unwrap().into_bytes())
            .collect()
    }

    proptest! {
        #[test]
        fn a_cut_anywhere_leaves_the_lines_before_it(entries: Vec<String>, cut: prop::sample::Index) {
            let bytes = journal(&entries);
            let cut = cut.index(bytes.len() + 1);
            let lines = read_all::<String>(&bytes[..cut]).unwrap();
            prop_assert!(entries.starts_with(&lines.entries));
            prop_assert_eq!(&bytes[..lines.whole], &journal(&lines.entries)[..]);
        }

        #[test]
        fn a_changed_byte_before_the_last_line_never_goes_unnoticed(
            entries in prop::collection::vec("[a-z]{1,9}", 2..5), at: prop::sample::Index, flip in 1..=255u8,
        ) {
            let mut bytes = journal(&entries);
            let last = journal(&entries[entries.len() - 1..]).len();
            let at = at.index(bytes.len() - last);
            bytes[at] ^= flip;
            let told = read_all::<String>(&bytes).map_or(true, |lines| lines.entries.len() < entries.len());
            prop_assert!(told);
        }
    }

    #[test]
    fn zeros_at_the_end_are_a_torn_end_and_a_bad_line_is_not() {
        let mut bytes = journal(&["one".to_owned()]);
        let whole = bytes.len();
        bytes.extend([0; 512]);
        bytes.push(b'\n');
        assert_eq!(read_all::<String>(&bytes).unwrap().whole, whole);
        let mut bytes = journal(&["one".to_owned(), "two".to_owned()]);
        bytes[whole + 36] ^= 1;
        assert_eq!(read_all::<String>(&bytes), Err(2));
    }
}
