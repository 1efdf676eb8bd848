//! What a scan of a mirror found: each address, how often, and where. Plain data for screens and plans.

use super::Subject;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Every address of a scanned mirror, in the order of the addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// One for each address and for each address with a prefix length.
    pub found: Vec<Found>,
    /// Files that hold neither text nor anything pairadm can look into; they are copied unchanged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opaque: Vec<String>,
    /// How many addresses are not listed because there are more than [`Findings::LISTED`]; those found
    /// least often are left out.
    #[serde(default)]
    pub left_out: u64,
}

/// One address of a scanned mirror.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The address; with its prefix length where it was written with one.
    pub subject: Subject,
    /// In how many different ways it was written, such as `2001:db8::1` and `2001:DB8:0::1`.
    pub spellings: usize,
    /// How often it was found.
    pub count: u64,
    /// Where, in the order of the files; at most [`Found::PLACES`].
    pub places: Vec<Place>,
    /// In how many places beyond those.
    #[serde(default)]
    pub more_places: u64,
}

/// One file, or one table of a database or dump, that holds an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Path below the scanned directory; a member of an archive follows after `!`, as in
    /// `backup.tar.gz!etc/kamailio.cfg`.
    pub file: String,
    /// The table, in a database or an SQL dump.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The column, in a database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The line it was found on first, from 1; in text only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// How often it was found here.
    pub count: u64,
}

impl Findings {
    /// How many addresses are listed: far more than a pair has hosts, few enough to send.
    pub const LISTED: usize = 200_000;

    /// One list of what was found in several folders, each with its name.
    pub fn joined<'n>(parts: impl IntoIterator<Item = (&'n str, Self)>) -> Self {
        let mut all = Self::default();
        let mut found: BTreeMap<Subject, Found> = BTreeMap::new();
        for (name, part) in parts {
            all.left_out += part.left_out;
            all.opaque
                .extend(part.opaque.iter().map(|file| format!("{name}/{file}")));
            for mut one in part.found {
                for place in &mut one.places {
                    place.file = format!("{name}/{}", place.file);
                }
                match found.get_mut(&one.subject) {
                    Some(known) => known.add(one),
                    None => drop(found.insert(one.subject, one)),
                }
            }
        }
        all.found = found.into_values().collect();
        all
    }

    /// What was found of `subject`, written exactly so: with its prefix length or without.
    pub fn get(&self, subject: Subject) -> Option<&Found> {
        let at = self.found.binary_search_by_key(&subject, |found| found.subject);
        at.ok().map(|at| &self.found[at])
    }
}

impl Found {
    /// How many places are listed, so that an address that stands everywhere does not fill memory.
    pub const PLACES: usize = 32;

    /// Takes over what was found of the same address elsewhere.
    fn add(&mut self, other: Self) {
        self.count += other.count;
        // Spellings may be the same ones: at least so many.
        self.spellings = self.spellings.max(other.spellings);
        self.places.extend(other.places);
        self.more_places += other.more_places + self.places.len().saturating_sub(Self::PLACES) as u64;
        self.places.truncate(Self::PLACES);
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        match (&self.table, &self.column) {
            (Some(table), Some(column)) => write!(f, " {table}.{column}"),
            (Some(table), None) => write!(f, " {table}"),
            (None, _) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_folders_hold_is_one_list() {
        let part = |subject: &str, places: usize| Findings {
            found: vec![Found {
                subject: subject.parse().unwrap(),
                spellings: 1,
                count: 40,
                places: vec![
                    Place {
                        file: "f".to_owned(),
                        table: None,
                        column: None,
                        line: Some(1),
                        count: 1,
                    };
                    places
                ],
                more_places: 2,
            }],
            opaque: vec!["o".to_owned()],
            left_out: 1,
        };
        let all = Findings::joined([
            ("a", part("10.0.0.2", 20)),
            ("b", part("10.0.0.1", 1)),
            ("c", part("10.0.0.2", 20)),
        ]);
        assert_eq!(
            (all.opaque, all.left_out),
            (vec!["a/o".to_owned(), "b/o".to_owned(), "c/o".to_owned()], 3)
        );
        let second = &all.found[1];
        assert_eq!(
            (second.count, second.places.len(), second.more_places),
            (80, 32, 12)
        );
        assert_eq!(
            (second.places[0].file.as_str(), second.places[31].file.as_str()),
            ("a/f", "c/f")
        );
        assert_eq!(all.found[0].places[0].file, "b/f");
    }

    #[test]
    fn a_place_reads_as_a_person_would_look_it_up() {
        let place = |table: Option<&str>, column: Option<&str>, line| Place {
            file: "db".to_owned(),
            table: table.map(str::to_owned),
            column: column.map(str::to_owned),
            line,
            count: 1,
        };
        assert_eq!(place(None, None, Some(3)).to_string(), "db:3");
        assert_eq!(place(Some("address"), None, Some(3)).to_string(), "db:3 address");
        assert_eq!(
            place(Some("address"), Some("ip"), None).to_string(),
            "db address.ip"
        );
    }
}
