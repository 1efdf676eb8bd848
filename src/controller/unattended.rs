//! What a node of the pair does by itself, without a person: on its timer, or when a file has changed.
//! Whether it is this node's turn is seen at every run, so a takeover or reversed roles need no switching.

use super::looking::Looking;
use super::{Cancel, Controller, identity};
use crate::agent::{NodePaths, state};
use crate::data::{LastRun, RunEnd, Trigger};
use crate::engine::{Event, Listener};
use crate::error::{Error, Result};
use crate::intent::{Answers, Operation};
use crate::model::{NodeState, OpId, Pair, Side};
use crate::report::Outcome;
use std::time::Instant;

/// What to do when it is this node's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duty {
    /// Bring administration files over.
    pub sync: bool,
    /// Copy the primary's backup and load it.
    pub copy: bool,
    /// Make that backup first.
    pub backup: bool,
}

/// Nobody watches.
struct Unwatched;

impl Listener for Unwatched {
    fn on(&mut self, _: &Event) {}
}

impl Controller {
    /// Does `duty` if it is this node's turn, and records the run on the node. The error is the run's, after
    /// it was recorded.
    pub fn run_unattended(&self, duty: Duty, trigger: Trigger, cancel: &Cancel) -> Result<LastRun> {
        let paths = NodePaths::system();
        let began = Instant::now();
        let mut run = LastRun {
            trigger,
            at: identity::now(),
            seconds: 0,
            end: RunEnd::Done,
            text: String::new(),
            operations: Vec::new(),
        };
        let outcome = self.turn(&paths, trigger).and_then(|turn| match turn {
            Some(not_this) => {
                run.end = RunEnd::Skipped;
                Ok(not_this)
            }
            None => self.carry_out(duty, trigger, cancel, &mut run.operations),
        });
        run.seconds = began.elapsed().as_secs();
        let failure = match outcome {
            Ok(text) => {
                run.text = text;
                None
            }
            Err(error) => {
                run.end = RunEnd::Failed;
                run.text = error.to_string();
                Some(error)
            }
        };
        run.write(paths.var())?;
        // Looks after a change are many, and what they do has reports of its own.
        if trigger == Trigger::Timer {
            run.report(&self.options.report_dir, &self.need_pair()?.name)?;
        }
        failure.map_or(Ok(run), Err)
    }

    /// Why it is not this node's turn, if it is not.
    fn turn(&self, paths: &NodePaths, trigger: Trigger) -> Result<Option<String>> {
        let pair = self.need_pair()?;
        let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let side = pair.side_of(&name).ok_or_else(|| {
            Error::refused(
                "not_a_node",
                format!("`{name}` is no node of the pair {}", pair.name),
            )
            .hint("this command is for the nodes' own units")
        })?;
        Ok(not_its_turn(&pair, side, state::read(paths)?.as_ref(), trigger))
    }

    fn carry_out(
        &self,
        duty: Duty,
        trigger: Trigger,
        cancel: &Cancel,
        operations: &mut Vec<OpId>,
    ) -> Result<String> {
        let mut done = Vec::new();
        for (operation, key, value) in steps(duty) {
            let mut answers = Answers::default();
            if let Some(key) = key {
                answers.set(key, value);
            }
            // Most looks after a change find nothing to do; those disturb nobody by a lock.
            let looking = Looking::quietly(cancel);
            if trigger == Trigger::Change && self.plan(operation, &answers, looking)?.plan.is_empty() {
                continue;
            }
            let ended = self.plan_and_apply(operation, &answers, &mut Unwatched, looking, |_| Ok(()))?;
            let Some(ended) = ended else {
                continue;
            };
            operations.push(ended.report.op);
            if ended.outcome != Outcome::Done {
                let lost = || Error::unknown("not_done", "the operation did not end as asked");
                return Err(ended.error.unwrap_or_else(lost));
            }
            done.push(format!("{} (operation {})", ended.report.title, ended.report.op));
        }
        if done.is_empty() {
            return Ok("nothing to do".to_owned());
        }
        Ok(done.join("; "))
    }
}

/// The operations of a duty in order, each with its answer.
fn steps(duty: Duty) -> Vec<(Operation, Option<&'static str>, &'static str)> {
    let mut steps = Vec::new();
    if duty.sync {
        steps.push((Operation::Sync, Some("when"), "once"));
    }
    if duty.copy && duty.backup {
        steps.push((Operation::Backup, Some("side"), "primary"));
    }
    if duty.copy {
        steps.push((Operation::Copy, None, ""));
        steps.push((Operation::Load, None, ""));
    }
    steps
}

/// The timer's work is the passive secondary's, a change is the active node's to bring over.
fn not_its_turn(pair: &Pair, side: Side, state: Option<&NodeState>, trigger: Trigger) -> Option<String> {
    let Some(state) = state else {
        return Some("skipped: this node does not remember the pair".to_owned());
    };
    let name = pair.nodes[side].hostname.as_str();
    let active = state.active.as_deref() == Some(name);
    match trigger {
        Trigger::Timer if side == Side::Primary => Some("skipped: this node is the primary".to_owned()),
        Trigger::Timer if active => Some("skipped: active; a load would take calls' data away".to_owned()),
        Trigger::Change if !active => Some("skipped: passive; changes come from the other node".to_owned()),
        Trigger::Timer | Trigger::Change => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::sample;
    use crate::model::{Generation, Traffic};

    fn state(active: &str) -> NodeState {
        NodeState {
            pair: "office".to_owned(),
            side: Side::Secondary,
            active: Some(active.to_owned()),
            generation: Generation(1),
            traffic: Traffic::Blocked,
            last_op: OpId(1),
            pending_restart: Vec::new(),
            debts: Vec::new(),
            restarts: Vec::new(),
        }
    }

    #[test]
    fn only_the_passive_secondary_copies_and_only_the_active_node_brings_changes_over() {
        let pair = sample::office();
        for (side, active, trigger, turn) in [
            (Side::Secondary, "alpha", Trigger::Timer, true),
            (Side::Secondary, "beta", Trigger::Timer, false),
            (Side::Primary, "alpha", Trigger::Timer, false),
            (Side::Primary, "beta", Trigger::Timer, false),
            (Side::Primary, "alpha", Trigger::Change, true),
            (Side::Secondary, "alpha", Trigger::Change, false),
            (Side::Secondary, "beta", Trigger::Change, true),
        ] {
            let why = not_its_turn(&pair, side, Some(&state(active)), trigger);
            assert_eq!(why.is_none(), turn, "{side} {active} {trigger:?}: {why:?}");
        }
        assert!(not_its_turn(&pair, Side::Secondary, None, Trigger::Timer).is_some());
    }

    #[test]
    fn a_backup_is_made_only_when_it_was_asked_for() {
        let duty = |backup| Duty {
            sync: true,
            copy: true,
            backup,
        };
        let verbs = |duty| -> Vec<&str> { steps(duty).iter().map(|(op, ..)| op.verb()).collect() };
        assert!(!verbs(duty(false)).contains(&"backup"));
        assert_eq!(verbs(duty(true)), ["sync", "backup", "copy", "load"]);
    }
}
