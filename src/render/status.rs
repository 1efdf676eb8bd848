//! The pair at a glance as a table of two columns for 80-column terminals.

use super::amount::{how_far, seconds};
use super::line::{Line, Tone, fill};
use crate::data::{RunEnd, Trigger};
use crate::model::{Side, Traffic};
use crate::status::{Aged, Held, NodeStatus, Severity, Status};

const LABEL: usize = 18;
const COLUMN: usize = 28;
const WIDTH: usize = 80;

/// Everything `pairadm status` prints.
pub fn status(status: &Status) -> Vec<Line> {
    let mut lines = vec![
        Line::strong(format!("Pair {} ({})", status.pair, status.profile))
            .then(Tone::Faint, format!("  {}", status.at)),
        Line::default(),
        row("", Side::BOTH.map(|side| (Tone::Strong, side.to_string()))),
    ];
    let nodes = Side::BOTH.map(|side| &status.nodes[side]);
    lines.push(row(
        "host",
        nodes.map(|node| (Tone::Plain, node.hostname.clone())),
    ));
    lines.push(row("serves calls", Side::BOTH.map(|side| activity(status, side))));
    lines.push(row("traffic", nodes.map(traffic)));
    for (address, holders) in &status.vips {
        let held = Side::BOTH.map(|side| held(&status.nodes[side], holders.contains(&side), holders.len()));
        lines.push(row(&format!("VIP {address}"), held));
    }
    for name in service_names(status) {
        lines.push(row(&name, nodes.map(|node| service(node, &name))));
    }
    let secondary = &status.nodes.secondary.hostname;
    let mut optional = |label: &str, of: &dyn Fn(&NodeStatus) -> Option<String>| {
        let values = nodes.map(of);
        if values.iter().any(Option::is_some) {
            lines.push(row(
                label,
                values.map(|value| (Tone::Plain, value.unwrap_or_else(|| "-".to_owned()))),
            ));
        }
    };
    optional("SIP answers in", &|node| node.sip_us.map(milliseconds));
    optional("version", &|node| node.version.clone());
    for counter in counter_names(status) {
        optional(&counter, &|node| {
            let found = node.counters.iter().find(|(name, _)| *name == counter);
            found.map(|(_, value)| value.to_string())
        });
    }
    optional("link from here", &|node| node.link_us.map(milliseconds));
    optional("link to peer", &|node| node.peer_us.map(milliseconds));
    optional("generation", &|node| {
        node.generation.map(|generation| generation.to_string())
    });
    optional("pending restart", &|node| {
        (!node.pending_restart.is_empty()).then(|| node.pending_restart.join(", "))
    });
    let mirror = |of: fn(&Held) -> Option<&Aged>| {
        // The primary has mirrors for a failback only: where it has none, that is nothing to tell.
        move |node: &NodeStatus| {
            let held = node.mirrors.as_ref()?;
            let told = of(held).map(|mirror| format!("{}, {} old", mirror.name, seconds(mirror.age_s)));
            told.or_else(|| (node.hostname == *secondary).then(|| "none".to_owned()))
        }
    };
    optional("newest mirror", &mirror(|held| held.newest.as_ref()));
    optional("loaded mirror", &mirror(|held| held.loaded.as_ref()));
    optional("continuous sync", &|node| node.sync.clone());
    optional("next scheduled run", &|node| node.next_run.clone());
    optional("last scheduled run", &|node| {
        let run = node.runs.iter().find(|run| run.trigger == Trigger::Timer);
        run.map(|run| format!("{} {}", ended(run.end), shortly(&run.at)))
    });
    unreachable(status, &mut lines);
    last_operation(status, &mut lines);
    going_on(status, &mut lines);
    left_to_do(status, &mut lines);
    warnings(status, &mut lines);
    lines
}

const fn ended(end: RunEnd) -> &'static str {
    match end {
        RunEnd::Done => "done",
        RunEnd::Skipped => "skipped",
        RunEnd::Failed => "failed",
    }
}

/// A time of RFC 3339 to the minute.
fn shortly(at: &str) -> String {
    at.chars()
        .take(16)
        .map(|c| if c == 'T' { ' ' } else { c })
        .collect()
}

fn row(label: &str, cells: [(Tone, String); 2]) -> Line {
    let mut line = Line::toned(Tone::Faint, format!("{label:LABEL$}  "));
    let [(first_tone, first), (second_tone, second)] = cells;
    // A tone ends before the padding, so that reverse or underline never fills a gap.
    let gap = COLUMN.saturating_sub(first.chars().count()).max(2);
    line = line.then(first_tone, &first).then(Tone::Plain, " ".repeat(gap));
    line.then(second_tone, second)
}

fn activity(status: &Status, side: Side) -> (Tone, String) {
    if status.nodes[side].unreachable.is_some() {
        return (Tone::Bad, "unreachable".to_owned());
    }
    match status.active {
        Some(active) if active == side => (Tone::Good, "active".to_owned()),
        Some(_) => (Tone::Plain, "passive".to_owned()),
        None => (Tone::Warning, "not established".to_owned()),
    }
}

fn traffic(node: &NodeStatus) -> (Tone, String) {
    match node.traffic {
        Some(Traffic::Allowed) => (Tone::Good, "allowed".to_owned()),
        Some(Traffic::Blocked) => (Tone::Plain, "blocked".to_owned()),
        None => (Tone::Warning, "unknown".to_owned()),
    }
}

fn held(node: &NodeStatus, holds: bool, holders: usize) -> (Tone, String) {
    match (holds, holders) {
        _ if node.unreachable.is_some() => (Tone::Warning, "unknown".to_owned()),
        (true, 1) => (Tone::Good, "held".to_owned()),
        (true, _) => (Tone::Bad, "held (by both)".to_owned()),
        (false, _) => (Tone::Faint, "-".to_owned()),
    }
}

fn service(node: &NodeStatus, name: &str) -> (Tone, String) {
    match node.services.iter().find(|(service, _)| service == name) {
        Some((_, state)) if state == "active" => (Tone::Good, state.clone()),
        Some((_, state)) => (Tone::Bad, state.clone()),
        None => (Tone::Warning, "unknown".to_owned()),
    }
}

fn unreachable(status: &Status, lines: &mut Vec<Line>) {
    for (_, node) in status.nodes.iter() {
        if let Some(why) = &node.unreachable {
            lines.push(Line::default());
            let filled = fill(&format!("{} unreachable: ", node.hostname), why, WIDTH);
            lines.extend(filled.into_iter().map(|text| Line::toned(Tone::Bad, text)));
        }
    }
}

fn last_operation(status: &Status, lines: &mut Vec<Line>) {
    let Some((op, what, open)) = &status.last_operation else {
        return;
    };
    lines.push(Line::default());
    let line = Line::plain(format!("Last operation: {op} {what}"));
    lines.push(if *open {
        line.then(Tone::Warning, format!("  unfinished: pairadm resume {op}"))
    } else {
        line
    });
}

fn going_on(status: &Status, lines: &mut Vec<Line>) {
    for (_, node) in status.nodes.iter() {
        if let Some(work) = &node.work {
            let far = how_far(&work.moved);
            lines.push(Line::plain(format!(
                "Going on on {}: {} {}: {far}",
                node.hostname, work.op, work.title
            )));
        }
    }
}

fn left_to_do(status: &Status, lines: &mut Vec<Line>) {
    let debts: Vec<_> = status.nodes.iter().flat_map(|(_, node)| &node.debts).collect();
    if debts.is_empty() {
        return;
    }
    lines.push(Line::default());
    lines.push(Line::strong("Left to do"));
    for debt in debts {
        let text = format!("{}: {} (since operation {})", debt.node, debt.what, debt.op);
        lines.extend(fill("  - ", &text, WIDTH).into_iter().map(Line::plain));
    }
}

fn warnings(status: &Status, lines: &mut Vec<Line>) {
    if status.warnings.is_empty() {
        return;
    }
    lines.push(Line::default());
    lines.push(Line::strong("Warnings"));
    for warning in &status.warnings {
        let (tone, mark) = match warning.severity {
            Severity::Critical => (Tone::Bad, "  critical: "),
            Severity::Warning => (Tone::Warning, "  warning: "),
            Severity::Info => (Tone::Plain, "  note: "),
        };
        let filled = fill(mark, &warning.text, WIDTH);
        lines.extend(filled.into_iter().map(|text| Line::toned(tone, text)));
        if let Some(hint) = &warning.hint {
            lines.extend(fill("    -> ", hint, WIDTH).into_iter().map(Line::plain));
        }
    }
}

fn service_names(status: &Status) -> Vec<String> {
    names(status, |node| {
        node.services.iter().map(|(name, _)| name.clone()).collect()
    })
}

fn counter_names(status: &Status) -> Vec<String> {
    names(status, |node| {
        node.counters.iter().map(|(name, _)| name.clone()).collect()
    })
}

fn names(status: &Status, of: impl Fn(&NodeStatus) -> Vec<String>) -> Vec<String> {
    let mut names = Vec::new();
    for name in status.nodes.iter().flat_map(|(_, node)| of(node)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Microseconds as milliseconds with two decimals.
fn milliseconds(us: u64) -> String {
    format!("{}.{:02} ms", us / 1000, us % 1000 / 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{BySide, Debt, Generation, OpId, Priority};
    use crate::status::Warning;

    fn node(name: &str) -> NodeStatus {
        NodeStatus {
            hostname: name.to_owned(),
            unreachable: None,
            traffic: Some(Traffic::Allowed),
            holds: vec!["192.0.2.10".parse().unwrap()],
            services: vec![("kamailio.service".to_owned(), "active".to_owned())],
            sip_us: Some(412),
            version: Some("kamailio 5.6.3".to_owned()),
            counters: vec![("calls".to_owned(), 3)],
            link_us: Some(1234),
            peer_us: None,
            generation: Some(Generation(4)),
            pending_restart: Vec::new(),
            debts: Vec::new(),
            alarm_files: Vec::new(),
            alarms: Vec::new(),
            work: None,
            sync: None,
            next_run: None,
            mirrors: None,
            runs: Vec::new(),
        }
    }

    fn text(shown: &Status) -> String {
        status(shown)
            .iter()
            .map(|line| line.paint(false).trim_end().to_owned() + "\n")
            .collect()
    }

    #[test]
    fn a_pair_with_one_node_down_is_shown_with_what_is_left_to_do() {
        let mut beta = node("beta");
        beta.unreachable = Some("no answer on port 22 within 3 s".to_owned());
        beta.traffic = None;
        beta.holds.clear();
        beta.services.clear();
        beta.sip_us = None;
        let mut alpha = node("alpha");
        alpha.debts.push(Debt {
            op: OpId(9),
            node: "beta".to_owned(),
            what: "tell it that alpha is active".to_owned(),
        });
        let shown = Status {
            pair: "office".to_owned(),
            profile: "kamailio".to_owned(),
            at: "2026-11-20T21:00:03+01:00".to_owned(),
            active: Some(Side::Primary),
            priority: Priority::High,
            vips: vec![("192.0.2.10".parse().unwrap(), vec![Side::Primary])],
            nodes: BySide {
                primary: alpha,
                secondary: beta,
            },
            last_operation: Some((OpId(9), "take over to primary (alpha)".to_owned(), true)),
            warnings: vec![Warning {
                severity: Severity::Critical,
                code: "peer_unreachable".to_owned(),
                text: "the secondary (beta) cannot be reached".to_owned(),
                hint: Some("check its power and network".to_owned()),
            }],
        };
        let text = text(&shown);
        insta::assert_snapshot!(text);
        assert!(text.lines().all(|line| line.chars().count() <= 80));
    }

    #[test]
    fn the_loaded_mirror_and_the_newest_one_are_told_with_their_age() {
        let aged = |name: &str, age_s| {
            let name = name.to_owned();
            Some(Aged { name, age_s })
        };
        let mut beta = node("beta");
        beta.mirrors = Some(Held {
            newest: aged("op9", 65),
            loaded: aged("op7", 7_260),
        });
        let mut alpha = node("alpha");
        alpha.mirrors = Some(Held::default());
        let mut shown = Status {
            pair: "office".to_owned(),
            profile: "kamailio".to_owned(),
            at: String::new(),
            active: Some(Side::Primary),
            priority: Priority::High,
            vips: Vec::new(),
            nodes: BySide {
                primary: alpha,
                secondary: beta,
            },
            last_operation: None,
            warnings: Vec::new(),
        };
        let rows = |shown: &Status| -> Vec<String> {
            let text = text(shown);
            let rows = text.lines().filter(|line| line.contains("mirror "));
            rows.map(|row| row.split_whitespace().collect::<Vec<_>>().join(" "))
                .collect()
        };
        assert_eq!(
            rows(&shown),
            [
                "newest mirror - op9, 1 min 5 s old",
                "loaded mirror - op7, 2 h 1 min old"
            ]
        );
        shown.nodes.secondary.mirrors = Some(Held::default());
        assert_eq!(rows(&shown), ["newest mirror - none", "loaded mirror - none"]);
        shown.nodes.secondary.mirrors = None;
        assert!(rows(&shown).is_empty());
    }
}
