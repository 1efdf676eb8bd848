//! What `update` wants done: I/O as data, carried out by the runner.

use super::ask::{AskAnswer, AskId};
use super::backend::Way;
use super::event::JobId;
use crate::intent::{Answers, Operation, VerifyIntent};
use crate::lab::Fault;
use crate::menu::Trial;
use crate::model::OpId;
use crate::plan::Plan;
use crate::translate::{CsvKind, Subject, Table};
use std::path::PathBuf;

/// Something to do outside the state.
#[derive(Debug)]
pub enum Effect {
    /// Ask both nodes how they are.
    Status,
    /// Look for an open operation.
    Unfinished,
    /// Ask both nodes what they hold of the pair's data.
    Held,
    /// A job whose answer somebody waits for.
    Job(JobId, Job),
    /// Ask the running operation to stop after the current step.
    Stop,
    /// Stop a job that changes nothing.
    StopJob(JobId),
    /// Answer a worker's question.
    Answer(AskId, AskAnswer),
}

/// A job for a worker.
#[derive(Debug)]
pub enum Job {
    /// The questions of an operation.
    Form(Operation),
    /// The same, some of them answered.
    FormWith(Operation, Answers),
    /// The question which mirror is verified.
    VerifyForm,
    /// A plan.
    Plan(Operation, Answers),
    /// Carry out a plan.
    Apply(Box<Plan>),
    /// Go on with, or take back, an open operation.
    Resume(OpId, Way),
    /// List operations.
    History,
    /// The report of one.
    Report(OpId),
    /// Pre-flight checks.
    Doctor,
    /// Backup and mirrors.
    Held,
    /// Read a mirror again.
    Verify(VerifyIntent),
    /// Where the nodes' files differ.
    Differences,
    /// What a failback would lose.
    Losses,
    /// Try a node's reactions or an alarm.
    Try(Trial),
    /// The translation table with what is known around it.
    Translation,
    /// Where an address was found, and what it becomes.
    Explain(Subject),
    /// Read a table from a file of this machine.
    Import(PathBuf, CsvKind),
    /// Write a table into a new file of this machine.
    Export(PathBuf, CsvKind, Box<Table>),
    /// The faults of the practice lab.
    Faults,
    /// Put one on.
    Break(Fault),
    /// Take all of them off.
    Heal,
}

impl Job {
    /// Whether it changes nodes, so that the menu must not be left while it runs.
    pub const fn changes(&self) -> bool {
        matches!(self, Self::Apply(_) | Self::Resume(..))
    }

    /// Whether what it has is worth showing when it is stopped.
    pub const fn stops_early(&self) -> bool {
        matches!(self, Self::Translation)
    }

    /// Shown while it is waited for.
    pub const fn waiting(&self) -> &'static str {
        match self {
            Self::Form(_) | Self::FormWith(..) => "Reading what is configured",
            Self::Plan(..) => "Asking both nodes and making the plan",
            Self::Apply(_) | Self::Resume(..) => "Taking the locks",
            Self::History => "Reading the journals",
            Self::Report(_) => "Reading the report",
            Self::Doctor => "Checking both nodes; nothing is changed",
            Self::Held | Self::VerifyForm => "Asking both nodes what they hold",
            Self::Verify(_) => "Reading every byte of the mirror again",
            Self::Differences => "Comparing the nodes",
            Self::Losses => "Looking for what a failback would lose",
            Self::Try(_) => "Waiting for the programs on the node",
            Self::Translation | Self::Explain(_) => "Reading the translation table",
            Self::Import(..) => "Reading the file",
            Self::Export(..) => "Writing the file",
            Self::Faults => "Looking at the lab",
            Self::Break(_) => "Breaking it",
            Self::Heal => "Taking all faults off, until both nodes are ready",
        }
    }
}
