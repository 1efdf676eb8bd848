//! An operation while it runs, a line an event, for terminals that only scroll and for log files.

use super::amount::how_far;
use super::line::{Line, Tone};
use crate::engine::{Event, Progress as Happened};
use crate::model::{BySide, Moved, Side};
use crate::plan::{Plan, StepId};
use std::collections::BTreeMap;

/// Turns events of one plan into lines.
#[derive(Debug)]
pub struct Progress {
    stages: Vec<String>,
    titles: BTreeMap<StepId, String>,
    hosts: BySide<String>,
    verbose: bool,
    /// What was last said of a long step: part of the work and tenths of it.
    said: Option<(String, u64)>,
}

/// A long step is spoken of again after so many hundredths.
const STRIDE: u64 = 10;

impl Progress {
    /// For `plan` on the nodes called `hosts`; `verbose` adds beginnings and what nodes said.
    pub fn new(plan: &Plan, hosts: &BySide<String>, verbose: bool) -> Self {
        Self {
            stages: plan.stages.iter().map(|stage| stage.title.clone()).collect(),
            titles: plan.steps().map(|step| (step.id, step.title.clone())).collect(),
            hosts: hosts.clone(),
            verbose,
            said: None,
        }
    }

    /// The line for an event; none for those that say nothing to a reader.
    pub fn line(&mut self, event: &Event) -> Option<Line> {
        if let Happened::Moved { side, moved, .. } = &event.progress {
            return self.moved(*side, moved);
        }
        let step = |tone, word: &str, side, id: &StepId| {
            let title = self.titles.get(id).map_or("?", String::as_str);
            Line::plain(format!("  {:8}  ", self.hosts[side]))
                .then(tone, format!("{word:9}"))
                .then(Tone::Plain, format!("  {title}"))
        };
        Some(match &event.progress {
            Happened::Begun { op, tag } => {
                Line::strong(format!("Operation {op}")).then(Tone::Faint, format!("  backups: .{tag}"))
            }
            Happened::Stage { index } => {
                let title = self.stages.get(*index).map_or("?", String::as_str);
                Line::strong(format!("{}/{} {title}", index + 1, self.stages.len()))
            }
            Happened::Started { step: id, side } if self.verbose => step(Tone::Faint, "begins", *side, id),
            Happened::Done {
                step: id,
                side,
                took_us,
                report,
            } => {
                let word = if report.changed { "done" } else { "unchanged" };
                let line = step(Tone::Good, word, *side, id).then(
                    Tone::Faint,
                    format!("  {}.{} ms", took_us / 1000, took_us % 1000 / 100),
                );
                if self.verbose && !report.detail.is_empty() {
                    line.then(Tone::Faint, format!("  {}", report.detail))
                } else {
                    line
                }
            }
            Happened::Failed {
                step: id,
                side,
                error,
            } => step(Tone::Bad, "FAILED", *side, id).then(Tone::Bad, format!(": {error}")),
            Happened::Reverted { step: id, side, .. } => step(Tone::Warning, "reverted", *side, id),
            Happened::Remark { text } => Line::plain(format!("  {text}")),
            Happened::Outage { target, dark_us } => Line::plain(format!(
                "  {target} was dark for {}.{:03} ms",
                dark_us / 1000,
                dark_us % 1000
            )),
            Happened::Cancelled => {
                Line::toned(Tone::Warning, "Stopped by the operator after the current step")
            }
            _ => return None,
        })
    }

    /// How far a long step is, where that is news.
    fn moved(&mut self, side: Side, moved: &Moved) -> Option<Line> {
        let reached = (moved.what.clone(), moved.percent().unwrap_or(0) / STRIDE);
        if moved.what.is_empty() || self.said.as_ref() == Some(&reached) {
            return None;
        }
        self.said = Some(reached);
        Some(Line::toned(
            Tone::Faint,
            format!("  {:8}  {}", self.hosts[side], how_far(moved)),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::protocol::StepReport;
    use crate::error::Error;
    use crate::plan::{Action, Stage, Step, Window};

    fn progress(verbose: bool) -> Progress {
        let plan = Plan {
            operation: "traffic".to_owned(),
            title: "x".to_owned(),
            asked: Vec::new(),
            facts: String::new(),
            notice: Vec::new(),
            stages: vec![Stage {
                title: "block".to_owned(),
                steps: vec![Step {
                    id: StepId(1),
                    side: Side::Secondary,
                    title: "block SIP".to_owned(),
                    action: Action::Announce { vips: Vec::new() },
                    armed: false,
                }],
                window: Window::None,
            }],
            sides: Side::BOTH.to_vec(),
            service_affecting: false,
            how_to_undo: String::new(),
        };
        let hosts = BySide {
            primary: "alpha".to_owned(),
            secondary: "beta".to_owned(),
        };
        Progress::new(&plan, &hosts, verbose)
    }

    fn line(verbose: bool, happened: Happened) -> Option<String> {
        let event = Event {
            at_us: 0,
            progress: happened,
        };
        progress(verbose).line(&event).map(|line| line.paint(false))
    }

    #[test]
    fn each_step_tells_node_outcome_title_and_time() {
        let (step, side) = (StepId(1), Side::Secondary);
        let report = StepReport {
            changed: true,
            detail: "3 rules".to_owned(),
            backup: None,
        };
        let done = Happened::Done {
            step,
            side,
            took_us: 3210,
            report,
        };
        assert_eq!(
            line(false, done.clone()).unwrap(),
            "  beta      done       block SIP  3.2 ms"
        );
        assert!(line(true, done).unwrap().ends_with("3 rules"));
        let error = Error::refused("x", "no chain");
        let failed = line(false, Happened::Failed { step, side, error }).unwrap();
        assert!(
            failed.contains("FAILED") && failed.contains("no chain"),
            "{failed}"
        );
        assert_eq!(line(false, Happened::Stage { index: 0 }).unwrap(), "1/1 block");
        assert_eq!(line(false, Happened::Started { step, side }), None);
    }

    #[test]
    fn a_long_step_is_spoken_of_every_tenth_of_its_way() {
        let mut progress = progress(false);
        let mut line = |done| {
            let moved = Moved {
                what: "copy".to_owned(),
                done,
                total: Some(100),
                rate: 0,
            };
            let event = Event {
                at_us: 0,
                progress: Happened::Moved {
                    step: StepId(1),
                    side: Side::Secondary,
                    moved,
                },
            };
            progress.line(&event).map(|line| line.paint(false))
        };
        assert_eq!(line(10).unwrap(), "  beta      copy: 10 % of 100 B");
        assert_eq!(line(19), None);
        assert!(line(20).is_some());
    }
}
