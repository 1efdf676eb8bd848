//! A plan while it is carried out: a column a node, a line a step, as the engine tells it.

mod draw;

use super::confirm::{Choice, Confirm};
use super::{Around, KeyHint, Screen};
use crate::engine::{Event, Progress as Told};
use crate::model::{BySide, Moved, OpId, Side};
use crate::plan::{Plan, StepId};
use crate::tui::event::JobId;
use crate::tui::look::Tone;
use crate::tui::turn::Turn;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseEvent, MouseEventKind};
use std::collections::BTreeMap;
use std::net::IpAddr;

const HINTS: &[KeyHint] = &[
    ("Ctrl-C", "stop after this step"),
    ("Up Down", "scroll"),
    ("F1", "help"),
];
const LONG_HINTS: &[KeyHint] = &[
    ("Ctrl-C", "stop this step now; it can go on later"),
    ("Up Down", "scroll"),
    ("F1", "help"),
];
const STOPPING_HINTS: &[KeyHint] = &[("Up Down", "scroll"), ("F1", "help")];

/// An operation under way.
#[derive(Debug)]
pub struct Progress {
    /// The job that carries it out.
    pub job: JobId,
    /// What is carried out.
    pub plan: Plan,
    /// Names of the nodes when it began.
    pub hosts: BySide<String>,
    /// Its number once it has one.
    pub op: Option<OpId>,
    /// Remarks in order.
    pub remarks: Vec<String>,
    /// Measured darkness: address and microseconds.
    pub outages: Vec<(IpAddr, u64)>,
    /// Time since the operation began as last told, microseconds.
    pub told_us: u64,
    began: u64,
    stage: usize,
    steps: BTreeMap<StepId, Stand>,
    stopping: bool,
    /// Lines scrolled up from where the work is.
    back: usize,
}

/// Where a step stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stand {
    Running(Moved),
    Done { took_us: u64, changed: bool },
    Failed,
    Reverted,
}

impl Progress {
    /// An operation that begins now.
    pub fn new(job: JobId, plan: Plan, hosts: BySide<String>, now: u64) -> Self {
        Self {
            job,
            plan,
            hosts,
            op: None,
            remarks: Vec::new(),
            outages: Vec::new(),
            told_us: 0,
            began: now,
            stage: 0,
            steps: BTreeMap::new(),
            stopping: false,
            back: 0,
        }
    }

    /// Takes in what the engine tells.
    pub fn told(&mut self, event: Event) {
        self.told_us = event.at_us;
        match event.progress {
            Told::Begun { op, .. } => self.op = Some(op),
            Told::Stage { index } => self.stage = index,
            Told::Started { step, .. } => {
                self.steps.insert(step, Stand::Running(Moved::default()));
            }
            Told::Done {
                step,
                took_us,
                report,
                ..
            } => {
                let changed = report.changed;
                self.steps.insert(step, Stand::Done { took_us, changed });
            }
            Told::Failed { step, error, .. } => {
                self.remarks.push(format!("Step {step} failed: {error}"));
                self.steps.insert(step, Stand::Failed);
            }
            Told::Moved { step, moved, .. } => {
                self.steps.insert(step, Stand::Running(moved));
            }
            Told::Reverted { step, .. } => {
                self.steps.insert(step, Stand::Reverted);
            }
            Told::Remark { text } => self.remarks.push(text),
            Told::Outage { target, dark_us } => self.outages.push((target, dark_us)),
            Told::Cancelled => self.remarks.push("Stopped as asked.".to_owned()),
            Told::Finished { .. } => {}
        }
    }

    /// The operator wants it to stop.
    pub fn stopping(&mut self) {
        self.stopping = true;
    }

    /// The operator wants it to stand still, which would leave the nodes waiting.
    pub fn stays(&mut self) {
        let told = "Ctrl-Z does nothing while nodes are changed; Ctrl-C stops in good order.";
        self.remarks.push(told.to_owned());
    }

    /// The long step that is going on.
    fn moving(&self) -> Option<&Moved> {
        self.steps.values().find_map(|stand| match stand {
            Stand::Running(moved) if !moved.what.is_empty() => Some(moved),
            _ => None,
        })
    }

    fn finished_steps(&self) -> usize {
        self.steps
            .values()
            .filter(|stand| matches!(stand, Stand::Done { .. }))
            .count()
    }

    /// True once a step has failed; what follows is the way back.
    fn failed(&self) -> bool {
        self.steps.values().any(|stand| matches!(stand, Stand::Failed))
    }

    fn steps_of(&self, side: Side) -> usize {
        self.plan.steps().filter(|step| step.side == side).count()
    }

    /// A key.
    pub fn key(&mut self, key: KeyEvent, _around: Around<'_>) -> Turn {
        match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => Turn::Stop,
            KeyCode::Esc if !self.stopping => self.ask_stop(),
            KeyCode::Up | KeyCode::Char('k') => self.scroll(1),
            KeyCode::Down | KeyCode::Char('j') => self.scroll(-1),
            KeyCode::PageUp => self.scroll(10),
            KeyCode::PageDown => self.scroll(-10),
            KeyCode::End => self.scroll(isize::MIN),
            _ => Turn::Stay,
        }
    }

    /// The wheel.
    pub fn mouse(&mut self, mouse: MouseEvent, _around: Around<'_>) -> Turn {
        match mouse.kind {
            MouseEventKind::ScrollUp => self.scroll(3),
            MouseEventKind::ScrollDown => self.scroll(-3),
            _ => Turn::Stay,
        }
    }

    fn scroll(&mut self, by: isize) -> Turn {
        let most = Side::BOTH.map(|side| self.steps_of(side)).into_iter().max();
        self.back = self.back.saturating_add_signed(by).min(most.unwrap_or(0));
        Turn::Stay
    }

    fn ask_stop(&self) -> Turn {
        let (body, stop) = if self.moving().is_some() {
            (
                "The step under way takes long and is stopped at once. You can then go on with it, or take back what was done.",
                "Stop now",
            )
        } else {
            (
                "The current step is finished first. You can then go on, or take back what was done.",
                "Stop after the current step",
            )
        };
        Turn::open(Screen::Confirm(Confirm::new(
            "Stop?",
            Tone::Warning,
            body,
            vec![
                Choice::new('s', stop, Turn::Stop),
                Choice::new('g', "Go on", Turn::Stay),
            ],
        )))
    }

    /// Keys for the footer.
    pub fn hints(&self) -> &'static [KeyHint] {
        match self.moving() {
            _ if self.stopping => STOPPING_HINTS,
            Some(_) => LONG_HINTS,
            None => HINTS,
        }
    }
}
