//! What a screen wants after a key: the words between a screen and `update`.

use super::ask::{AskAnswer, AskId};
use super::effect::Job;
use super::event::JobId;
use super::screens::Screen;

/// The consequence of a key or click.
#[derive(Debug, Default)]
pub enum Turn {
    /// Only the screen itself changed.
    #[default]
    Stay,
    /// Close this screen.
    Back,
    /// Close all screens but the entries of the menu, and look at the pair again.
    Home,
    /// Put another screen on top.
    Open(Box<Screen>),
    /// Close this screen, then turn again.
    BackThen(Box<Turn>),
    /// Have a worker do this.
    Do(Box<Job>),
    /// Stop the running operation after its current step.
    Stop,
    /// Stop a job that changes nothing.
    StopJob(JobId),
    /// Look at the pair now.
    Look,
    /// Answer a worker and close this screen.
    Answer(AskId, AskAnswer),
    /// End the menu.
    Quit,
}

impl Turn {
    /// Puts `screen` on top.
    pub fn open(screen: Screen) -> Self {
        Self::Open(Box::new(screen))
    }

    /// Starts `job`.
    pub fn job(job: Job) -> Self {
        Self::Do(Box::new(job))
    }

    /// Closes this screen first.
    #[must_use]
    pub fn after_back(self) -> Self {
        Self::BackThen(Box::new(self))
    }
}
