//! Compares two nodes file by file under the profile's rules. Pure. A difference is drift only where the
//! rule says that there is to be none, and so is sameness where a file is to make a node itself.

use super::{Kind, Surveyed};
use crate::model::{BySide, Expect, MatchRule, Side};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Two nodes compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Differences {
    /// RFC 3339, controller's clock.
    pub at: String,
    /// Host names by role.
    pub nodes: BySide<String>,
    /// Name of the profile whose rules counted.
    pub profile: String,
    /// File by file.
    pub comparison: Comparison,
    /// Unified diffs of what drifted, without secrets; only where they were asked for.
    pub diffs: Vec<(String, String)>,
}

/// Every compared file in order of path.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Comparison {
    /// Files and links; directories are there as far as something is in them.
    pub files: Vec<Compared>,
    /// Paths that are not compared.
    pub ignored: Vec<String>,
}

/// One file of both nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compared {
    /// Absolute path.
    pub path: String,
    /// The rule that counts.
    pub rule: Expect,
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
}

/// How the two files relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "finding", rename_all = "snake_case")]
pub enum Finding {
    /// The same, as it should be.
    Same,
    /// The same once the primary's addresses are translated, as it should be.
    Translated,
    /// Different, as it should be.
    Different,
    /// Drift: different, and should be the same.
    Changed,
    /// Drift: the secondary has the primary's addresses.
    NotTranslated,
    /// Drift: the same, and should make each node itself.
    Identical,
    /// Drift: one node does not have it.
    Missing {
        /// The node that does not.
        on: Side,
    },
    /// Drift: the same content with other permissions.
    Permissions {
        /// The primary's permission bits.
        primary: u32,
        /// The secondary's.
        secondary: u32,
    },
}

impl Finding {
    /// Whether the rule is broken.
    pub const fn is_drift(self) -> bool {
        !matches!(self, Self::Same | Self::Translated | Self::Different)
    }
}

impl Comparison {
    /// What breaks its rule.
    pub fn drift(&self) -> impl Iterator<Item = &Compared> {
        self.files.iter().filter(|file| file.finding.is_drift())
    }

    /// How often something was found.
    pub fn count(&self, finding: Finding) -> usize {
        self.files.iter().filter(|file| file.finding == finding).count()
    }
}

/// Compares what both nodes have; the primary was surveyed with the translation table.
pub fn compare(rules: &[MatchRule], surveys: BySide<&[Surveyed]>) -> Comparison {
    let by_path = surveys.map(|_, survey| {
        let files = survey.iter().filter(|file| file.kind != Kind::Directory);
        files
            .map(|file| (file.path.as_str(), file))
            .collect::<BTreeMap<_, _>>()
    });
    let paths: BTreeSet<&str> = by_path
        .iter()
        .flat_map(|(_, files)| files.keys().copied())
        .collect();
    let compared = |path: &str| {
        let rule = rule_for(rules, path)?;
        let finding = match (by_path.primary.get(path), by_path.secondary.get(path)) {
            (Some(primary), Some(secondary)) => judge(rule, primary, secondary),
            (None, _) => Finding::Missing { on: Side::Primary },
            (_, None) => Finding::Missing { on: Side::Secondary },
        };
        Some(Compared {
            path: path.to_owned(),
            rule,
            finding,
        })
    };
    let ignored = rules.iter().filter(|rule| rule.rule == Expect::Ignored);
    Comparison {
        files: paths.into_iter().filter_map(compared).collect(),
        ignored: ignored.map(|rule| rule.path.clone()).collect(),
    }
}

/// The rule with the longest path that is the file's or above it; `None` where it is not compared.
pub fn rule_for(rules: &[MatchRule], path: &str) -> Option<Expect> {
    let above = rules
        .iter()
        .filter(|rule| Path::new(path).starts_with(&rule.path));
    let rule = above.max_by_key(|rule| Path::new(&rule.path).components().count())?;
    (rule.rule != Expect::Ignored).then_some(rule.rule)
}

fn judge(rule: Expect, primary: &Surveyed, secondary: &Surveyed) -> Finding {
    let same = content(primary) == content(secondary);
    let good = match (rule, &primary.translated) {
        (Expect::Differ, _) if same => return Finding::Identical,
        (Expect::Differ, _) => return Finding::Different,
        (Expect::Translated, Some(translated)) if content(secondary) == Some(translated.as_str()) => {
            Finding::Translated
        }
        (Expect::Translated, Some(_)) if same => return Finding::NotTranslated,
        (Expect::Same, _) | (Expect::Translated, None) if same => Finding::Same,
        _ => return Finding::Changed,
    };
    // Links have no permissions of their own.
    if matches!(primary.kind, Kind::File { .. }) && primary.mode != secondary.mode {
        return Finding::Permissions {
            primary: primary.mode,
            secondary: secondary.mode,
        };
    }
    good
}

/// The digest of a file, the target of a link.
fn content(file: &Surveyed) -> Option<&str> {
    match &file.kind {
        Kind::File { blake3, .. } => Some(blake3),
        Kind::Link { target } => Some(target),
        Kind::Directory => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, digest: &str) -> Surveyed {
        Surveyed {
            path: path.to_owned(),
            kind: Kind::File {
                size: 1,
                blake3: digest.to_owned(),
            },
            mode: 0o640,
            owner: ("root".to_owned(), "kamailio".to_owned()),
            translated: None,
        }
    }

    fn rules() -> Vec<MatchRule> {
        [
            ("/etc/sip", Expect::Translated),
            ("/etc/sip/own.cfg", Expect::Differ),
            ("/etc/sip/cache", Expect::Ignored),
            ("/etc/sip/cache/kept.cfg", Expect::Same),
            ("/etc/default/sip", Expect::Same),
        ]
        .map(|(path, rule)| MatchRule {
            path: path.to_owned(),
            rule,
        })
        .to_vec()
    }

    /// The finding about one file.
    fn found(path: &str, primary: Option<Surveyed>, secondary: Option<Surveyed>) -> Option<Finding> {
        let (primary, secondary): (Vec<_>, Vec<_>) = (Vec::from_iter(primary), Vec::from_iter(secondary));
        let surveys = BySide {
            primary: primary.as_slice(),
            secondary: secondary.as_slice(),
        };
        let comparison = compare(&rules(), surveys);
        comparison
            .files
            .iter()
            .find(|file| file.path == path)
            .map(|file| file.finding)
    }

    #[test]
    fn a_file_that_makes_the_node_itself_drifts_when_it_is_the_same() {
        let path = "/etc/sip/own.cfg";
        let with = |secondary| found(path, Some(file(path, "a")), Some(file(path, secondary)));
        assert_eq!(with("b"), Some(Finding::Different));
        assert_eq!(with("a"), Some(Finding::Identical));
        assert!(Finding::Identical.is_drift() && !Finding::Different.is_drift());
    }

    #[test]
    fn a_translated_file_has_to_be_what_the_table_makes_of_the_primarys() {
        let path = "/etc/sip/a.cfg";
        let primary = Surveyed {
            translated: Some("t".to_owned()),
            ..file(path, "a")
        };
        let with = |secondary| found(path, Some(primary.clone()), Some(file(path, secondary)));
        assert_eq!(with("t"), Some(Finding::Translated));
        assert_eq!(with("a"), Some(Finding::NotTranslated));
        assert_eq!(with("x"), Some(Finding::Changed));
        assert_eq!(
            found(path, Some(file(path, "a")), Some(file(path, "a"))),
            Some(Finding::Same),
            "nothing in it to translate"
        );
        let path = "/etc/default/sip";
        let primary = Surveyed {
            translated: Some("t".to_owned()),
            ..file(path, "a")
        };
        assert_eq!(
            found(path, Some(primary), Some(file(path, "a"))),
            Some(Finding::Same),
            "byte for byte, whatever the table says"
        );
    }

    #[test]
    fn a_missing_file_and_other_permissions_are_drift() {
        let path = "/etc/default/sip";
        assert_eq!(
            found(path, Some(file(path, "a")), None),
            Some(Finding::Missing { on: Side::Secondary })
        );
        let wide = Surveyed {
            mode: 0o644,
            ..file(path, "a")
        };
        assert_eq!(
            found(path, Some(file(path, "a")), Some(wide)),
            Some(Finding::Permissions {
                primary: 0o640,
                secondary: 0o644
            })
        );
    }

    #[test]
    fn the_longest_rule_counts_and_what_is_ignored_is_not_compared() {
        for (path, rule) in [
            ("/etc/sip/cache/x", None),
            ("/etc/sip/cache/kept.cfg", Some(Expect::Same)),
            ("/etc/sip/cached", Some(Expect::Translated)),
            ("/etc/passwd", None),
        ] {
            assert_eq!(rule_for(&rules(), path), rule, "{path}");
        }
        let path = "/etc/sip/cache/x";
        assert_eq!(found(path, Some(file(path, "a")), None), None);
    }
}
