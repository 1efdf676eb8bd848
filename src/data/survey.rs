//! What a node's files are like, told in digests, so that two nodes can be compared without moving the
//! files.

use super::Kind;
use crate::config::Profile;
use crate::model::{DataSource, Expect, Side};
use crate::translate::TRANSLATION_FILE;
use serde::{Deserialize, Serialize};

/// Which files of a node are looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Survey {
    /// Files and directories with everything below them. Links that lead out of them are passed over.
    pub paths: Vec<String>,
    /// Folder of saved data that holds them, in place of the node's own.
    pub below: Option<String>,
    /// Below them, what is left out.
    pub without: Vec<String>,
    /// Path of a translation table: what each file would be with its addresses translated is told as well.
    pub table: Option<String>,
    /// The table is taken the other way round: from the secondary's addresses to the primary's.
    #[serde(default)]
    pub back: bool,
    /// With more files or bytes than this the survey is given up.
    pub limit: Limit,
}

/// How much a survey may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Limit {
    /// Files.
    pub files: usize,
    /// Bytes of all of them.
    pub bytes: u64,
}

impl Limit {
    /// For live status: some milliseconds of work.
    pub const QUICK: Self = Self {
        files: 500,
        bytes: 4 << 20,
    };

    /// For whoever asked for it and waits.
    pub const THOROUGH: Self = Self {
        files: 20_000,
        bytes: 1 << 30,
    };
}

/// One file, directory or link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surveyed {
    /// Absolute path.
    pub path: String,
    /// What it is.
    #[serde(flatten)]
    pub kind: Kind,
    /// Permission bits.
    pub mode: u32,
    /// Owner and group by name: the same name may have another number on the other node.
    pub owner: (String, String),
    /// BLAKE3 (hex) of the file with its addresses translated, where that changes anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translated: Option<String>,
}

impl Survey {
    /// Everything that the profile's rules compare, on the node of `side`: the primary's addresses are
    /// those that are translated.
    pub fn of_rules(profile: &Profile, side: Side, limit: Limit) -> Self {
        let (ignored, compared): (Vec<_>, Vec<_>) = profile
            .matches
            .iter()
            .partition(|rule| rule.rule == Expect::Ignored);
        let mut without: Vec<String> = ignored.iter().map(|rule| rule.path.clone()).collect();
        without.extend(profile.data.iter().flat_map(|set| beside_database(&set.source)));
        Self {
            paths: compared.iter().map(|rule| rule.path.clone()).collect(),
            below: None,
            without,
            table: (side == Side::Primary).then(|| TRANSLATION_FILE.to_owned()),
            back: false,
            limit,
        }
    }
}

/// A database is no file to compare, and neither is what SQLite keeps beside it.
fn beside_database(source: &DataSource) -> Vec<String> {
    match source {
        DataSource::Sqlite { path, .. } => ["", "-journal", "-wal", "-shm"]
            .map(|suffix| format!("{path}{suffix}"))
            .to_vec(),
        DataSource::Files { .. } | DataSource::Postgresql { .. } => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::profile;

    #[test]
    fn databases_and_what_is_ignored_are_left_out() {
        let profile = profile("kamailio", std::path::Path::new("/nonexistent")).unwrap();
        let survey = Survey::of_rules(&profile, Side::Primary, Limit::QUICK);
        assert!(survey.paths.contains(&"/etc/kamailio".to_owned()));
        assert!(!survey.paths.contains(&"/etc/kamailio/kamailio.sqlite".to_owned()));
        assert!(
            survey
                .without
                .contains(&"/etc/kamailio/kamailio.sqlite-wal".to_owned())
        );
    }
}
