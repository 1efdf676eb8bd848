//! Alarms of this node: an event raises one, another event, its time or a person clears it, and its
//! program is told both.
//!
//! ```text
//!              event, test                    event, time, hand
//!   (clear) ─────────────────> raised ──────────────────────────> (clear)
//!             PROGRAM raised             PROGRAM cleared
//! ```
//!
//! What is raised stands in a file that outlives a start of the node. An alarm whose time is up counts as
//! cleared for everybody who reads that file, whether or not its program was told yet: a systemd timer
//! tells it, and after a start the boot guard does.

mod record;
mod rules;
mod timer;

use super::paths::NodePaths;
use super::reaction::{Outcome, log, run_trusted};
use crate::config::AlarmRule;
use crate::error::{Error, Result};
use crate::model::syntax::shown;
use crate::model::{Raised, TEST};
use record::Record;
use rules::Rules;
use std::time::Instant;

/// What clears an alarm whose time is up.
const TIME: &str = "time-out";

/// What clears an alarm when a person does.
const HAND: &str = "hand";

/// The alarms that are raised now, and what is wrong with the files that describe them.
pub fn look(paths: &NodePaths) -> (Vec<Raised>, Vec<String>) {
    let mut faults: Vec<String> = Rules::read(paths).faults.iter().map(Error::to_string).collect();
    let raised = record::read(paths).unwrap_or_else(|error| {
        faults.push(error.to_string());
        Vec::new()
    });
    let now = now();
    (
        raised.into_iter().filter(|one| !one.is_over(now)).collect(),
        faults,
    )
}

/// The event `code` happened: clears and raises what it concerns.
pub fn happened(paths: &NodePaths, code: u16, deadline: Instant) -> Vec<Outcome> {
    let rules = Rules::read(paths);
    let faults = rules
        .faults
        .iter()
        .map(|fault| Err(format!("{fault}: passed over")));
    let mut told: Vec<Outcome> = faults.collect();
    let mut desk = match Desk::open(paths, deadline) {
        Ok(desk) => desk,
        Err(error) => {
            told.push(Err(format!("alarms: {error}")));
            return told;
        }
    };
    told.extend(desk.clear_overdue(&rules));
    let about = |events: &[crate::model::Event]| events.iter().any(|event| event.codes().contains(&code));
    for rule in &rules.sound {
        if about(&rule.events) {
            told.push(desk.raise(rule, &code.to_string()));
        } else if about(&rule.cancelled_by) && desk.record.get(&rule.name).is_some() {
            told.push(desk.clear(&rules, &rule.name, &code.to_string()));
        }
    }
    told
}

/// Clears what is overdue, and sees that the rest has its timer: the timer itself, and a start of the node.
pub fn settle(paths: &NodePaths, deadline: Instant) -> Result<Vec<Outcome>> {
    let rules = Rules::read(paths);
    let mut desk = Desk::open(paths, deadline)?;
    let mut told = desk.clear_overdue(&rules);
    let waiting: Vec<Raised> = desk.record.all().to_vec();
    for raised in waiting {
        if let Err(error) = desk.arm(&raised) {
            told.push(Err(format!("alarm {}: {error}", raised.name)));
        }
    }
    Ok(told)
}

/// A person raises the alarm `name` as a test.
pub fn test(paths: &NodePaths, name: &str, deadline: Instant) -> Result<Outcome> {
    let mut rules = Rules::read(paths);
    if let Some(fault) = rules.take_fault(name) {
        return Err(fault);
    }
    let rule = rules.find(name).ok_or_else(|| {
        Error::refused(
            "unknown_alarm",
            format!("`{}` is not an alarm of this node", shown(name)),
        )
        .because(format!("accepted: {}", rules.names()))
        .hint(format!(
            "describe it in {}/NAME.toml",
            paths.reactions().display()
        ))
    })?;
    let mut desk = Desk::open(paths, deadline)?;
    let there = desk.record.get(name);
    if there.is_some_and(|raised| !raised.is_test() && !raised.is_over(desk.now)) {
        return Err(
            Error::refused("alarm_is_raised", format!("the alarm {name} is raised already"))
                .hint("it is no test: see `pairadm status`"),
        );
    }
    let _ = desk.record.remove(name)?;
    Ok(desk.raise(rule, TEST))
}

/// A person clears the alarm `name`, whatever raised it.
pub fn clear(paths: &NodePaths, name: &str, deadline: Instant) -> Result<Outcome> {
    let rules = Rules::read(paths);
    let mut desk = Desk::open(paths, deadline)?;
    if desk.record.get(name).is_none() {
        return Err(Error::refused(
            "alarm_not_raised",
            format!("the alarm `{}` is not raised on this node", shown(name)),
        )
        .hint("`pairadm status` lists those that are"));
    }
    Ok(desk.clear(&rules, name, HAND))
}

/// The record with its lock, while something is done about it.
struct Desk<'a> {
    paths: &'a NodePaths,
    record: Record,
    now: i64,
    deadline: Instant,
}

impl<'a> Desk<'a> {
    fn open(paths: &'a NodePaths, deadline: Instant) -> Result<Self> {
        Ok(Self {
            paths,
            record: Record::open(paths, deadline)?,
            now: now(),
            deadline,
        })
    }

    /// Raised again, its time begins anew, and nobody is told twice.
    fn raise(&mut self, rule: &AlarmRule, cause: &str) -> Outcome {
        let (name, category) = (&rule.name, rule.category);
        let is_new = self.record.get(name).is_none();
        let raised = Raised {
            name: name.clone(),
            category,
            since: self.record.get(name).map_or(self.now, |before| before.since),
            until: rule.cancel_after_s.map(|seconds| self.now + i64::from(seconds)),
            cause: cause.to_owned(),
        };
        // First what status shows: a program that hangs must not hide the alarm.
        let recorded = self.record.put(raised.clone()).and_then(|()| self.arm(&raised));
        let fault = recorded.err().map(|error| error.to_string());
        if !is_new {
            return outcome(format!("alarm {name} ({category}) is raised still"), fault);
        }
        log(&format!("alarm {name} ({category}) raised: {cause}"));
        let told = self.tell(rule, "raised", cause);
        outcome(
            format!("alarm {name} ({category}) raised{}", note(&told)),
            fault.or(told.err()),
        )
    }

    /// Its program is told first: when this is cut off, it is told again, and not never.
    fn clear(&mut self, rules: &Rules, name: &str, cause: &str) -> Outcome {
        let told = match rules.find(name) {
            Some(rule) => self.tell(rule, "cleared", cause),
            None => Ok(None),
        };
        let removed = self.record.remove(name);
        timer::stop(self.paths, name, self.deadline);
        log(&format!("alarm {name} cleared: {cause}"));
        let fault = removed.err().map(|error| error.to_string());
        outcome(
            format!("alarm {name} cleared by {cause}{}", note(&told)),
            fault.or(told.err()),
        )
    }

    fn clear_overdue(&mut self, rules: &Rules) -> Vec<Outcome> {
        let over = self.record.all().iter().filter(|raised| raised.is_over(self.now));
        let names: Vec<String> = over.map(|raised| raised.name.clone()).collect();
        names.iter().map(|name| self.clear(rules, name, TIME)).collect()
    }

    fn arm(&self, raised: &Raised) -> Result<()> {
        match raised.until {
            Some(until) => timer::start(self.paths, &raised.name, until - self.now, self.deadline),
            None => Ok(()),
        }
    }

    /// The program's name once it ran; `None` where the alarm has none.
    fn tell(&self, rule: &AlarmRule, what: &str, cause: &str) -> std::result::Result<Option<String>, String> {
        let Some(program) = &rule.program else {
            return Ok(None);
        };
        let category = rule.category.to_string();
        let argv = [program, what, &rule.name, &category, cause];
        run_trusted(self.paths.search(), &argv, self.deadline)
            .map(|()| Some(program.clone()))
            .map_err(|why| format!("{program} {why}"))
    }
}

fn note(told: &std::result::Result<Option<String>, String>) -> String {
    match told {
        Ok(Some(program)) => format!(", {program} ran"),
        _ => String::new(),
    }
}

fn outcome(text: String, fault: Option<String>) -> Outcome {
    match fault {
        None => Ok(text),
        Some(fault) => Err(format!("{text}, but {fault}")),
    }
}

fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

#[cfg(test)]
mod tests;
