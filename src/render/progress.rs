//! An operation while it runs, a line an event, for terminals that only scroll and for log files.

use super::line::{Line, Tone};
use crate::engine::{Event, Progress as Happened};
use crate::model::BySide;
use crate::plan::{Plan, StepId};
use std::collections::BTreeMap;

/// Turns events of one plan into lines.
#[derive(Debug)]
pub struct Progress {
    stages: Vec<String>,
    titles: BTreeMap<StepId, String>,
    hosts: BySide<String>,
    verbose: bool,
}

impl Progress {
    /// For `plan` on the nodes called `hosts`; `verbose` adds beginnings and what nodes said.
    pub fn new(plan: &Plan, hosts: &BySide<String>, verbose: bool) -> Self {
        Self {
            stages: plan.stages.iter().map(|stage| stage.title.clone()).collect(),
            titles: plan.steps().map(|step| (step.id, step.title.clone())).collect(),
            hosts: hosts.clone(),
            verbose,
        }
    }

    /// The line for an event; none for those that say nothing to a reader.
    pub fn line(&self, event: &Event) -> Option<Line> {
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::protocol::StepReport;
    use crate::error::Error;
    use crate::model::Side;
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
}
