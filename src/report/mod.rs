//! The change report: the plan plus what happened, as text for people and JSON for programs.

mod render;
mod store;
mod summary;

pub use render::{Format, render};
pub use store::{Journals, Saved, Stored, save};
pub use summary::{Outcome, Report, StageReport, StepOutcome, StepWord};
