//! How the secondary copies the primary's backups: what it keeps, what it takes, how fast.

use super::syntax::shown;
use serde::{Deserialize, Serialize};

/// Settings of copying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copying {
    /// Mirrors to keep.
    pub keep: u32,
    /// Hours after which a backup is too old to be copied.
    pub max_age_h: u32,
    /// KiB a second at most; as fast as it goes without.
    pub limit: Option<u32>,
}

impl Default for Copying {
    /// Three mirrors; a daily backup with two hours to be made in.
    fn default() -> Self {
        Self {
            keep: 3,
            max_age_h: 26,
            limit: None,
        }
    }
}

impl Copying {
    /// A number of mirrors.
    pub fn parse_keep(text: &str) -> Result<u32, String> {
        number(text, 1, 30, "a number of mirrors")
    }

    /// An age in hours; ten years are never reached.
    pub fn parse_max_age(text: &str) -> Result<u32, String> {
        number(text, 1, 87_600, "an age in hours")
    }

    /// A rate in KiB a second.
    pub fn parse_limit(text: &str) -> Result<u32, String> {
        number(text, 1, 100_000_000, "a rate in KiB a second")
    }
}

fn number(text: &str, least: u32, most: u32, what: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!(
            "`{}` is not {what}; accepted: {least} to {most}",
            shown(text)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_outside_their_limits_are_refused_with_the_limits() {
        assert_eq!(Copying::parse_keep("3"), Ok(3));
        for bad in ["0", "31", "-1", "three", ""] {
            assert!(
                Copying::parse_keep(bad)
                    .unwrap_err()
                    .ends_with("accepted: 1 to 30")
            );
        }
        assert!(Copying::parse_max_age("0").is_err() && Copying::parse_limit("0").is_err());
    }
}
