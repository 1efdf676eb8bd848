//! One server as a box: what it is meant to be, what it does now, and how it fares.

use super::panel::{self, Row};
use crate::model::{Side, Traffic};
use crate::render::age;
use crate::status::{NodeStatus, Status};
use crate::tui::duration::took;
use crate::tui::look::{Look, Mark, Tone};
use crate::tui::pair_view::Freshness;
use crate::tui::state::State;
use crate::tui::text;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

/// Columns of a row's label.
const LABEL: usize = 9;
/// Milliseconds of waiting from which on the time is told.
const SLOW_MS: u64 = 2_000;

/// Draws the box; rows that do not fit are the less important ones.
pub fn draw(frame: &mut Frame<'_>, area: Rect, state: &State, side: Side) {
    let look = state.look;
    let active = state
        .pair
        .status()
        .is_some_and(|status| status.active == Some(side));
    let old = matches!(state.pair.freshness(state.now.ms), Freshness::Stale(_));
    let tone = if active && !old { Tone::Good } else { Tone::Plain };
    let title = match side {
        Side::Primary => "PRIMARY",
        Side::Secondary => "SECONDARY",
    };
    let block = panel::block(look, title, tone, active && !old);
    let inner = block.inner(area);
    let columns = usize::from(inner.width).saturating_sub(1);
    let more = look.mark(Mark::More);
    let lines: Vec<Line<'_>> = rows(state, side, columns)
        .into_iter()
        .map(|row| {
            let tone = if old && row.tone == Tone::Good {
                Tone::Plain
            } else {
                row.tone
            };
            Line::styled(
                format!(" {}", text::cut(&row.text, columns, more)),
                look.style(tone),
            )
        })
        .collect();
    frame.render_widget(block, area);
    frame.render_widget(Paragraph::new(lines), inner);
}

/// The rows, the most important first.
pub fn rows(state: &State, side: Side, columns: usize) -> Vec<Row> {
    let look = state.look;
    let mut rows = vec![Row::new(Tone::Strong, state.pair.host(side))];
    let Some(status) = state.pair.status() else {
        rows.push(unanswered(state, side));
        return rows;
    };
    let node = &status.nodes[side];
    let was = match state.pair.freshness(state.now.ms) {
        Freshness::Stale(_) => "was ",
        _ => "",
    };
    if let Some(why) = &node.unreachable {
        rows.push(Row::new(Tone::Bad, format!("! {was}UNREACHABLE")));
        rows.extend(
            text::wrap(why, columns)
                .into_iter()
                .map(|line| Row::new(Tone::Plain, line)),
        );
        return rows;
    }
    rows.push(activity(status, side, look, was));
    rows.push(traffic(node));
    rows.extend(health(node, status.vips.len()));
    rows.extend(numbers(node));
    rows
}

fn unanswered(state: &State, side: Side) -> Row {
    let Some(since) = state.pair.asking.filter(|_| state.pair.trouble.is_none()) else {
        return Row::new(Tone::Bad, "? not known");
    };
    let spinner = state.look.spinner(state.now.ms);
    let mut text = format!("{spinner} asking {}", state.pair.host(side));
    let waited = state.now.ms.saturating_sub(since);
    if waited >= SLOW_MS {
        text.push(' ');
        text.push_str(&age(waited));
    }
    Row::new(Tone::Faint, text)
}

fn activity(status: &Status, side: Side, look: Look, was: &str) -> Row {
    match status.active {
        Some(active) if active == side => {
            Row::new(Tone::Good, format!("{} {was}ACTIVE", look.mark(Mark::Active)))
        }
        Some(_) => Row::new(Tone::Plain, format!("{} {was}passive", look.mark(Mark::Passive))),
        None => Row::new(Tone::Bad, format!("? {was}not active")),
    }
}

fn traffic(node: &NodeStatus) -> Row {
    let (tone, word) = match node.traffic {
        Some(Traffic::Allowed) => (Tone::Good, "allowed"),
        Some(Traffic::Blocked) => (Tone::Plain, "BLOCKED"),
        None => (Tone::Warning, "unknown"),
    };
    labelled(tone, "traffic", word)
}

/// VIPs, SIP, services and restarts that were put off.
fn health(node: &NodeStatus, vips: usize) -> Vec<Row> {
    let holds = match node.holds.len() {
        0 => "none".to_owned(),
        held => format!("{held} of {vips}"),
    };
    let mut rows = vec![
        labelled(Tone::Plain, "VIPs", &holds),
        node.sip_us.map_or_else(
            || labelled(Tone::Bad, "SIP", "NO ANSWER"),
            |us| labelled(Tone::Good, "SIP", &took(us)),
        ),
    ];
    for (service, word) in &node.services {
        let tone = if word == "active" { Tone::Good } else { Tone::Bad };
        let name = service.strip_suffix(".service").unwrap_or(service);
        rows.push(Row::new(tone, format!("{name} {word}")));
    }
    if !node.pending_restart.is_empty() {
        let names: Vec<&str> = node
            .pending_restart
            .iter()
            .map(|unit| unit.strip_suffix(".service").unwrap_or(unit))
            .collect();
        rows.push(Row::new(
            Tone::Warning,
            format!("RESTART DUE {}", names.join(" ")),
        ));
    }
    rows
}

/// Counters, ways, version, generation.
fn numbers(node: &NodeStatus) -> Vec<Row> {
    let mut rows: Vec<Row> = node
        .counters
        .iter()
        .map(|(name, count)| Row::new(Tone::Plain, format!("{count} {name}")))
        .collect();
    if let Some(us) = node.link_us {
        rows.push(labelled(Tone::Faint, "link", &took(us)));
    }
    if let Some(version) = &node.version {
        rows.push(labelled(Tone::Faint, "version", version));
    }
    if let Some(generation) = node.generation {
        rows.push(labelled(Tone::Faint, "gen.", &generation.to_string()));
    }
    rows
}

fn labelled(tone: Tone, label: &str, value: &str) -> Row {
    Row::new(tone, format!("{}{value}", text::pad(label, LABEL, "")))
}
