//! What the journal of one node says pairadm did to each file and has not taken back since.

use super::REMOVE;
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

/// The step that is taken back, and the one that left the file as it is.
type WayBack = ((OpId, StepId), Option<(OpId, StepId)>);

/// Changes that still stand, newest first.
#[derive(Debug, Default)]
pub struct Trace {
    written: Vec<Written>,
    parameters: Vec<(OpId, StepId)>,
}

impl Trace {
    /// Reads a node's operations, newest first. A step taken back by a later operation does not stand,
    /// unless that taking back was taken back itself. What an earlier removal left is nobody's any more.
    pub fn of(operations: &[Operation]) -> Self {
        let mut trace = Self::default();
        let mut taken_back = BTreeSet::new();
        for operation in operations
            .iter()
            .filter(|operation| operation.end == Some(End::Committed))
        {
            let op = operation.op;
            let done = |step: StepId| operation.places.contains(&(step, StepPlace::Done));
            let steps = operation.plan.steps().filter(|step| done(step.id));
            let stand = steps.filter(|step| !taken_back.contains(&(op, step.id)));
            let stand: Vec<_> = stand.collect();
            if operation.plan.operation == REMOVE && !stand.is_empty() {
                break;
            }
            for step in stand.into_iter().rev() {
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

    /// The step whose original the file at `path` gets, whose digest is `now`, and the newest step that
    /// changed it, if that is another one; `None` when the file is not as the newest left it.
    pub fn way_back(&self, path: &str, now: Option<&str>) -> Option<WayBack> {
        let mut wanted = now;
        let mut way = self
            .written
            .iter()
            .filter(|written| written.path == path)
            .map_while(|written| {
                let follows = written.after.as_deref() == wanted;
                wanted = written.before.as_deref();
                follows.then_some((written.op, written.step))
            });
        let newest = way.next()?;
        Some(way.last().map_or((newest, None), |oldest| (oldest, Some(newest))))
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
