//! From a plan and its events to what a reader of a report wants to know.

use crate::agent::protocol::{Backup, End};
use crate::engine::{Event, Progress, Record};
use crate::error::{Error, Kind};
use crate::model::{OpId, Side};
use crate::plan::{Action, Step, StepId};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// How an operation ended, in the words of the exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Verified and committed.
    Done,
    /// Everything was taken back.
    RolledBack,
    /// Stopped part-way.
    Incomplete,
    /// A person has to look.
    Unknown,
}

impl Outcome {
    /// The exit code that stands for it.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::RolledBack => Kind::RolledBack.exit_code(),
            Self::Incomplete => Kind::Incomplete.exit_code(),
            Self::Unknown => Kind::Unknown.exit_code(),
        }
    }

    /// Large words for a screen.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Done => "DONE",
            Self::RolledBack => "ROLLED BACK",
            Self::Incomplete => "INCOMPLETE",
            Self::Unknown => "UNKNOWN - LOOK AT BOTH NODES",
        }
    }
}

/// What became of a step, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StepWord {
    /// The operation ended before it.
    #[serde(rename = "not begun")]
    NotBegun,
    /// Begun, and no answer came.
    Begun,
    /// Applied and read back.
    Done,
    /// The node was already as wanted.
    Unchanged,
    /// Failed.
    Failed,
    /// Taken back.
    Reverted,
}

/// One step with its outcome.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepOutcome {
    /// Number in the plan.
    pub id: StepId,
    /// Role of the node.
    pub side: Side,
    /// Host name of the node.
    pub node: String,
    /// What it was to do.
    pub title: String,
    /// What became of it.
    pub outcome: StepWord,
    /// Milliseconds of the round trip.
    pub took_ms: Option<f64>,
    /// What the node said.
    pub detail: String,
    /// File and unified diff, for file steps.
    pub diff: Option<(String, String)>,
    /// The original that was kept.
    pub backup: Option<Backup>,
}

/// One stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageReport {
    /// What it was for.
    pub title: String,
    /// Its steps.
    pub steps: Vec<StepOutcome>,
}

/// A whole report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Number.
    pub op: OpId,
    /// Verb.
    pub operation: String,
    /// One line.
    pub title: String,
    /// Name of the pair.
    pub pair: String,
    /// Host names, primary first.
    pub nodes: crate::model::BySide<String>,
    /// Operator.
    pub who: String,
    /// RFC 3339, controller's clock.
    pub began: String,
    /// Seconds from the first journal line to the last.
    pub seconds: f64,
    /// How it ended.
    pub outcome: Outcome,
    /// The process exit code that went with it.
    pub exit_code: u8,
    /// What went wrong, if anything.
    pub error: Option<Error>,
    /// What was asked.
    pub asked: Vec<(String, String)>,
    /// What the operator was told before.
    pub notice: Vec<String>,
    /// True when calls could be interrupted.
    pub service_affecting: bool,
    /// What was done.
    pub stages: Vec<StageReport>,
    /// Measured darkness, milliseconds, by VIP.
    pub outage_ms: Vec<(IpAddr, f64)>,
    /// Remarks on the way: verification, warnings.
    pub remarks: Vec<String>,
    /// Suffix of the in-place backups.
    pub backup_tag: String,
    /// How to take it back.
    pub how_to_undo: String,
}

impl Report {
    /// Puts plan and events together.
    pub fn new(record: &Record, events: &[Event]) -> Self {
        let (outcome, error) = ending(events);
        let plan = &record.plan;
        let stages = plan
            .stages
            .iter()
            .map(|stage| StageReport {
                title: stage.title.clone(),
                steps: stage
                    .steps
                    .iter()
                    .map(|step| step_outcome(record, step, events))
                    .collect(),
            })
            .collect();
        Self {
            op: record.op,
            operation: plan.operation.clone(),
            title: plan.title.clone(),
            pair: record.pair.clone(),
            nodes: record.nodes.clone(),
            who: record.owner.who.clone(),
            began: record.owner.since.clone(),
            seconds: milliseconds(events.last().map_or(0, |event| event.at_us)) / 1000.0,
            outcome,
            exit_code: outcome.exit_code(),
            error,
            asked: plan.asked.clone(),
            notice: plan.notice.clone(),
            service_affecting: plan.service_affecting,
            stages,
            outage_ms: outages(events),
            remarks: remarks(events),
            backup_tag: record.tag.clone(),
            how_to_undo: plan.how_to_undo.clone(),
        }
    }
}

fn ending(events: &[Event]) -> (Outcome, Option<Error>) {
    let last = events.iter().rev().find_map(|event| match &event.progress {
        Progress::Finished { end, error } => Some((*end, error.clone())),
        _ => None,
    });
    match last {
        Some((Some(End::Committed), error)) => (Outcome::Done, error),
        Some((Some(End::RolledBack | End::Abandoned), error)) => (Outcome::RolledBack, error),
        Some((None, Some(error))) if error.kind == Kind::Unknown => (Outcome::Unknown, Some(error)),
        Some((None, error)) => (Outcome::Incomplete, error),
        None => (Outcome::Incomplete, None),
    }
}

fn step_outcome(record: &Record, step: &Step, events: &[Event]) -> StepOutcome {
    let mut outcome = StepOutcome {
        id: step.id,
        side: step.side,
        node: record.nodes[step.side].clone(),
        title: step.title.clone(),
        outcome: StepWord::NotBegun,
        took_ms: None,
        detail: String::new(),
        diff: match &step.action {
            Action::File(put) if !put.diff.is_empty() => Some((put.path.clone(), put.diff.clone())),
            _ => None,
        },
        backup: None,
    };
    for event in events {
        match &event.progress {
            Progress::Done {
                step: id,
                took_us,
                report,
                ..
            } if *id == step.id => {
                outcome.outcome = if report.changed {
                    StepWord::Done
                } else {
                    StepWord::Unchanged
                };
                outcome.took_ms = Some(milliseconds(*took_us));
                outcome.detail.clone_from(&report.detail);
                outcome.backup = outcome.backup.or_else(|| report.backup.clone());
            }
            Progress::Failed { step: id, error, .. } if *id == step.id => {
                outcome.outcome = StepWord::Failed;
                outcome.detail = error.to_string();
            }
            Progress::Reverted { step: id, report, .. } if *id == step.id => {
                outcome.outcome = StepWord::Reverted;
                outcome.detail.clone_from(&report.detail);
            }
            Progress::Started { step: id, .. } if *id == step.id => {
                outcome.outcome = StepWord::Begun;
            }
            _ => {}
        }
    }
    outcome
}

fn outages(events: &[Event]) -> Vec<(IpAddr, f64)> {
    let outage = |event: &Event| match event.progress {
        Progress::Outage { target, dark_us } => Some((target, milliseconds(dark_us))),
        _ => None,
    };
    events.iter().filter_map(outage).collect()
}

fn remarks(events: &[Event]) -> Vec<String> {
    let remark = |event: &Event| match &event.progress {
        Progress::Remark { text } => Some(text.clone()),
        Progress::Cancelled => Some("stopped on request".to_owned()),
        _ => None,
    };
    events.iter().filter_map(remark).collect()
}

/// Milliseconds with microsecond resolution.
#[expect(clippy::cast_precision_loss, reason = "below 2^53 µs, which is 285 years")]
fn milliseconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1000.0
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::agent::protocol::{LockOwner, StepReport};
    use crate::model::BySide;
    use crate::plan::{Content, FilePut, Keep, Plan, Stage, Window};

    fn event(at_us: u64, progress: Progress) -> Event {
        Event { at_us, progress }
    }

    /// One file step, applied and taken back.
    #[expect(clippy::too_many_lines, reason = "one literal")]
    pub fn sample() -> Report {
        let put = FilePut {
            path: "/etc/hosts".into(),
            content: Some(Content::Text("new\n".into())),
            mode: 0o644,
            force_mode: false,
            owner: None,
            before: None,
            diff: "--- /etc/hosts\n+++ /etc/hosts\n+new\n".into(),
            keep: Keep::Beside,
        };
        let step = Step {
            id: StepId(1),
            side: Side::Primary,
            title: "write /etc/hosts".into(),
            action: Action::File(put),
            armed: false,
        };
        let plan = Plan {
            operation: "configure".into(),
            title: "configure the pair".into(),
            asked: vec![("primary.address".into(), "192.0.2.1".into())],
            facts: String::new(),
            notice: vec!["not service affecting".into()],
            stages: vec![Stage {
                title: "files".into(),
                steps: vec![step],
                window: Window::None,
            }],
            sides: Side::BOTH.to_vec(),
            service_affecting: false,
            how_to_undo: "pairadm undo 7".into(),
        };
        let record = Record {
            op: OpId(7),
            pair: "lab".into(),
            nodes: BySide {
                primary: "alpha".into(),
                secondary: "beta".into(),
            },
            tag: "pairadm_1_2".into(),
            owner: LockOwner {
                who: "root@desk".into(),
                pid: 1,
                operation: "configure".into(),
                since: "2026-01-01T03:00:00+00:00".into(),
            },
            plan,
        };
        let (step, side) = (StepId(1), Side::Primary);
        let done = StepReport {
            changed: true,
            detail: "written".into(),
            backup: Some(Backup {
                of: "/etc/hosts".into(),
                path: "/etc/hosts.pairadm_1_2".into(),
                sha256: "ab".into(),
                size: 4,
                op: OpId(7),
            }),
        };
        let back = StepReport {
            changed: true,
            detail: "restored".into(),
            backup: None,
        };
        let why = Error::new(Kind::RolledBack, "injected", "refused for a test").on("beta");
        Report::new(
            &record,
            &[
                event(
                    0,
                    Progress::Begun {
                        op: OpId(7),
                        tag: "pairadm_1_2".into(),
                    },
                ),
                event(10, Progress::Started { step, side }),
                event(
                    900,
                    Progress::Done {
                        step,
                        side,
                        took_us: 890,
                        report: done,
                    },
                ),
                event(
                    901,
                    Progress::Outage {
                        target: "192.0.2.100".parse().unwrap(),
                        dark_us: 3200,
                    },
                ),
                event(
                    950,
                    Progress::Reverted {
                        step,
                        side,
                        report: back,
                    },
                ),
                event(
                    990,
                    Progress::Finished {
                        end: Some(End::RolledBack),
                        error: Some(why),
                    },
                ),
            ],
        )
    }

    #[test]
    fn a_reverted_step_keeps_its_backup_and_says_reverted() {
        let report = sample();
        assert_eq!(report.outcome, Outcome::RolledBack);
        assert_eq!(report.exit_code, 3);
        assert_eq!(report.stages[0].steps[0].outcome, StepWord::Reverted);
        assert!(report.stages[0].steps[0].backup.is_some());
        assert_eq!(report.outage_ms[0].1.to_string(), "3.2");
    }

    #[test]
    fn a_journal_without_an_end_is_incomplete() {
        assert_eq!(ending(&[]).0, Outcome::Incomplete);
    }
}
