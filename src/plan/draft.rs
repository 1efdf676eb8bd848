//! A plan while it grows: stages are opened in order, empty ones vanish, steps are numbered.

use super::{Action, Stage, Step, StepId, Window};
use crate::model::Side;

/// Stages in the making.
#[derive(Debug, Default)]
pub struct Draft {
    stages: Vec<Stage>,
    steps: u32,
}

impl Draft {
    /// Opens a stage; the steps that follow belong to it.
    pub fn stage(&mut self, title: &str) {
        self.stage_in(Window::None, title);
    }

    /// Opens a stage inside or outside the dark window.
    pub fn stage_in(&mut self, window: Window, title: &str) {
        self.stages.push(Stage {
            title: title.to_owned(),
            steps: Vec::new(),
            window,
        });
    }

    /// Adds a step to the open stage.
    pub fn step(&mut self, side: Side, title: impl Into<String>, action: Action) {
        self.push(side, title.into(), action, false);
    }

    /// Adds a step that the node takes back by itself unless it is confirmed (S9).
    pub fn armed(&mut self, side: Side, title: impl Into<String>, action: Action) {
        self.push(side, title.into(), action, true);
    }

    fn push(&mut self, side: Side, title: String, action: Action, armed: bool) {
        self.steps += 1;
        let step = Step {
            id: StepId(self.steps),
            side,
            title,
            action,
            armed,
        };
        if let Some(stage) = self.stages.last_mut() {
            stage.steps.push(step);
        }
    }

    /// The steps so far.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.stages.iter().flat_map(|stage| &stage.steps)
    }

    /// The stages that have steps.
    pub fn finish(self) -> Vec<Stage> {
        self.stages
            .into_iter()
            .filter(|stage| !stage.steps.is_empty())
            .collect()
    }
}
