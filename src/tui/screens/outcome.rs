//! What came of an operation, in words that a tired operator cannot misread, and what to do next.

use super::confirm::{Choice, Confirm};
use super::progress::Progress;
use super::text::error_text;
use super::{Around, KeyHint, Screen};
use crate::agent::protocol::End;
use crate::model::OpId;
use crate::tui::backend::{Finished, Verdict, Way};
use crate::tui::duration::took;
use crate::tui::effect::Job;
use crate::tui::layout;
use crate::tui::look::{Look, Mark, Tone};
use crate::tui::scroll::Scroll;
use crate::tui::state::State;
use crate::tui::text;
use crate::tui::turn::Turn;
use crate::tui::widgets::panel::{self, Row};
use crossterm::event::{KeyCode, KeyEvent, MouseEvent};
use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::text::Line;
use ratatui::widgets::Paragraph;

/// Rows of the banner.
const BANNER: u16 = 5;

const HINTS: &[KeyHint] = &[
    ("Enter", "to the menu"),
    ("o", "report"),
    ("Up Down", "scroll"),
    ("F1", "help"),
];
const REFUSED_HINTS: &[KeyHint] = &[
    ("Esc", "back to the questions"),
    ("Enter", "to the menu"),
    ("Up Down", "scroll"),
    ("F1", "help"),
];
const ROLLED_BACK_HINTS: &[KeyHint] = &[
    ("Esc", "back to the questions"),
    ("Enter", "to the menu"),
    ("o", "report"),
    ("F1", "help"),
];
const OPEN_HINTS: &[KeyHint] = &[
    ("r", "go on with it"),
    ("u", "take it back"),
    ("o", "report"),
    ("Enter", "leave it, to the menu"),
    ("F1", "help"),
];

/// The result.
#[derive(Debug)]
pub struct Outcome {
    /// What came of it.
    pub finished: Finished,
    op: Option<OpId>,
    verdict: Verdict,
    title: String,
    paragraphs: Vec<(Tone, String)>,
    scroll: Scroll,
}

impl Outcome {
    /// From what the progress screen saw and how it ended.
    pub fn new(progress: &Progress, finished: Finished) -> Self {
        let verdict = finished.verdict();
        let op = finished.op.or(progress.op);
        Self {
            op,
            verdict,
            title: progress.plan.title.clone(),
            paragraphs: paragraphs(progress, &finished, verdict, op),
            finished,
            scroll: Scroll::default(),
        }
    }

    fn open(&self) -> bool {
        self.verdict == Verdict::Incomplete && self.finished.end.is_none() && self.op.is_some()
    }

    /// Nothing is different, so the answers can be changed and tried again.
    fn as_before(&self) -> bool {
        matches!(self.verdict, Verdict::Refused | Verdict::RolledBack)
    }

    fn rows(&self, size: (u16, u16)) -> Vec<Row> {
        let columns = layout::columns(size).saturating_sub(2);
        let wrapped = self.paragraphs.iter().flat_map(|(tone, paragraph)| {
            let lines = text::wrap(paragraph, columns);
            lines.into_iter().map(|line| Row::new(*tone, format!(" {line}")))
        });
        wrapped.collect()
    }

    fn page(size: (u16, u16)) -> usize {
        layout::page(size).saturating_sub(usize::from(BANNER))
    }

    /// A key.
    pub fn key(&mut self, key: KeyEvent, around: Around<'_>) -> Turn {
        let lines = self.rows(around.size).len();
        if self.scroll.key(key, lines, Self::page(around.size)) {
            return Turn::Stay;
        }
        match (key.code, self.op) {
            (KeyCode::Esc, _) if self.as_before() => Turn::Back,
            (KeyCode::Enter | KeyCode::Esc | KeyCode::Char('q'), _) => Turn::Home,
            (KeyCode::Char('o'), Some(op)) => Turn::job(Job::Report(op)),
            (KeyCode::Char('r'), Some(op)) if self.open() => Turn::job(Job::Resume(op, Way::Forward)),
            (KeyCode::Char('u'), Some(op)) if self.open() => Turn::job(Job::Resume(op, Way::Back)),
            _ => Turn::Stay,
        }
    }

    /// A click on a way to go on with an open operation asks once more.
    pub fn clicked(&self, way: char) -> Option<Turn> {
        let op = self.op.filter(|_| self.open())?;
        let (label, way_on) = match way {
            'r' => ("Go on with it", Way::Forward),
            'u' => ("Take it back", Way::Back),
            _ => return None,
        };
        let dialog = Confirm::new(
            "The operation is unfinished",
            Tone::Warning,
            "Both nodes wait as they are.",
            vec![
                Choice::new(way, label, Turn::job(Job::Resume(op, way_on))),
                Choice::new('b', "Look at the result again", Turn::Stay),
            ],
        );
        Some(Turn::open(Screen::Confirm(dialog)))
    }

    /// The wheel.
    pub fn mouse(&mut self, mouse: MouseEvent, around: Around<'_>) -> Turn {
        let lines = self.rows(around.size).len();
        self.scroll.wheel(mouse, lines, Self::page(around.size));
        Turn::Stay
    }

    /// Keys for the footer.
    pub fn hints(&self) -> &'static [KeyHint] {
        match self.verdict {
            Verdict::Refused => REFUSED_HINTS,
            Verdict::RolledBack => ROLLED_BACK_HINTS,
            _ if self.open() => OPEN_HINTS,
            _ => HINTS,
        }
    }

    /// Draws it.
    pub fn draw(&self, frame: &mut Frame<'_>, area: Rect, state: &State) {
        let look = state.look;
        let banner = Rect {
            height: BANNER.min(area.height),
            ..area
        };
        let below = Rect {
            y: area.y + banner.height,
            height: area.height - banner.height,
            ..area
        };
        self.draw_banner(frame, banner, look);
        panel::rows(frame, below, look, "", &self.rows(state.size), self.scroll);
    }

    fn draw_banner(&self, frame: &mut Frame<'_>, area: Rect, look: Look) {
        let (mark, word, tone) = match (self.verdict, self.finished.end) {
            (Verdict::Done, _) => (Mark::Done, "DONE", Tone::Good),
            (Verdict::Refused, _) => (Mark::Failed, "REFUSED - NOTHING WAS CHANGED", Tone::Warning),
            (Verdict::RolledBack, _) => (Mark::Reverted, "ROLLED BACK", Tone::Warning),
            (Verdict::Incomplete, Some(End::Abandoned)) => (Mark::Failed, "LEFT AS IT IS", Tone::Warning),
            (Verdict::Incomplete, _) => (Mark::Failed, "INCOMPLETE", Tone::Bad),
            (Verdict::Unknown, _) => (Mark::Failed, "UNKNOWN - A PERSON HAS TO LOOK", Tone::Bad),
            (Verdict::Bug, _) => (Mark::Failed, "A DEFECT IN PAIRADM", Tone::Bad),
        };
        let block = panel::block(look, "", tone, true);
        let inner = block.inner(area);
        let mark = look.mark(mark);
        let lines = vec![
            Line::styled(format!("{mark}  {word}  {mark}"), look.style(tone)),
            Line::default(),
            Line::raw(text::cut(
                &self.title,
                usize::from(inner.width),
                look.mark(Mark::More),
            )),
        ];
        frame.render_widget(block, area);
        frame.render_widget(Paragraph::new(lines).alignment(Alignment::Center), inner);
    }
}

fn paragraphs(
    progress: &Progress,
    finished: &Finished,
    verdict: Verdict,
    op: Option<OpId>,
) -> Vec<(Tone, String)> {
    let mut all = vec![(Tone::Plain, meaning(verdict, finished.end).to_owned())];
    for (target, dark_us) in &progress.outages {
        let text = format!("Measured outage at {target}: {}", took(*dark_us));
        all.push((Tone::Strong, text));
    }
    if let Some(error) = &finished.error {
        all.push((Tone::Plain, String::from(" ")));
        all.push((Tone::Bad, error_text(error)));
    }
    if !progress.remarks.is_empty() {
        all.push((Tone::Plain, String::from(" ")));
        all.extend(
            progress
                .remarks
                .iter()
                .map(|remark| (Tone::Plain, remark.clone())),
        );
    }
    all.push((Tone::Plain, String::from(" ")));
    if let Some(op) = op {
        all.push((Tone::Plain, format!("Operation: {op}")));
    }
    if let Some(report) = &finished.report {
        all.push((Tone::Plain, format!("Report: {report}  (o reads it)")));
    }
    if progress.told_us > 0 {
        all.push((Tone::Plain, format!("Time: {}", took(progress.told_us))));
    }
    if verdict == Verdict::Done {
        let text = "To verify: entry 1 of the menu, or `pairadm status`";
        all.push((Tone::Plain, text.to_owned()));
        if let Some(op) = op {
            let text = format!("To undo: entry 7 of the menu, or `pairadm undo {op}`");
            all.push((Tone::Plain, text));
        }
        if !progress.plan.how_to_undo.is_empty() {
            all.push((Tone::Faint, format!("By hand: {}", progress.plan.how_to_undo)));
        }
    }
    all
}

fn meaning(verdict: Verdict, end: Option<End>) -> &'static str {
    match (verdict, end) {
        (Verdict::Done, _) => "As asked, and read back from the nodes.",
        (Verdict::Refused, _) => "Both nodes are as they were before.",
        (Verdict::RolledBack, _) => {
            "Every change was taken back on both nodes; they are as they were before."
        }
        (Verdict::Incomplete, Some(_)) => "It was left as it is by decision of an operator.",
        (Verdict::Incomplete, None) => {
            "It stopped part-way. Press r to go on with it, or u to take back what was done. It can also wait: the menu offers it again."
        }
        (Verdict::Unknown, _) => {
            "pairadm could not find out the state of a node. Look at both nodes before you do anything else; entry 1 of the menu shows what can be seen."
        }
        (Verdict::Bug, _) => "pairadm itself failed. Look at entry 1 of the menu before you go on.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_has_a_meaning_of_its_own() {
        let verdicts = [
            Verdict::Done,
            Verdict::Refused,
            Verdict::RolledBack,
            Verdict::Incomplete,
            Verdict::Unknown,
            Verdict::Bug,
        ];
        let meanings: std::collections::BTreeSet<_> =
            verdicts.iter().map(|verdict| meaning(*verdict, None)).collect();
        assert_eq!(meanings.len(), verdicts.len());
    }
}
