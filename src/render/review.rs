//! A plan as it is reviewed before anything is touched: notice, steps by stage, diffs by file, way back.
//! Fits 80 columns, except that diffs keep their lines whole.

use super::line::{Line, Tone, fill};
use crate::data::{self, FileChange};
use crate::model::BySide;
use crate::plan::{Action, FilePut, Plan};

/// Columns of a serial console.
const WIDTH: usize = 80;

/// The review of `plan` on the nodes called `hosts`.
pub fn review(plan: &Plan, hosts: &BySide<String>) -> Vec<Line> {
    let mut lines = vec![Line::strong(&plan.title)];
    if plan.is_empty() {
        lines.push(Line::toned(
            Tone::Good,
            format!("Nothing to do: {}.", plan.as_asked()),
        ));
        notice(plan, &mut lines);
        return lines;
    }
    lines.push(if plan.service_affecting {
        Line::toned(
            Tone::Warning,
            "This is service affecting: calls may be interrupted.",
        )
    } else {
        Line::toned(Tone::Good, "This is not service affecting.")
    });
    asked(plan, &mut lines);
    notice(plan, &mut lines);
    steps(plan, hosts, &mut lines);
    diffs(plan, hosts, &mut lines);
    lines.push(Line::default());
    lines.extend(
        fill("To take it back: ", &plan.how_to_undo, WIDTH)
            .into_iter()
            .map(Line::plain),
    );
    lines
}

fn heading(text: &str, lines: &mut Vec<Line>) {
    lines.push(Line::default());
    lines.push(Line::strong(text));
}

fn asked(plan: &Plan, lines: &mut Vec<Line>) {
    if plan.asked.is_empty() {
        return;
    }
    heading("Asked", lines);
    let widest = plan
        .asked
        .iter()
        .map(|(key, _)| key.chars().count())
        .max()
        .unwrap_or(0);
    for (key, value) in &plan.asked {
        let first = format!("  {key:widest$}  ");
        lines.extend(fill(&first, value, WIDTH).into_iter().map(Line::plain));
    }
}

fn notice(plan: &Plan, lines: &mut Vec<Line>) {
    if plan.notice.is_empty() {
        return;
    }
    heading("Notice", lines);
    for text in &plan.notice {
        // A line that begins as an item belongs to the line above it.
        let (first, text) = match text.strip_prefix("- ") {
            Some(item) => ("      ", item),
            None => ("  - ", text.as_str()),
        };
        lines.extend(fill(first, text, WIDTH).into_iter().map(Line::plain));
    }
}

fn steps(plan: &Plan, hosts: &BySide<String>, lines: &mut Vec<Line>) {
    heading("Steps", lines);
    let widest = hosts
        .iter()
        .map(|(_, host)| host.chars().count())
        .max()
        .unwrap_or(0);
    for (number, stage) in (1..).zip(plan.stages.iter().filter(|stage| !stage.steps.is_empty())) {
        lines.push(Line::plain(format!("  {number}. {}", stage.title)));
        for step in &stage.steps {
            let first = format!("     {:>3}  {:widest$}  ", step.id, hosts[step.side]);
            lines.extend(fill(&first, &step.title, WIDTH).into_iter().map(Line::plain));
        }
    }
}

fn diffs(plan: &Plan, hosts: &BySide<String>, lines: &mut Vec<Line>) {
    for (host, change) in loaded_files(plan, hosts) {
        let what = match change.change {
            data::Change::Added => "is new",
            data::Change::Changed => "changes",
            data::Change::Removed => "is removed",
        };
        diff(&format!("{host}: {} {what}", change.path), &change.diff, lines);
    }
    for (host, file) in files_of(plan, hosts) {
        let what = match (&file.before, &file.content) {
            (_, None) => "is removed",
            (None, Some(_)) => "is new",
            (Some(_), Some(_)) => "changes",
        };
        diff(&format!("{host}: {} {what}", file.path), &file.diff, lines);
    }
}

fn diff(title: &str, diff: &str, lines: &mut Vec<Line>) {
    heading(title, lines);
    if diff.is_empty() {
        lines.push(Line::toned(Tone::Faint, "  (no text to show)"));
    }
    for line in diff.lines() {
        let tone = match line.as_bytes().first() {
            Some(b'+') => Tone::Good,
            Some(b'-') => Tone::Bad,
            Some(b'@') => Tone::Faint,
            _ => Tone::Plain,
        };
        lines.push(Line::toned(tone, line));
    }
}

fn loaded_files<'p>(
    plan: &'p Plan,
    hosts: &'p BySide<String>,
) -> impl Iterator<Item = (&'p str, &'p FileChange)> {
    plan.steps().flat_map(move |step| {
        let changes: &[FileChange] = match &step.action {
            Action::Swap(order) => &order.changes,
            _ => &[],
        };
        changes
            .iter()
            .map(move |change| (hosts[step.side].as_str(), change))
    })
}

fn files_of<'p>(plan: &'p Plan, hosts: &'p BySide<String>) -> impl Iterator<Item = (&'p str, &'p FilePut)> {
    plan.steps().filter_map(|step| match &step.action {
        Action::File(file) => Some((hosts[step.side].as_str(), file)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Side;
    use crate::plan::{Content, Keep, Stage, Step, StepId, UnitVerb, Window};

    fn plan() -> Plan {
        let file = FilePut {
            path: "/etc/hosts".to_owned(),
            content: Some(Content::Text("b\n".to_owned())),
            mode: 0o644,
            force_mode: false,
            owner: None,
            before: Some("0".repeat(64)),
            diff: "@@ -1 +1 @@\n-a\n+b\n".to_owned(),
            keep: Keep::Beside,
        };
        let step = |id, side, title: &str, action| Step {
            id: StepId(id),
            side,
            title: title.to_owned(),
            action,
            armed: false,
        };
        let unit = Action::Unit {
            unit: "kamailio.service".to_owned(),
            verb: UnitVerb::Restart,
        };
        Plan {
            operation: "configure".to_owned(),
            title: "configure the pair office".to_owned(),
            asked: vec![("secondary.fqdn".to_owned(), "beta.example.net".to_owned())],
            facts: String::new(),
            notice: vec!["kamailio.service is restarted on both nodes, one after the other, so that calls in progress on the active side may be lost".to_owned()],
            stages: vec![
                Stage { title: "files".to_owned(), steps: vec![step(1, Side::Primary, "replace /etc/hosts", Action::File(file.clone())), step(2, Side::Secondary, "replace /etc/hosts", Action::File(file))], window: Window::None },
                Stage { title: "services".to_owned(), steps: vec![step(3, Side::Secondary, "restart kamailio.service", unit)], window: Window::None },
            ],
            sides: Side::BOTH.to_vec(),
            service_affecting: true,
            how_to_undo: "pairadm undo OP".to_owned(),
        }
    }

    fn text(plan: &Plan) -> String {
        let hosts = BySide {
            primary: "alpha".to_owned(),
            secondary: "beta".to_owned(),
        };
        review(plan, &hosts)
            .iter()
            .map(|line| line.paint(false) + "\n")
            .collect()
    }

    #[test]
    fn the_review_names_services_files_steps_diffs_and_backups() {
        insta::assert_snapshot!(text(&plan()));
        assert!(text(&plan()).lines().all(|line| line.chars().count() <= 80));
    }

    #[test]
    fn a_plan_without_steps_says_that_nothing_is_to_do() {
        let mut empty = plan();
        empty.stages.clear();
        assert!(text(&empty).contains("Nothing to do"));
    }
}
