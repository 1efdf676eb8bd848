//! The pair beside the menu: two boxes, the virtual addresses between them, and what needs attention.

use super::panel::{self, Row};
use crate::model::Side;
use crate::render::{age, how_far, printable, since};
use crate::status::Severity;
use crate::tui::duration::took;
use crate::tui::look::{Mark, Tone};
use crate::tui::pair_view::{Freshness, PairView};
use crate::tui::screens::text::error_text;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::widgets::node;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

/// Rows kept for warnings, with the line above them.
const WARNINGS: u16 = 6;
/// Blank columns between the boxes.
const GAP: u16 = 2;

/// Draws it all.
pub fn draw(frame: &mut Frame<'_>, area: Rect, state: &State) {
    if state.pair.identity.pair.is_none() {
        draw_unconfigured(frame, area, state);
        return;
    }
    let look = state.look;
    let columns = usize::from(area.width);
    let middle = middle_rows(state, columns);
    let middle_high = u16::try_from(middle.len()).unwrap_or(3);
    let half = area.width.saturating_sub(GAP) / 2;
    let inside = usize::from(half).saturating_sub(3);
    let wanted = Side::BOTH.map(|side| node::rows(state, side, inside).len());
    let wanted = u16::try_from(wanted.into_iter().max().unwrap_or(0)).unwrap_or(0) + 2;
    let boxes = wanted.min(area.height.saturating_sub(middle_high + WARNINGS));
    for side in Side::BOTH {
        let x = match side {
            Side::Primary => area.x,
            Side::Secondary => area.x + area.width - half,
        };
        let place = Rect {
            x,
            width: half,
            height: boxes,
            ..area
        };
        node::draw(frame, place, state, side);
    }
    let below = Rect {
        y: area.y + boxes,
        height: area.height.saturating_sub(boxes),
        ..area
    };
    let mut rows = middle;
    let room = usize::from(below.height).saturating_sub(rows.len());
    rows.extend(attention(state, columns, room));
    let lines: Vec<Line<'_>> = rows
        .iter()
        .map(|row| Line::styled(row.text.as_str(), look.style(row.tone)))
        .collect();
    frame.render_widget(Paragraph::new(lines), below);
}

fn draw_unconfigured(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let look = state.look;
    let block = panel::block(look, "Pair", Tone::Plain, false);
    let inner = block.inner(area);
    let columns = usize::from(inner.width).saturating_sub(2);
    let mut rows = vec![Row::new(Tone::Plain, "")];
    let told = [
        (Tone::Strong, "No pair is configured yet."),
        (Tone::Plain, " "),
        (
            Tone::Plain,
            "Choose 2 to set one up: pairadm asks for both servers, shows what it would do, and changes nothing before you agree.",
        ),
        (Tone::Plain, " "),
        (
            Tone::Plain,
            "To practise on two nodes on this machine, leave and run `pairadm lab try`.",
        ),
    ];
    for (tone, paragraph) in told {
        rows.extend(
            text::wrap(paragraph, columns)
                .into_iter()
                .map(|line| Row::new(tone, line)),
        );
    }
    let lines: Vec<Line<'_>> = rows
        .iter()
        .map(|row| Line::styled(format!(" {}", row.text), look.style(row.tone)))
        .collect();
    frame.render_widget(block, area);
    frame.render_widget(Paragraph::new(lines), inner);
}

/// Virtual addresses, the link between the nodes, the last operation.
fn middle_rows(state: &State, columns: usize) -> Vec<Row> {
    let look = state.look;
    let pair = &state.pair;
    let Some(status) = pair.status() else {
        return vec![Row::new(Tone::Plain, "")];
    };
    let mut rows: Vec<Row> = status
        .vips
        .iter()
        .map(|(vip, holders)| vip_row(&vip.to_string(), holders, state, columns))
        .collect();
    let link = Side::BOTH.map(|side| status.nodes[side].peer_us);
    let link = match link {
        [Some(us), _] | [None, Some(us)] => format!("link between the nodes {}", took(us)),
        [None, None] => "link between the nodes: no answer".to_owned(),
    };
    rows.push(Row::new(Tone::Faint, centred(&link, columns)));
    rows.extend(data_row(state, columns));
    if let Some((node, work)) = status
        .nodes
        .iter()
        .find_map(|(_, node)| Some((&node.hostname, node.work.as_ref()?)))
    {
        let now = format!("now on {node}: {}", how_far(&work.moved));
        rows.push(Row::new(
            Tone::Plain,
            text::cut(&now, columns, look.mark(Mark::More)),
        ));
    } else if let Some((op, title, open)) = &status.last_operation {
        let end = if *open { "OPEN" } else { "done" };
        let last = format!("last: {op} {title} ({end})");
        let tone = if *open { Tone::Bad } else { Tone::Faint };
        rows.push(Row::new(tone, text::cut(&last, columns, look.mark(Mark::More))));
    }
    rows
}

/// How old the newest mirror is, and which one is loaded.
fn data_row(state: &State, columns: usize) -> Option<Row> {
    let (held, at) = state.pair.held.as_ref()?;
    let data = held.secondary.data.as_ref()?;
    // The node's clock when it was asked, and what has passed since.
    let passed = i64::try_from(state.now.ms.saturating_sub(*at) / 1_000).unwrap_or(0);
    let now = held.secondary.now.saturating_add(passed);
    let (tone, newest) = match data.mirrors_of(Side::Primary).next() {
        Some(mirror) => (
            Tone::Faint,
            format!("mirror {} from {}", mirror.name, since(now, mirror.made)),
        ),
        None => (Tone::Warning, "no mirror".to_owned()),
    };
    let loaded = match &data.loaded {
        Some(name) => format!("{name} loaded"),
        None => "none loaded".to_owned(),
    };
    let words = printable(&format!("data: {newest}, {loaded}"));
    Some(Row::new(
        tone,
        text::cut(&words, columns, state.look.mark(Mark::More)),
    ))
}

/// A virtual address with a stroke towards the side that holds it.
fn vip_row(vip: &str, holders: &[Side], state: &State, columns: usize) -> Row {
    let look = state.look;
    let (mut tone, mut words) = vip_words(holders, &state.pair);
    if matches!(state.pair.freshness(state.now.ms), Freshness::Stale(_)) {
        tone = Tone::Plain;
        words.insert_str(0, "was ");
    }
    let label = format!(" VIP {vip} {words} ");
    let space = columns.saturating_sub(text::width(&label));
    let (left, right) = look.heads();
    let arm = |head: &str, room: usize, leftward: bool| {
        let stroke = look.stroke().repeat(room.saturating_sub(2));
        match (room, leftward) {
            (0..2, _) => " ".repeat(room),
            (_, true) => format!(" {head}{stroke}"),
            (_, false) => format!("{stroke}{head} "),
        }
    };
    let (before, after) = (space / 2, space - space / 2);
    let first = if holders.contains(&Side::Primary) {
        arm(left, before, true)
    } else {
        " ".repeat(before)
    };
    let last = if holders.contains(&Side::Secondary) {
        arm(right, after, false)
    } else {
        " ".repeat(after)
    };
    Row::new(
        tone,
        text::cut(&format!("{first}{label}{last}"), columns, look.mark(Mark::More)),
    )
}

/// Who holds a virtual address, in words.
pub fn vip_words(holders: &[Side], pair: &PairView) -> (Tone, String) {
    match holders {
        [] => (Tone::Bad, "HELD BY NOBODY".to_owned()),
        [side] => (Tone::Good, format!("held by {}", pair.host(*side))),
        _ => (Tone::Bad, "HELD BY BOTH".to_owned()),
    }
}

fn centred(line: &str, columns: usize) -> String {
    let before = columns.saturating_sub(text::width(line)) / 2;
    format!("{}{line}", " ".repeat(before))
}

/// A severity's tone and word.
pub const fn severity(severity: Severity) -> (Tone, &'static str) {
    match severity {
        Severity::Critical => (Tone::Bad, "CRITICAL"),
        Severity::Warning => (Tone::Warning, "warning"),
        Severity::Info => (Tone::Plain, "note"),
    }
}

/// Why the nodes cannot be asked, and that an operation was left open.
pub fn trouble_rows(pair: &PairView, columns: usize) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(open) = &pair.unfinished {
        let text = format!(
            "! Operation {} is open: entry 7 goes on with it or takes it back.",
            open.op
        );
        rows.extend(
            text::wrap(&text, columns)
                .into_iter()
                .map(|line| Row::new(Tone::Bad, line)),
        );
    }
    if let Some(error) = &pair.trouble {
        let text = format!("! The pair could not be asked. {}", error_text(error));
        let text = text.replace("\n\n", "\n");
        rows.extend(
            text::wrap(&text, columns)
                .into_iter()
                .map(|line| Row::new(Tone::Bad, line)),
        );
    }
    rows
}

/// What needs attention, worst first, in at most `room` rows: with hints where they fit.
fn attention(state: &State, columns: usize, room: usize) -> Vec<Row> {
    let look = state.look;
    let mut rows = Vec::new();
    if let Freshness::Stale(ms) = state.pair.freshness(state.now.ms) {
        let text = format!("! Old data: this is how it was {} ago", age(ms));
        rows.push(Row::new(
            Tone::Bad,
            text::cut(&text, columns, look.mark(Mark::More)),
        ));
    }
    rows.extend(trouble_rows(&state.pair, columns));
    // All hints, or the worst one's, or none: whatever shows every warning.
    let fits = |warnings: &Vec<Row>| rows.len() + warnings.len() <= room;
    let warnings = [usize::MAX, 1]
        .map(|hints| warning_rows(state, columns, hints))
        .into_iter()
        .find(fits)
        .unwrap_or_else(|| warning_rows(state, columns, 0));
    if warnings.is_empty() && rows.is_empty() && state.pair.status().is_some() {
        rows.push(Row::new(Tone::Good, "No warnings."));
    }
    rows.extend(warnings);
    if rows.len() > room {
        rows.truncate(room.saturating_sub(1));
        rows.push(Row::new(Tone::Strong, "There is more: entry 1 shows all of it."));
    }
    rows
}

/// Warnings, the first `hints` of them with what to do.
fn warning_rows(state: &State, columns: usize, hints: usize) -> Vec<Row> {
    let look = state.look;
    let mut rows = Vec::new();
    for (index, warning) in state
        .pair
        .status()
        .map_or(&[][..], |status| &status.warnings)
        .iter()
        .enumerate()
    {
        let (tone, word) = severity(warning.severity);
        let text = format!("{word}: {}", warning.text);
        rows.extend(
            text::wrap(&text, columns)
                .into_iter()
                .map(|line| Row::new(tone, line)),
        );
        if let Some(hint) = warning.hint.as_ref().filter(|_| index < hints) {
            let text = format!("  {} {hint}", look.mark(Mark::Hint));
            rows.extend(
                text::wrap(&text, columns)
                    .into_iter()
                    .map(|line| Row::new(Tone::Plain, line)),
            );
        }
    }
    rows
}
