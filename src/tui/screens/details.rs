//! Everything both nodes said, side by side, and every warning with what to do about it.

use super::{Around, KeyHint};
use crate::model::{BySide, Side};
use crate::render::age;
use crate::status::{NodeStatus, Status};
use crate::tui::duration::took;
use crate::tui::layout;
use crate::tui::look::{Look, Mark, Tone};
use crate::tui::pair_view::{Freshness, PairView};
use crate::tui::scroll::Scroll;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::turn::Turn;
use crate::tui::widgets::pair::{severity, trouble_rows, vip_words};
use crate::tui::widgets::panel::{self, Row};
use crossterm::event::{KeyCode, KeyEvent, MouseEvent};
use ratatui::Frame;
use ratatui::layout::Rect;

/// Keys for the footer.
pub const HINTS: &[KeyHint] = &[
    ("Up Down PgUp PgDn", "scroll"),
    ("r", "ask again"),
    ("F1", "help"),
    ("Esc", "back"),
];

/// The place in the text; the text itself is made anew from the newest answer.
#[derive(Debug, Default)]
pub struct Details {
    scroll: Scroll,
}

impl Details {
    /// A key.
    pub fn key(&mut self, key: KeyEvent, around: Around<'_>) -> Turn {
        let lines = lines(around);
        if self.scroll.key(key, lines, layout::page(around.size)) {
            return Turn::Stay;
        }
        match key.code {
            KeyCode::Char('r') => Turn::Look,
            KeyCode::Esc | KeyCode::Enter | KeyCode::Char('q') => Turn::Back,
            _ => Turn::Stay,
        }
    }

    /// The wheel.
    pub fn mouse(&mut self, mouse: MouseEvent, around: Around<'_>) -> Turn {
        let lines = lines(around);
        self.scroll.wheel(mouse, lines, layout::page(around.size));
        Turn::Stay
    }

    /// Draws it.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, state: &State) {
        let rows = rows(&state.pair, state.look, layout::columns(state.size), state.now.ms);
        panel::rows(frame, area, state.look, "Status", &rows, self.scroll);
    }
}

/// The number of rows, which depends neither on the look nor on the age.
fn lines(around: Around<'_>) -> usize {
    let look = Look {
        colour: false,
        unicode: false,
    };
    rows(around.pair, look, layout::columns(around.size), u64::MAX).len()
}

fn rows(pair: &PairView, look: Look, columns: usize, now: u64) -> Vec<Row> {
    let mut rows = trouble_rows(pair, columns);
    let Some(status) = pair.status() else {
        let text = if pair.identity.pair.is_some() {
            " The nodes have not answered yet."
        } else {
            " No pair is configured yet. Entry 2 of the menu sets one up."
        };
        rows.push(Row::new(Tone::Plain, text));
        return rows;
    };
    let read = match pair.freshness(now) {
        Freshness::Stale(ms) => format!("OLD DATA, read {} ago", age(ms)),
        _ => format!("read at {}", status.at),
    };
    rows.push(Row::new(
        Tone::Strong,
        format!(
            "{}{}{}{}{read}",
            status.pair,
            look.dot(),
            status.profile,
            look.dot()
        ),
    ));
    rows.push(Row::new(Tone::Plain, ""));
    table(status, pair, look, columns, &mut rows);
    rows.push(Row::new(Tone::Plain, ""));
    for (vip, holders) in &status.vips {
        let (tone, words) = vip_words(holders, pair);
        rows.push(Row::new(tone, format!("VIP {vip}  {words}")));
    }
    if let Some((op, title, open)) = &status.last_operation {
        let end = if *open {
            " (OPEN: resume or undo it, entry 7)"
        } else {
            ""
        };
        rows.push(Row::new(
            Tone::Plain,
            format!("Last operation: {op} {title}{end}"),
        ));
    }
    for (_, node) in status.nodes.iter() {
        for debt in &node.debts {
            let text = format!(
                "Left to do on {} since operation {}: {}",
                debt.node, debt.op, debt.what
            );
            rows.extend(
                text::wrap(&text, columns)
                    .into_iter()
                    .map(|line| Row::new(Tone::Warning, line)),
            );
        }
    }
    rows.push(Row::new(Tone::Plain, ""));
    warnings(status, look, columns, &mut rows);
    rows
}

fn warnings(status: &Status, look: Look, columns: usize, rows: &mut Vec<Row>) {
    if status.warnings.is_empty() {
        rows.push(Row::new(Tone::Good, "No warnings."));
    }
    for warning in &status.warnings {
        let (tone, word) = severity(warning.severity);
        let text = format!("{word}: {}", warning.text);
        rows.extend(
            text::wrap(&text, columns)
                .into_iter()
                .map(|line| Row::new(tone, line)),
        );
        if let Some(hint) = &warning.hint {
            let text = format!("  {} {hint}", look.mark(Mark::Hint));
            rows.extend(
                text::wrap(&text, columns)
                    .into_iter()
                    .map(|line| Row::new(Tone::Plain, line)),
            );
        }
    }
}

type Cell = fn(&NodeStatus) -> String;

/// Label and value of each line of the table.
const TABLE: &[(&str, Cell)] = &[
    ("traffic", |node| {
        node.traffic
            .map_or_else(|| "unknown".to_owned(), |traffic| traffic.to_string())
    }),
    ("holds", |node| {
        let list: Vec<String> = node.holds.iter().map(ToString::to_string).collect();
        if list.is_empty() {
            "none".to_owned()
        } else {
            list.join(", ")
        }
    }),
    ("SIP", |node| {
        node.sip_us.map_or_else(|| "no answer".to_owned(), took)
    }),
    ("version", |node| {
        node.version.clone().unwrap_or_else(|| "unknown".to_owned())
    }),
    ("link from here", |node| {
        node.link_us.map_or_else(|| "unknown".to_owned(), took)
    }),
    ("link to peer", |node| {
        node.peer_us.map_or_else(|| "no answer".to_owned(), took)
    }),
    ("generation", |node| {
        node.generation
            .map_or_else(|| "none".to_owned(), |generation| generation.to_string())
    }),
    ("restart pending", |node| {
        if node.pending_restart.is_empty() {
            "none".to_owned()
        } else {
            node.pending_restart.join(", ")
        }
    }),
];

fn table(status: &Status, pair: &PairView, look: Look, columns: usize, rows: &mut Vec<Row>) {
    const LABEL: usize = 17;
    let half = (columns.saturating_sub(LABEL) / 2).max(1);
    let more = look.mark(Mark::More);
    let mut push = |tone: Tone, label: &str, cells: BySide<String>| {
        let primary = text::pad(&cells.primary, half - 1, more) + " ";
        let text = format!("{}{primary}{}", text::pad(label, LABEL, more), cells.secondary);
        rows.push(Row::new(tone, text));
    };
    push(
        Tone::Strong,
        "",
        BySide::new(|side| format!("{} ({side})", pair.host(side))),
    );
    push(
        Tone::Strong,
        "",
        BySide::new(|side| match (status.active, &status.nodes[side].unreachable) {
            (_, Some(_)) => "UNREACHABLE".to_owned(),
            (Some(active), None) if active == side => format!("{} ACTIVE", look.mark(Mark::Active)),
            (Some(_), None) => format!("{} passive", look.mark(Mark::Passive)),
            (None, None) => "? no side is active".to_owned(),
        }),
    );
    for (label, cell) in TABLE {
        push(
            Tone::Plain,
            label,
            BySide::new(|side| {
                let node = &status.nodes[side];
                if node.unreachable.is_some() {
                    "?".to_owned()
                } else {
                    cell(node)
                }
            }),
        );
    }
    lists(status, "service", |node| node.services.clone(), &mut push);
    let counters = |node: &NodeStatus| {
        let named = node.counters.iter();
        named
            .map(|(name, count)| (name.clone(), count.to_string()))
            .collect()
    };
    lists(status, "counter", counters, &mut push);
    for side in Side::BOTH {
        if let Some(why) = &status.nodes[side].unreachable {
            rows.push(Row::new(
                Tone::Bad,
                format!("{} does not answer: {why}", pair.host(side)),
            ));
        }
    }
}

/// Lists of names and values, line by line.
fn lists(
    status: &Status,
    label: &str,
    of: impl Fn(&NodeStatus) -> Vec<(String, String)>,
    push: &mut impl FnMut(Tone, &str, BySide<String>),
) {
    let both = BySide::new(|side| of(&status.nodes[side]));
    let longest = both.iter().map(|(_, list)| list.len()).max().unwrap_or(0);
    for index in 0..longest {
        let cells = BySide::new(|side| {
            both[side]
                .get(index)
                .map_or_else(String::new, |(name, value)| format!("{name} {value}"))
        });
        push(Tone::Plain, if index == 0 { label } else { "" }, cells);
    }
}
