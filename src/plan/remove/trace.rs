//! What the journal of one node says pairadm did to each file and has not taken back since.

use crate::agent::protocol::{End, Operation};
use crate::model::{OpId, digest};
use crate::plan::{Action, FilePut, StepId, StepPlace};
use std::collections::BTreeSet;

/// One change of a file that still stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Written {
    op: OpId,
    step: StepId,
    path: String,
    before: Option<String>,
    after: Option<String>,
}

/// Changes that still stand, newest first.
#[derive(Debug, Default)]
pub struct Trace {
    written: Vec<Written>,
    parameters: Vec<(OpId, StepId)>,
}

impl Trace {
    /// Reads a node's operations, newest first. A step taken back by a later operation does not stand,
    /// unless that taking back was taken back itself.
    pub fn of(operations: &[Operation]) -> Self {
        let mut trace = Self::default();
        let mut taken_back = BTreeSet::new();
        for operation in operations
            .iter()
            .filter(|operation| operation.end == Some(End::Committed))
        {
            let op = operation.op;
            let done = |step: StepId| operation.places.contains(&(step, StepPlace::Done));
            let steps: Vec<_> = operation.plan.steps().filter(|step| done(step.id)).collect();
            for step in steps.into_iter().rev() {
                if taken_back.contains(&(op, step.id)) {
                    continue;
                }
                match &step.action {
                    Action::TakeBack { op, step, .. } => {
                        taken_back.insert((*op, *step));
                    }
                    Action::File(file) => trace.written.push(written(op, step.id, file)),
                    Action::Sysctl { .. } => trace.parameters.push((op, step.id)),
                    _ => {}
                }
            }
        }
        trace
    }

    /// The steps to take back, newest first, so that the file at `path`, whose digest is `now`, gets its
    /// original; `None` when the file is not as the newest of them left it.
    pub fn way_back(&self, path: &str, now: Option<&str>) -> Option<Vec<(OpId, StepId)>> {
        let mut wanted = now.map(str::to_owned);
        let mut way = Vec::new();
        for written in self.written.iter().filter(|written| written.path == path) {
            if written.after != wanted {
                break;
            }
            way.push((written.op, written.step));
            wanted.clone_from(&written.before);
        }
        (!way.is_empty()).then_some(way)
    }

    /// True when pairadm ever wrote the file, as far as the journal reaches.
    pub fn knows(&self, path: &str) -> bool {
        self.written.iter().any(|written| written.path == path)
    }

    /// The file that a step wrote.
    pub fn path_of(&self, op: OpId, step: StepId) -> Option<&str> {
        self.written
            .iter()
            .find(|written| (written.op, written.step) == (op, step))
            .map(|written| written.path.as_str())
    }

    /// Steps that set kernel parameters, newest first.
    pub fn parameters(&self) -> impl Iterator<Item = (OpId, StepId)> + use<'_> {
        self.parameters.iter().copied()
    }
}

fn written(op: OpId, step: StepId, file: &FilePut) -> Written {
    let after = file.content.as_ref().and_then(|content| content.to_bytes().ok());
    Written {
        op,
        step,
        path: file.path.clone(),
        before: file.before.clone(),
        after: after.as_deref().map(digest::sha256),
    }
}
