//! Pure planners: facts of both nodes and a validated intent in, a [`Plan`] out. No I/O, no clock,
//! no decisions left for the engine.

mod alarms;
pub mod alone;
mod back;
pub mod backup;
mod basis;
pub mod checks;
pub mod configure;
pub mod continuous;
pub mod copy;
mod data;
mod draft;
pub mod files;
mod fingerprint;
pub mod load;
pub mod lost;
pub mod own_unit;
mod put;
pub mod record;
pub mod remove;
pub mod restart;
pub mod reverse;
#[cfg(test)]
pub mod sample;
pub mod schedule;
mod step;
pub mod sync;
pub mod takeover;
pub mod traffic;
pub mod translation;
pub mod undo;
pub mod wanted;

pub use back::reverting_order;
pub use basis::Basis;
pub use data::{CountData, OfferBackup, PlainLink, PullBackup, Purpose, SaveData, StageData, SwapData};
pub use draft::Draft;
pub use fingerprint::fingerprint;
pub use put::{Wanted, put};
pub use step::{
    Action, Change, Content, FilePut, Keep, Lease, Plan, Restart, Stage, Step, StepId, StepPlace, UNDOES,
    UnitVerb, VipPlace, Window, gives_way,
};
