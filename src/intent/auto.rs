//! `data auto`: when data is brought to the secondary without a person, and what.

use super::{Answers, Field, Form, read};
use crate::error::Result;
use crate::model::Pair;
use crate::model::syntax::shown;

/// What is done on the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Administration files.
    Sync,
    /// The primary's backup, copied and loaded.
    Copy,
    /// Both.
    Both,
}

impl What {
    /// The word used in answers and flags.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Copy => "copy",
            Self::Both => "both",
        }
    }
}

impl std::str::FromStr for What {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "sync" => Ok(Self::Sync),
            "copy" => Ok(Self::Copy),
            "both" => Ok(Self::Both),
            other => Err(format!(
                "`{}` is not a choice; accepted: sync, copy, both",
                shown(other)
            )),
        }
    }
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// As systemd's `OnCalendar` takes it, see systemd.time(7).
    pub calendar: String,
    /// Seconds over which the start is spread.
    pub spread_s: u32,
    /// What is done.
    pub what: What,
    /// The primary's backup is made first.
    pub backup: bool,
}

impl Schedule {
    /// Seconds between two runs at the least.
    pub fn interval_s(&self) -> u64 {
        let hours = self
            .calendar
            .split_once(" 00/")
            .and_then(|(_, rest)| rest.split(':').next());
        hours.and_then(|hours| hours.parse::<u64>().ok()).unwrap_or(24) * 3600
    }
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AutoIntent {
    /// From now on by this schedule, in place of another.
    Create(Schedule),
    /// No longer.
    Remove,
}

/// The questions.
pub fn form(pair: &Pair) -> Form {
    const SCHEDULE_HELP: &str = "With a schedule the secondary brings data over by itself, only while it is
passive; what it does is reported like everything else.
None: no longer by itself.";
    const WHAT_HELP: &str = "copy: the primary's current backup is copied and loaded, translated.
sync: administration files are brought over.
both: first files, then data.";
    const AT_HELP: &str = "Time of day as hours and minutes, in the secondary's time zone.
Choose an hour of little traffic.";
    const EVERY_HELP: &str = "Hours from one run to the next: 1, 2, 3, 4, 6, 8, 12 or 24.
With 24 the time of day counts, else runs begin at midnight and so on.";
    const SPREAD_HELP: &str = "Minutes, 0 to 720, over which the start is spread by chance, so that
several pairs do not all begin at once.";
    const BACKUP_HELP: &str = "pairadm never makes the primary's backup unless it is asked to.
Say yes when nothing else makes one before each run.";
    let created = |answers: &Answers| answers.get("schedule") == Some("yes");
    let copies = |answers: &Answers| {
        answers.get("schedule") == Some("yes") && answers.get("what").is_some_and(|what| what != "sync")
    };
    Form {
        title: format!("Schedule of the pair {}", pair.name),
        fields: vec![
            Field::yes_no("schedule", "Run on a schedule", SCHEDULE_HELP, true),
            Field::choice(
                "what",
                "What is done",
                WHAT_HELP,
                [
                    ("copy", "copy and load data"),
                    ("sync", "synchronize administration files"),
                    ("both", "both"),
                ],
            )
            .default("copy")
            .asked_if(created),
            Field::text("every", "Hours between runs", EVERY_HELP)
                .required()
                .default("24")
                .check(|value, _| hours(value).map(drop))
                .asked_if(created),
            Field::text("at", "Time of day", AT_HELP)
                .required()
                .default("03:30")
                .check(|value, _| time_of_day(value).map(drop))
                .asked_if(|answers| {
                    answers.get("schedule") == Some("yes") && answers.get("every") == Some("24")
                }),
            Field::text("spread", "Spread in minutes", SPREAD_HELP)
                .required()
                .default("30")
                .check(|value, _| minutes(value).map(drop))
                .asked_if(created),
            Field::yes_no("backup", "Make the backup first", BACKUP_HELP, false).asked_if(copies),
        ],
    }
}

/// What completed answers ask for.
pub fn resolve(answers: &Answers) -> Result<AutoIntent> {
    if !answers.is_yes("schedule") {
        return Ok(AutoIntent::Remove);
    }
    let every = read::needed(answers, "every", hours)?;
    let calendar = if every == 24 {
        let (hour, minute) = read::needed(answers, "at", time_of_day)?;
        format!("*-*-* {hour:02}:{minute:02}:00")
    } else {
        format!("*-*-* 00/{every}:00:00")
    };
    Ok(AutoIntent::Create(Schedule {
        calendar,
        spread_s: read::needed(answers, "spread", minutes)? * 60,
        what: read::needed(answers, "what", str::parse)?,
        backup: answers.is_yes("backup"),
    }))
}

/// Divisors of a day, so that runs are evenly apart across midnight.
fn hours(text: &str) -> std::result::Result<u32, String> {
    const ACCEPTED: [u32; 8] = [1, 2, 3, 4, 6, 8, 12, 24];
    let hours = text.parse().ok().filter(|hours| ACCEPTED.contains(hours));
    hours.ok_or_else(|| {
        format!(
            "`{}` is not a number of hours; accepted: 1, 2, 3, 4, 6, 8, 12, 24",
            shown(text)
        )
    })
}

fn time_of_day(text: &str) -> std::result::Result<(u32, u32), String> {
    let refuse = || format!("`{}` is not a time of day; accepted: 00:00 to 23:59", shown(text));
    let (hour, minute) = text.split_once(':').ok_or_else(refuse)?;
    let number = |text: &str, most: u32| {
        let clean = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number| clean && *number <= most)
    };
    number(hour, 23).zip(number(minute, 59)).ok_or_else(refuse)
}

fn minutes(text: &str) -> std::result::Result<u32, String> {
    let minutes = text.parse().ok().filter(|minutes| *minutes <= 720);
    minutes.ok_or_else(|| format!("`{}` is not a number of minutes; accepted: 0 to 720", shown(text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sample;

    fn asked(pairs: &[&str]) -> Result<AutoIntent> {
        let mut answers = Answers::default();
        for pair in pairs {
            answers.set_pair(pair).unwrap();
        }
        resolve(&form(&sample::office()).complete(&answers)?)
    }

    #[test]
    fn without_answers_data_is_copied_once_a_day_at_night() {
        let AutoIntent::Create(schedule) = asked(&[]).unwrap() else {
            panic!("a schedule is made");
        };
        assert_eq!(schedule.calendar, "*-*-* 03:30:00");
        assert_eq!(
            (schedule.spread_s, schedule.what, schedule.backup),
            (1800, What::Copy, false)
        );
        assert_eq!(schedule.interval_s(), 24 * 3600);
    }

    #[test]
    fn runs_of_the_day_are_evenly_apart() {
        let AutoIntent::Create(schedule) = asked(&["every=6", "what=both", "backup=yes"]).unwrap() else {
            panic!("a schedule is made");
        };
        assert_eq!(schedule.calendar, "*-*-* 00/6:00:00");
        assert_eq!(schedule.interval_s(), 6 * 3600);
        assert!(schedule.backup);
    }

    #[test]
    fn what_is_no_time_is_refused_by_field() {
        for (answer, field) in [
            ("at=24:00", "at"),
            ("at=3", "at"),
            ("at=+3:30", "at"),
            ("every=5", "every"),
            ("spread=721", "spread"),
        ] {
            let error = asked(&[answer]).unwrap_err();
            assert_eq!(error.subject.as_deref(), Some(field), "{answer}");
            assert!(error.message.contains("accepted"), "{error}");
        }
        assert_eq!(asked(&["schedule=no"]).unwrap(), AutoIntent::Remove);
    }
}
