//! For tests: a terminal with prepared replies, and a backend that remembers what it was asked.

#![allow(clippy::unwrap_used)]

use super::{Reply, Talk};
use crate::agent::protocol::End;
use crate::config::sample::office;
use crate::controller::backend::{Backend, Finished, Identity, PairNames, Past, Practice, Unfinished, Way};
use crate::controller::{Cancel, Looking};
use crate::data::Manifest;
use crate::engine::{Event, Listener, Progress};
use crate::error::{Error, Result};
use crate::facts::{DataFacts, DataHeld, MirrorFacts};
use crate::intent::{self, Answers, Form, Known, Operation, VerifyIntent};
use crate::lab::{Fault, FaultOffer};
use crate::menu::Trial;
use crate::model::{BySide, Generation, OpId, Side};
use crate::plan::{Action, Plan, Stage, Step, StepId, Window};
use crate::render::Line;
use crate::status::Status;
use crate::translate::{Subject, TranslationView};
use std::collections::VecDeque;
use std::sync::Mutex;

/// Replies in order, then the end of input.
pub struct Script {
    replies: VecDeque<String>,
    shown: String,
}

impl Script {
    /// A terminal whose operator types these lines.
    pub fn of(replies: &[&str]) -> Self {
        Self {
            replies: replies.iter().map(|&reply| reply.to_owned()).collect(),
            shown: String::new(),
        }
    }

    /// Everything shown so far.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Replies that were not asked for.
    pub fn left(&self) -> usize {
        self.replies.len()
    }
}

impl Talk for Script {
    fn say(&mut self, line: &Line) {
        self.shown.push_str(&line.paint(false));
        self.shown.push('\n');
    }

    fn ask(&mut self, prompt: &str) -> Reply {
        self.shown.push_str(prompt);
        self.shown.push_str(": \n");
        self.replies.pop_front().map_or(Reply::End, Reply::Line)
    }
}

/// A backend that plans one step and remembers what it was asked.
pub struct Fake {
    /// Calls in order.
    pub asked: Mutex<Vec<String>>,
    /// How `apply` and `resume` end.
    pub end: Option<End>,
    /// Faults that are on, in a practice lab.
    pub broken: Option<Mutex<Vec<Fault>>>,
}

impl Fake {
    /// A configured pair whose operations end as `end` says.
    pub fn ending(end: Option<End>) -> Self {
        Self {
            asked: Mutex::default(),
            end,
            broken: None,
        }
    }

    /// The same in a practice lab that is whole.
    pub fn practising() -> Self {
        Self {
            broken: Some(Mutex::default()),
            ..Self::ending(None)
        }
    }

    fn note(&self, what: String) {
        self.asked.lock().unwrap().push(what);
    }

    fn finished(&self) -> Finished {
        Finished {
            op: Some(OpId(7)),
            end: self.end,
            error: None,
            report: Some("/var/log/pairadm/7.txt".to_owned()),
        }
    }
}

/// A plan of one step on the secondary.
pub fn plan() -> Plan {
    Plan {
        operation: "takeover".to_owned(),
        title: "take over to secondary (beta)".to_owned(),
        asked: Vec::new(),
        facts: String::new(),
        notice: Vec::new(),
        stages: vec![Stage {
            title: "announce".to_owned(),
            steps: vec![Step {
                id: StepId(1),
                side: Side::Secondary,
                title: "announce the VIPs".to_owned(),
                action: Action::Announce { vips: Vec::new() },
                armed: false,
            }],
            window: Window::None,
        }],
        sides: Side::BOTH.to_vec(),
        service_affecting: true,
        how_to_undo: "pairadm undo OP".to_owned(),
    }
}

/// A mirror on the secondary, and a failback mirror on the primary.
fn held() -> BySide<DataHeld> {
    let mirror = |op, source| MirrorFacts {
        source,
        ..MirrorFacts::of(
            OpId(op),
            &Manifest::new(String::new(), String::new(), Generation(1), OpId(op)),
            0,
            None,
        )
    };
    let held = |side: Side| DataHeld {
        hostname: side.to_string(),
        data: Some(DataFacts {
            mirrors: vec![match side {
                Side::Secondary => mirror(9, Side::Primary),
                Side::Primary => mirror(12, Side::Secondary),
            }],
            ..DataFacts::default()
        }),
        ..DataHeld::default()
    };
    BySide::new(held)
}

impl Backend for Fake {
    fn identity(&self) -> Identity {
        let pair = PairNames {
            name: "office".to_owned(),
            profile: "kamailio".to_owned(),
            hosts: BySide {
                primary: "alpha".to_owned(),
                secondary: "beta".to_owned(),
            },
        };
        Identity {
            pair: Some(pair),
            practice: self.broken.is_some(),
        }
    }

    fn status(&self, _: &Cancel) -> Result<Status> {
        Err(Error::refused("test", "no status here"))
    }

    fn form(&self, operation: Operation, _: &Cancel) -> Result<Form> {
        let (pair, held) = (office(), self.data_held(&Cancel::default())?);
        let known = Known {
            pair: Some(&pair),
            held: Some(&held),
            ..Known::default()
        };
        intent::form(operation, &known)
    }

    fn plan(&self, operation: Operation, answers: &Answers, _: Looking<'_>) -> Result<Plan> {
        let answers: Vec<String> = answers
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        self.note(format!("plan {} {}", operation.verb(), answers.join(" ")));
        Ok(plan())
    }

    fn apply(&self, _: &Plan, listener: &mut dyn Listener, _: &Cancel) -> Result<Finished> {
        self.note("apply".to_owned());
        listener.on(&Event {
            at_us: 0,
            progress: Progress::Stage { index: 0 },
        });
        Ok(self.finished())
    }

    fn resume(&self, op: OpId, way: Way, _: &mut dyn Listener, _: &Cancel) -> Result<Finished> {
        self.note(format!("resume {op} {way:?}"));
        Ok(Finished {
            end: Some(End::Committed),
            ..self.finished()
        })
    }

    fn unfinished(&self, _: &Cancel) -> Result<Option<Unfinished>> {
        Ok(Some(Unfinished {
            op: OpId(7),
            plan: plan(),
            done: 0,
            who: "root@alpha".to_owned(),
            since: "now".to_owned(),
            decided: None,
        }))
    }

    fn history(&self, _: &Cancel) -> Result<Vec<Past>> {
        Ok(vec![Past {
            op: OpId(6),
            title: "configure".to_owned(),
            when: "2026-11-20T21:00:03+01:00".to_owned(),
            who: "root@alpha".to_owned(),
            end: Some(End::Committed),
        }])
    }

    fn report(&self, op: OpId, _: &Cancel) -> Result<String> {
        Ok(format!("report of {op}\u{1b}[2J"))
    }

    fn doctor(&self, _: &Cancel) -> Result<String> {
        Ok("all well".to_owned())
    }

    fn translation(&self, _: Looking<'_>) -> Result<TranslationView> {
        Ok(TranslationView::default())
    }

    fn data_held(&self, _: &Cancel) -> Result<BySide<DataHeld>> {
        Ok(held())
    }

    fn verify_form(&self, _: &Cancel) -> Result<Form> {
        let (pair, held) = (office(), self.data_held(&Cancel::default())?);
        intent::verify_form(&Known {
            pair: Some(&pair),
            held: Some(&held),
            ..Known::default()
        })
    }

    fn verify(&self, wanted: &VerifyIntent, _: Looking<'_>) -> Result<String> {
        Ok(format!("{} is whole", wanted.mirror))
    }

    fn differences(&self, _: &Cancel) -> Result<String> {
        Ok("nothing differs".to_owned())
    }

    fn losses(&self, _: &Cancel) -> Result<String> {
        Ok("nothing would be lost".to_owned())
    }

    fn try_out(&self, trial: &Trial, _: &Cancel) -> Result<String> {
        self.note(format!("try {trial:?}"));
        Ok("all told".to_owned())
    }

    fn explain(&self, subject: Subject, _: Looking<'_>) -> Result<String> {
        Ok(format!("{subject} stays"))
    }

    fn practice(&self) -> Option<&dyn Practice> {
        self.broken.as_ref().map(|_| self as &dyn Practice)
    }
}

impl Practice for Fake {
    fn faults(&self) -> Result<Vec<FaultOffer>> {
        let broken = self.broken.as_ref().unwrap().lock().unwrap();
        let offer = |text: &str| {
            let fault: Fault = text.parse().unwrap();
            let on = broken.contains(&fault);
            FaultOffer { fault, on }
        };
        Ok(["power alpha", "duplicate-vip"].map(offer).into())
    }

    fn break_it(&self, fault: &Fault) -> Result<()> {
        self.note(format!("break {fault}"));
        self.broken.as_ref().unwrap().lock().unwrap().push(fault.clone());
        Ok(())
    }

    fn heal(&self) -> Result<()> {
        self.note("heal".to_owned());
        self.broken.as_ref().unwrap().lock().unwrap().clear();
        Ok(())
    }
}
