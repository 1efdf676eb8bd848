//! Plans the schedule: a timer on both nodes. Each run looks whose turn it is, and only the passive
//! secondary does anything, so reversed roles and takeovers have nothing to switch.

use super::files::{guard_units, schedule_unit};
use super::{Basis, Draft, Plan, own_unit};
use crate::config::Profile;
use crate::error::{Error, Result};
use crate::facts::{DataQuery, FactsQuery};
use crate::intent::{AutoIntent, Schedule, What};
use crate::model::{BackupSource, Side};
use crate::render::{bytes, seconds};

/// Part of the time between two runs that a mirror may take: the rest is for the load, for a link that is
/// slow that night, and for growth.
const SHARE: u64 = 2;

/// What has to be known of either node.
pub fn query(profile: &Profile) -> FactsQuery {
    FactsQuery {
        files: [schedule_unit::TIMER, schedule_unit::SERVICE]
            .map(guard_units::path)
            .to_vec(),
        units: vec![schedule_unit::TIMER.to_owned()],
        data: Some(DataQuery {
            backup: profile.backup.clone(),
            live: Vec::new(),
        }),
        brief: true,
        ..FactsQuery::default()
    }
}

/// How fast data travels between the nodes, if that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// Bytes a second.
    pub bytes_s: u64,
    /// How that is known.
    pub how: String,
}

/// Plans it, or refuses.
pub fn plan(basis: &Basis<'_>, intent: &AutoIntent, rate: Option<&Rate>) -> Result<Plan> {
    let mut draft = Draft::default();
    let (title, notice) = match intent {
        AutoIntent::Create(schedule) => {
            create(basis, schedule, &mut draft)?;
            let title = format!(
                "bring {} to the secondary on a schedule",
                match schedule.what {
                    What::Sync => "administration files",
                    What::Copy => "data",
                    What::Both => "administration files and data",
                }
            );
            (title, notice(basis, schedule, rate))
        }
        AutoIntent::Remove => {
            remove(basis, &mut draft)?;
            let notice = vec!["Mirrors and what was loaded stay.".to_owned()];
            ("no longer bring anything on a schedule".to_owned(), notice)
        }
    };
    Ok(Plan {
        operation: "auto".to_owned(),
        title,
        asked: asked(intent),
        facts: basis.fingerprint(),
        notice,
        stages: draft.finish(),
        sides: Side::BOTH.to_vec(),
        service_affecting: false,
        how_to_undo: "`pairadm undo` with the number of this operation brings the schedule before back"
            .to_owned(),
    })
}

fn create(basis: &Basis<'_>, schedule: &Schedule, draft: &mut Draft) -> Result<()> {
    let profile = basis.profile;
    let copies = schedule.what != What::Sync;
    if copies && profile.data.is_empty() {
        let message = format!("the profile {} names no data", profile.name);
        return Err(Error::refused("no_data_sets", message)
            .at("what")
            .hint("add [[data]] sections to a profile in /etc/pairadm/profiles.d"));
    }
    if schedule.what != What::Copy {
        super::sync::needs_paths(profile)?;
    }
    if copies && schedule.backup && profile.backup != BackupSource::Own {
        let message = format!(
            "the profile {} says that something else makes the backup",
            profile.name
        );
        return Err(Error::refused("foreign_backup", message)
            .at("backup")
            .hint("answer no, or take [backup] out of the profile"));
    }
    let files = schedule_unit::texts(schedule)?.map(|(unit, text)| (guard_units::path(unit), Some(text)));
    draft.stage("Install files");
    let mut written = Vec::new();
    for side in Side::BOTH {
        basis.state(side)?;
        if own_unit::write(basis, side, &files, draft)? {
            written.push(side);
        }
    }
    draft.stage("Put files into effect");
    own_unit::reload(&[schedule_unit::TIMER, schedule_unit::SERVICE], draft);
    draft.stage("Start the timer");
    for side in Side::BOTH {
        own_unit::start(basis, side, schedule_unit::TIMER, written.contains(&side), draft)?;
    }
    Ok(())
}

fn remove(basis: &Basis<'_>, draft: &mut Draft) -> Result<()> {
    draft.stage("Stop the timer");
    for side in Side::BOTH {
        own_unit::stop(basis, side, schedule_unit::TIMER, draft)?;
    }
    draft.stage("Remove files");
    let files = [schedule_unit::TIMER, schedule_unit::SERVICE].map(|unit| (guard_units::path(unit), None));
    for side in Side::BOTH {
        own_unit::write(basis, side, &files, draft)?;
    }
    draft.stage("Put files into effect");
    own_unit::reload(&[schedule_unit::TIMER, schedule_unit::SERVICE], draft);
    Ok(())
}

fn asked(intent: &AutoIntent) -> Vec<(String, String)> {
    let pair = |key: &str, value: String| (key.to_owned(), value);
    match intent {
        AutoIntent::Remove => vec![pair("schedule", "no".to_owned())],
        AutoIntent::Create(schedule) => vec![
            pair("schedule", schedule.calendar.clone()),
            pair("spread", seconds(u64::from(schedule.spread_s))),
            pair("what", schedule.what.as_str().to_owned()),
            pair("backup", if schedule.backup { "yes" } else { "no" }.to_owned()),
        ],
    }
}

fn notice(basis: &Basis<'_>, schedule: &Schedule, rate: Option<&Rate>) -> Vec<String> {
    let mut lines = vec![
        format!(
            "{} does it by itself while it is passive, at {} and up to {} later; a run that was missed is made up for.",
            basis.label(Side::Secondary),
            schedule.calendar,
            seconds(u64::from(schedule.spread_s))
        ),
        "Both nodes get the timer: the one that is the secondary when it elapses acts.".to_owned(),
    ];
    if schedule.what == What::Sync {
        return lines;
    }
    let backup = basis.facts[Side::Primary].and_then(|facts| facts.data.as_ref()?.backup.as_ref());
    match (backup, schedule.backup) {
        (None, false) => lines.push(
            "Warning: the primary has no backup now, and pairadm is not asked to make one: until there is one, runs fail."
                .to_owned(),
        ),
        (Some(_), false) if basis.profile.backup == BackupSource::Own => lines.push(format!(
            "Warning: nobody but `pairadm data backup` makes the primary's backup; one older than {} hours is not copied.",
            basis.pair.copying.max_age_h
        )),
        _ => {}
    }
    let Some(backup) = backup else {
        return lines;
    };
    let limit = basis.pair.copying.limit.map(|limit| u64::from(limit) << 10);
    let rate = rate.map(|rate| Rate {
        bytes_s: limit.map_or(rate.bytes_s, |limit| limit.min(rate.bytes_s)),
        how: rate.how.clone(),
    });
    lines.extend(rate.map(|rate| fits(backup.bytes, schedule.interval_s(), &rate)));
    lines
}

/// Whether a mirror is there before the next one begins (A3).
fn fits(size: u64, interval_s: u64, rate: &Rate) -> String {
    let takes = size / rate.bytes_s.max(1);
    let words = format!(
        "a whole mirror of {} takes {} at {}/s ({})",
        bytes(size),
        seconds(takes),
        bytes(rate.bytes_s),
        rate.how
    );
    if takes.saturating_mul(SHARE) > interval_s {
        format!(
            "Warning: {words}, and the next run begins after {}: choose longer intervals or a faster link.",
            seconds(interval_s)
        )
    } else {
        let mut letters = words.chars();
        let first: String = letters
            .next()
            .map(|c| c.to_uppercase().collect())
            .unwrap_or_default();
        format!("{first}{}.", letters.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{BackupFacts, DataFacts};
    use crate::plan::Action;
    use crate::plan::checks::sample::{image, unit};
    use crate::plan::sample::Sample;

    fn pair() -> Sample {
        let mut sample = Sample::default();
        for side in Side::BOTH {
            let facts = sample.side(side);
            for name in [schedule_unit::TIMER, schedule_unit::SERVICE] {
                facts.files.push(image(&guard_units::path(name), None));
            }
            facts
                .units
                .push(unit(schedule_unit::TIMER, "not-found", "inactive", ""));
        }
        sample
    }

    fn schedule(what: What) -> Schedule {
        Schedule {
            calendar: "*-*-* 00/6:00:00".to_owned(),
            spread_s: 0,
            what,
            backup: false,
        }
    }

    fn with_backup(bytes: u64) -> Sample {
        let mut sample = pair();
        sample.side(Side::Primary).data = Some(DataFacts {
            backup: Some(BackupFacts {
                path: "/b".to_owned(),
                manifest: None,
                made: 0,
                bytes,
                files: 1,
                op: None,
                generation: None,
                version: None,
                node: None,
            }),
            ..DataFacts::default()
        });
        sample
    }

    #[test]
    fn both_nodes_get_the_timer_and_a_second_time_nothing_changes() {
        let mut sample = pair();
        let intent = AutoIntent::Create(schedule(What::Copy));
        let first = plan(&sample.basis(), &intent, None).unwrap();
        for side in Side::BOTH {
            let steps: Vec<&Action> = first
                .steps()
                .filter(|step| step.side == side)
                .map(|step| &step.action)
                .collect();
            assert_eq!(steps.len(), 5, "{steps:?}");
        }
        for step in first.steps() {
            crate::plan::checks::sample::apply(sample.side(step.side), &step.action);
        }
        let again = plan(&sample.basis(), &intent, None).unwrap();
        assert!(again.is_empty(), "{again:?}");
        let off = plan(&sample.basis(), &AutoIntent::Remove, None).unwrap();
        assert_eq!(off.steps().filter(|step| step.side == Side::Primary).count(), 5);
    }

    #[test]
    fn a_mirror_that_does_not_fit_before_the_next_run_is_warned_of() {
        let rate = Rate {
            bytes_s: 1 << 20,
            how: "measured".to_owned(),
        };
        let told = |sample: &Sample| {
            let intent = AutoIntent::Create(schedule(What::Copy));
            plan(&sample.basis(), &intent, Some(&rate))
                .unwrap()
                .notice
                .join("\n")
        };
        let small = told(&with_backup(1 << 30));
        assert!(
            small.contains("A whole mirror of 1.0 GiB takes 17 min 4 s"),
            "{small}"
        );
        let large = told(&with_backup(1 << 34));
        assert!(
            large.contains("Warning: a whole mirror of 16.0 GiB takes 4 h 33 min"),
            "{large}"
        );
        let mut limited = with_backup(1 << 30);
        limited.pair.copying.limit = Some(64);
        assert!(told(&limited).contains("64.0 KiB/s"), "the limit counts");
    }

    #[test]
    fn what_the_profile_lacks_is_refused() {
        let mut sample = pair();
        sample.profile.data.clear();
        let code = |sample: &Sample, what| {
            plan(&sample.basis(), &AutoIntent::Create(schedule(what)), None)
                .unwrap_err()
                .code
        };
        assert_eq!(code(&sample, What::Copy), "no_data_sets");
        sample.profile.admin_sync.paths.clear();
        assert_eq!(code(&sample, What::Sync), "no_admin_sync");
    }
}
