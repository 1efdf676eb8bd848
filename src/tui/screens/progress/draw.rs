//! Draws an operation under way.

use super::{Progress, Stand};
use crate::model::{Moved, Side};
use crate::plan::{Step, alone};
use crate::render::how_far;
use crate::tui::duration::took;
use crate::tui::layout;
use crate::tui::look::{Look, Mark, Tone};
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::widgets::panel;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

/// Rows above the columns: title, bar, stage, and how far a long step is.
const ABOVE: u16 = 4;
/// Rows below the columns: remarks.
const BELOW: u16 = 3;

impl Progress {
    /// Draws it.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, state: &State) {
        let (upper, remarks) = layout::split_bottom(area, BELOW);
        let head = Rect {
            height: ABOVE.min(upper.height),
            ..upper
        };
        let columns = Rect {
            y: upper.y + head.height,
            height: upper.height - head.height,
            ..upper
        };
        self.draw_head(frame, head, state);
        if let Some(server) = self.plan.server() {
            self.draw_side(frame, columns, state, alone::SERVER, server);
        } else {
            let half = columns.width / 2;
            let left = Rect {
                width: half,
                ..columns
            };
            let right = Rect {
                x: columns.x + half,
                width: columns.width - half,
                ..columns
            };
            for (side, area) in [(Side::Primary, left), (Side::Secondary, right)] {
                let title = format!("{} ({side})", self.hosts[side]);
                self.draw_side(frame, area, state, side, &title);
            }
        }
        self.draw_remarks(frame, remarks);
    }

    fn draw_head(&self, frame: &mut Frame<'_>, area: Rect, state: &State) {
        let look = state.look;
        let wide = usize::from(area.width).saturating_sub(2);
        let total = self.plan.steps().count();
        let done = self.finished_steps();
        let elapsed = state.now.ms.saturating_sub(self.began) / 1_000;
        let number = self.op.map(|op| format!("Operation {op}: ")).unwrap_or_default();
        let current = self
            .plan
            .stages
            .get(self.stage)
            .map_or("", |stage| stage.title.as_str());
        let working = if self.failed() {
            "A STEP FAILED: taking back what was done".to_owned()
        } else if self.stopping && self.moving().is_some() {
            "STOPPING the current step".to_owned()
        } else if self.stopping {
            "STOPPING after the current step".to_owned()
        } else {
            format!(
                "Stage {} of {}: {current}",
                self.stage + 1,
                self.plan.stages.len().max(1)
            )
        };
        let spinner = look.spinner(state.now.ms);
        let more = look.mark(Mark::More);
        let lines = vec![
            Line::styled(
                format!(
                    " {}",
                    text::cut(&format!("{number}{}", self.plan.title), wide, more)
                ),
                look.style(Tone::Strong),
            ),
            Line::styled(
                format!(
                    " {} {done} of {total} steps, {elapsed} s",
                    bar(look, done, total, wide.min(40))
                ),
                look.style(Tone::Good),
            ),
            Line::raw(text::cut(&format!(" {spinner} {working}"), wide, more)),
            self.moving()
                .map_or_else(Line::default, |moved| long_step(moved, wide, look)),
        ];
        frame.render_widget(Paragraph::new(lines), area);
    }

    fn draw_side(&self, frame: &mut Frame<'_>, area: Rect, state: &State, side: Side, title: &str) {
        let look = state.look;
        let block = panel::block(look, title, Tone::Plain, false);
        let inner = block.inner(area);
        let rows = usize::from(inner.height);
        let columns = usize::from(inner.width);
        let steps: Vec<&Step> = self.plan.steps().filter(|step| step.side == side).collect();
        // The last step that has begun stays in sight, with what comes next below it.
        let current = steps
            .iter()
            .rposition(|step| self.steps.contains_key(&step.id))
            .unwrap_or(0);
        let wanted = (current + rows / 3 + 1).saturating_sub(rows);
        let top = wanted
            .min(steps.len().saturating_sub(rows))
            .saturating_sub(self.back);
        let mut lines: Vec<Line<'_>> = steps
            .iter()
            .skip(top)
            .take(rows)
            .map(|step| self.line(look, step, columns, state.now.ms))
            .collect();
        if steps.is_empty() {
            lines.push(Line::styled(" takes no part", look.style(Tone::Faint)));
        }
        frame.render_widget(block, area);
        frame.render_widget(Paragraph::new(lines), inner);
    }

    fn line(&self, look: Look, step: &Step, columns: usize, now: u64) -> Line<'static> {
        let (mark, tone, time) = match self.steps.get(&step.id) {
            None => (look.mark(Mark::Waiting), Tone::Faint, String::new()),
            Some(Stand::Running(moved)) => (look.spinner(now), Tone::Strong, far(moved)),
            Some(Stand::Done {
                took_us,
                changed: true,
            }) => (look.mark(Mark::Done), Tone::Good, took(*took_us)),
            Some(Stand::Done {
                took_us,
                changed: false,
            }) => (look.mark(Mark::Same), Tone::Plain, took(*took_us)),
            Some(Stand::Failed) => (look.mark(Mark::Failed), Tone::Bad, "failed".to_owned()),
            Some(Stand::Reverted) => (look.mark(Mark::Reverted), Tone::Warning, "undone".to_owned()),
        };
        let room = columns.saturating_sub(4 + time.len());
        let title = text::cut_middle(&step.title, room, look.mark(Mark::More));
        let title = text::pad(&title, room, "");
        Line::styled(format!(" {mark} {title} {time}"), look.style(tone))
    }

    /// What was measured, and the newest remarks.
    fn draw_remarks(&self, frame: &mut Frame<'_>, area: Rect) {
        let columns = usize::from(area.width).saturating_sub(2);
        let mut all: Vec<String> = self
            .remarks
            .iter()
            .flat_map(|remark| text::wrap(remark, columns))
            .collect();
        all.extend(
            self.outages
                .iter()
                .map(|(target, dark_us)| format!("{target} was dark for {}", took(*dark_us))),
        );
        let skip = all.len().saturating_sub(usize::from(area.height));
        let lines: Vec<Line<'_>> = all
            .into_iter()
            .skip(skip)
            .map(|line| Line::raw(format!(" {line}")))
            .collect();
        frame.render_widget(Paragraph::new(lines), area);
    }
}

/// A long step: how much of it is done, as a bar where that is known, and in words.
fn long_step(moved: &Moved, wide: usize, look: Look) -> Line<'static> {
    const BAR: usize = 24;
    let bar = match (moved.percent(), wide) {
        (Some(percent), 70..) => bar(look, usize::try_from(percent).unwrap_or(0), 100, BAR) + " ",
        _ => String::new(),
    };
    let words = format!("   {bar}{}", how_far(moved));
    Line::styled(
        text::cut(&words, wide, look.mark(Mark::More)),
        look.style(Tone::Strong),
    )
}

/// The share done of a long step.
fn far(moved: &Moved) -> String {
    moved
        .percent()
        .filter(|_| !moved.what.is_empty())
        .map(|percent| format!("{percent} %"))
        .unwrap_or_default()
}

fn bar(look: Look, done: usize, total: usize, columns: usize) -> String {
    let (full, empty) = if look.unicode { ("█", "░") } else { ("#", ".") };
    let filled = (columns * done)
        .checked_div(total)
        .unwrap_or(columns)
        .min(columns);
    format!("[{}{}]", full.repeat(filled), empty.repeat(columns - filled))
}
