//! One changing operation in line mode: review, consent, progress, and what to do when it stopped.

use super::{Reply, Talk};
use crate::controller::Cancel;
use crate::controller::backend::{Backend, Finished, Verdict, Way};
use crate::engine::{Event, Listener};
use crate::error::{Error, Result};
use crate::model::BySide;
use crate::plan::Plan;
use crate::render::{self, Line, Tone};
use std::sync::atomic::Ordering;

/// How the operator agrees to a reviewed plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Already, by `--yes`.
    Given,
    /// Is asked.
    Asked,
}

/// What came of a reviewed plan.
#[derive(Debug)]
pub enum Ended {
    /// Both nodes were already as asked.
    NothingToDo,
    /// The operator said no.
    Declined,
    /// It was carried out, or begun.
    Carried(Box<Finished>),
}

/// Shows events as lines.
struct Shown<'t> {
    talk: &'t mut (dyn Talk + Send),
    progress: render::Progress,
}

impl Listener for Shown<'_> {
    fn on(&mut self, event: &Event) {
        if let Some(line) = self.progress.line(event) {
            self.talk.say(&line);
        }
    }
}

/// Host names by role, for headings.
fn hosts(backend: &dyn Backend, plan: &Plan) -> BySide<String> {
    let named = || backend.identity().pair.map(|names| names.hosts);
    plan.hosts(|| named().unwrap_or_else(|| BySide::new(|side| side.to_string())))
}

/// Shows `plan`, asks, and carries it out.
pub fn change(
    talk: &mut (dyn Talk + Send),
    backend: &dyn Backend,
    plan: &Plan,
    consent: Consent,
    verbose: bool,
    cancel: &Cancel,
) -> Ended {
    let hosts = hosts(backend, plan);
    for line in render::review(plan, &hosts) {
        talk.say(&line);
    }
    if plan.is_empty() {
        return Ended::NothingToDo;
    }
    talk.say(&Line::default());
    if consent == Consent::Asked && !talk.agrees("Go on") {
        talk.say(&Line::plain("Nothing was changed."));
        return Ended::Declined;
    }
    cancel.flag().store(false, Ordering::SeqCst);
    let mut shown = Shown {
        talk: &mut *talk,
        progress: render::Progress::new(plan, &hosts, verbose),
    };
    let finished = settled(backend.apply(plan, &mut shown, cancel));
    let finished = offer(talk, backend, plan, finished, verbose, cancel);
    Ended::Carried(Box::new(finished))
}

/// Goes on with an unfinished operation, forward or back, and shows how.
pub fn go_on(
    talk: &mut (dyn Talk + Send),
    backend: &dyn Backend,
    plan: &Plan,
    op: crate::model::OpId,
    way: Way,
    verbose: bool,
    cancel: &Cancel,
) -> Finished {
    let hosts = hosts(backend, plan);
    cancel.flag().store(false, Ordering::SeqCst);
    let mut shown = Shown {
        talk: &mut *talk,
        progress: render::Progress::new(plan, &hosts, verbose),
    };
    let finished = settled(backend.resume(op, way, &mut shown, cancel));
    tell_all(talk, &finished);
    finished
}

fn settled(result: Result<Finished>) -> Finished {
    result.unwrap_or_else(Finished::failed)
}

/// Says how an operation ended; after an interruption offers to resume it, to roll it back, or to leave
/// it for later (L4).
pub fn offer(
    talk: &mut (dyn Talk + Send),
    backend: &dyn Backend,
    plan: &Plan,
    finished: Finished,
    verbose: bool,
    cancel: &Cancel,
) -> Finished {
    tell_all(talk, &finished);
    let (Verdict::Incomplete, Some(op)) = (finished.verdict(), finished.op) else {
        return finished;
    };
    // The Ctrl-C that stopped the operation must not answer the question too.
    cancel.flag().store(false, Ordering::SeqCst);
    loop {
        match talk.ask("1) resume  2) roll back  3) leave it for later (1-3)") {
            Reply::Line(line) if line == "1" => {
                return go_on(talk, backend, plan, op, Way::Forward, verbose, cancel);
            }
            Reply::Line(line) if line == "2" => {
                return go_on(talk, backend, plan, op, Way::Back, verbose, cancel);
            }
            Reply::Line(line) if line != "3" => talk.say(&Line::plain("Answer 1, 2 or 3.")),
            _ => {
                talk.say(&Line::plain(format!("It stays open: pairadm resume {op}")));
                return finished;
            }
        }
    }
}

fn tell_all(talk: &mut dyn Talk, finished: &Finished) {
    tell(talk, finished);
    if let Some(error) = &finished.error {
        tell_error(talk, error);
    }
}

/// Says how an operation ended and where its report is; the error goes elsewhere.
pub fn tell(talk: &mut dyn Talk, finished: &Finished) {
    let (tone, words) = match finished.verdict() {
        Verdict::Done => (Tone::Good, "Done, and read back on every node that took part."),
        Verdict::Refused => (Tone::Bad, "Refused: nothing was changed."),
        Verdict::RolledBack => (Tone::Warning, "Rolled back: both nodes are as before."),
        Verdict::Incomplete => (Tone::Warning, "Incomplete: it can be resumed or rolled back."),
        Verdict::Unknown => (Tone::Bad, "Unknown: a person has to look at the nodes."),
        Verdict::Bug => (Tone::Bad, "A defect in pairadm; see the message."),
    };
    talk.say(&Line::toned(tone, words));
    if let Some(report) = &finished.report {
        talk.say(&Line::plain(format!("Report: {report}")));
    }
}

/// An error and what to do about it.
pub fn tell_error(talk: &mut dyn Talk, error: &Error) {
    talk.say(&Line::toned(Tone::Bad, error.to_string()));
    for line in error.diff.iter().flat_map(|diff| diff.lines()) {
        talk.say(&Line::plain(line));
    }
    if let Some(hint) = &error.hint {
        talk.say(&Line::plain(format!("hint: {hint}")));
    }
}
