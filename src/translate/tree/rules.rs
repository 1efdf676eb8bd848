//! What a walk through a mirror leaves alone, and how far it goes.

use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::io::{self, Read};

/// What is left alone, and the bounds against hostile archives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rules {
    /// Tables of databases and SQL dumps whose rows are neither scanned nor translated, because they
    /// hold addresses of clients, such as `location`. `*` and `?` stand for any text and any character;
    /// a schema before the name is ignored unless the pattern has one.
    pub never_translate: Vec<String>,
    /// How deep archives within archives are looked into.
    pub depth: u8,
    /// How many times larger than its packed form a content may be; looked at from
    /// [`Rules::FREE`] bytes on. Dumps come to 5 to 20, the densest gzip to 1032.
    pub ratio: u64,
    /// How large one unpacked content may be, bytes.
    pub largest: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            never_translate: Vec::new(),
            depth: 4,
            ratio: 250,
            largest: 64 << 30,
        }
    }
}

impl Rules {
    /// Bytes unpacked before the ratio counts: a short file of zeros is no attack.
    pub const FREE: u64 = 64 << 20;

    /// Whether rows of `table` (with or without its schema) are left alone.
    pub fn leaves_alone(&self, table: &str) -> bool {
        let bare = table.rsplit_once('.').map_or(table, |(_, bare)| bare);
        self.never_translate.iter().any(|pattern| {
            let name = if pattern.contains('.') { table } else { bare };
            let (pattern, name) = (pattern.to_ascii_lowercase(), name.to_ascii_lowercase());
            matches(pattern.as_bytes(), name.as_bytes())
        })
    }

    /// `reader`, which unpacks `packed` bytes, refused where it gives too much.
    pub(super) fn bounded<R: Read>(&self, reader: R, packed: u64) -> Bounded<R> {
        let most = self
            .largest
            .min(packed.saturating_mul(self.ratio).max(Self::FREE));
        Bounded {
            reader,
            left: most,
            most,
        }
    }
}

fn matches(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern, name) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => matches(rest, name) || (!name.is_empty() && matches(pattern, &name[1..])),
        ([b'?', pattern @ ..], [_, name @ ..]) => matches(pattern, name),
        ([wanted, pattern @ ..], [byte, name @ ..]) => wanted == byte && matches(pattern, name),
        _ => false,
    }
}

/// Reads no more than is sound.
pub(super) struct Bounded<R> {
    reader: R,
    left: u64,
    most: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        let Some(left) = self.left.checked_sub(read as u64) else {
            let message = format!("unpacks to more than {} MB, far beyond its size", self.most >> 20);
            return Err(io::Error::other(Error::refused("archive_too_large", message)));
        };
        self.left = left;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_name_tables_with_and_without_schema() {
        let rules = Rules {
            never_translate: ["location", "dialog*", "other.acc", "a?c"]
                .map(str::to_owned)
                .to_vec(),
            ..Rules::default()
        };
        for (table, alone) in [
            ("location", true),
            ("public.location", true),
            ("LOCATION", true),
            ("location_attrs", false),
            ("dialog", true),
            ("dialog_vars", true),
            ("public.acc", true),
            ("other.subscriber", false),
            ("abcd", false),
            ("ac", false),
        ] {
            assert_eq!(rules.leaves_alone(table), alone, "{table}");
        }
    }

    #[test]
    fn too_much_is_refused_with_a_reason() {
        let rules = Rules {
            largest: 10,
            ..Rules::default()
        };
        let mut text = String::new();
        rules
            .bounded(&b"0123456789"[..], 1)
            .read_to_string(&mut text)
            .unwrap();
        let error = rules
            .bounded(&b"0123456789a"[..], 1)
            .read_to_string(&mut text)
            .unwrap_err();
        assert!(error.to_string().contains("unpacks to more than"), "{error}");
    }
}
