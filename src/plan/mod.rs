//! Pure planners: facts of both nodes and a validated intent in, a [`Plan`] out. No I/O, no clock,
//! no decisions left for the engine.

pub mod files;
mod step;

pub use step::{
    Action, Change, Content, FilePut, Keep, Plan, Restart, Stage, Step, StepId, StepPlace, UnitVerb,
    VipPlace, Window,
};
