//! Questions about how backups are copied, as settings of the pair.

use super::{Answers, Field, read};
use crate::error::Result;
use crate::model::Copying;

/// How many mirrors.
pub fn keep() -> Field {
    const HELP: &str = "How many copies of the primary's backups the secondary keeps, 1 to 30.
The oldest goes after the newest is verified. Files that are the same in
several of them lie on the disk once.";
    Field::text("mirrors_keep", "Mirrors to keep", HELP)
        .required()
        .check(|value, _| Copying::parse_keep(value).map(drop))
}

/// How old a backup may be.
pub fn max_age() -> Field {
    const HELP: &str = "A backup older than so many hours is not copied: what makes the backups
has stopped working then. 26 suits a daily backup.";
    Field::text("backup_max_age", "Oldest backup, hours", HELP)
        .required()
        .check(|value, _| Copying::parse_max_age(value).map(drop))
}

/// How fast.
pub fn limit() -> Field {
    const HELP: &str = "KiB a second that a copy takes at most of the link between the servers.
Empty means as fast as it goes.";
    Field::text("copy_limit", "Copy at most, KiB/s", HELP)
        .check(|value, _| Copying::parse_limit(value).map(drop))
}

/// What completed answers say.
pub fn resolve(answers: &Answers) -> Result<Copying> {
    Ok(Copying {
        keep: read::needed(answers, "mirrors_keep", Copying::parse_keep)?,
        max_age_h: read::needed(answers, "backup_max_age", Copying::parse_max_age)?,
        limit: read::value(answers, "copy_limit", Copying::parse_limit)?,
    })
}

/// The answers that describe present settings.
pub fn describe(copying: &Copying, answers: &mut Answers) {
    answers.set("mirrors_keep", copying.keep.to_string());
    answers.set("backup_max_age", copying.max_age_h.to_string());
    if let Some(limit) = copying.limit {
        answers.set("copy_limit", limit.to_string());
    }
}
