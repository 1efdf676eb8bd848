//! What a scan of a mirror found: each address, how often, and where. Plain data for screens and plans.

use super::Subject;
use serde::{Deserialize, Serialize};
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

    /// What was found of `subject`, written exactly so: with its prefix length or without.
    pub fn get(&self, subject: Subject) -> Option<&Found> {
        let at = self.found.binary_search_by_key(&subject, |found| found.subject);
        at.ok().map(|at| &self.found[at])
    }
}

impl Found {
    /// How many places are listed, so that an address that stands everywhere does not fill memory.
    pub const PLACES: usize = 32;
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
