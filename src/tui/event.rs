//! Everything that can happen to the menu, in one ordered channel.

use super::ask::{AskId, AskRequest};
use super::backend::{Finished, Identity, Past, Unfinished};
use crate::engine;
use crate::error::Result;
use crate::facts::DataHeld;
use crate::intent::{Form, Operation};
use crate::lab::FaultOffer;
use crate::model::{BySide, Moved};
use crate::plan::Plan;
use crate::status::Status;
use crate::translate::{Table, TranslationView};
use crossterm::event::{KeyEvent, MouseEvent};

/// Number of a job that a worker does; answers to jobs nobody waits for any more are dropped by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JobId(pub u64);

/// The time, as the menu needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// Milliseconds since the menu began, monotonic.
    pub ms: u64,
    /// Hour and minute of the wall clock.
    pub clock: (u32, u32),
}

/// One thing that happened.
#[derive(Debug)]
pub enum Event {
    /// A key.
    Key(KeyEvent),
    /// Text pasted at once.
    Paste(String),
    /// A click or a turn of the wheel.
    Mouse(MouseEvent),
    /// The terminal has another size: columns, rows.
    Resize(u16, u16),
    /// Time has passed.
    Tick(Now),
    /// Asked from outside to end (SIGTERM, SIGINT): the current step is finished first.
    Terminate(i32),
    /// Asked from outside to stand still until it is continued (SIGTSTP).
    Suspend,
    /// Continued (SIGCONT): whatever had the terminal meanwhile may have changed it.
    Continued,
    /// The terminal is gone.
    HangUp,
    /// The pair file was read and the pair asked.
    Status {
        /// Names in the pair file as it is now.
        identity: Identity,
        /// The pair; `None` when there is none.
        status: Option<Result<Box<Status>>>,
    },
    /// The journals were asked for an open operation.
    Unfinished(Result<Option<Unfinished>>),
    /// Both nodes were asked what they hold of the pair's data.
    Held(Result<Box<BySide<DataHeld>>>),
    /// A job that looks at much is so far.
    Looked(JobId, Moved),
    /// A job is done.
    Reply(JobId, Reply),
    /// An operation moved on.
    Progress(engine::Event),
    /// A worker has a question.
    Ask {
        /// Number of the question.
        id: AskId,
        /// The question.
        request: AskRequest,
    },
}

/// What came of a job.
#[derive(Debug)]
pub enum Reply {
    /// The questions of an operation.
    Form(Operation, Result<Form>),
    /// The question which mirror is verified.
    VerifyForm(Result<Form>),
    /// A plan to review.
    Plan(Operation, Result<Plan>),
    /// An operation has ended.
    Finished(Finished),
    /// Operations, newest first.
    History(Result<Vec<Past>>),
    /// A text to read, under its title.
    Text(String, Result<String>),
    /// Backup and mirrors.
    Held(Result<Box<BySide<DataHeld>>>),
    /// The translation table.
    Translation(Result<Box<TranslationView>>),
    /// A table out of a file.
    Imported(Result<Table>),
    /// Something was done that one line tells.
    Said(Result<String>),
    /// The faults of the practice lab as they are now.
    Faults(Result<Vec<FaultOffer>>),
}
