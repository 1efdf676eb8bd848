//! What the menu asks of the rest of the program. Every method may block: they run on worker threads,
//! never on the thread that draws.

use crate::agent::protocol::End;
use crate::controller::{Cancel, Looking};
use crate::engine::{Direction, Listener};
use crate::error::{Error, Kind, Result};
use crate::facts::DataHeld;
use crate::intent::{Answers, Form, Operation, VerifyIntent};
use crate::lab::{Fault, FaultOffer};
use crate::menu::Trial;
use crate::model::{BySide, OpId};
use crate::plan::Plan;
use crate::status::Status;
use crate::translate::{Subject, TranslationView};

/// The jobs behind the menu. Each is stopped by its `cancel`, also while a node is being reached (L4).
pub trait Backend: Send + Sync {
    /// What is known without asking a node; must not block, it is drawn in the first frame.
    fn identity(&self) -> Identity;
    /// The pair now, both nodes asked in parallel over connections that stay open.
    fn status(&self, cancel: &Cancel) -> Result<Status>;
    /// The questions of an operation with defaults filled in, and with what both nodes hold to choose from.
    fn form(&self, operation: Operation, cancel: &Cancel) -> Result<Form>;
    /// The plan for these answers, made from fresh facts. Changes nothing.
    fn plan(&self, operation: Operation, answers: &Answers, looking: Looking<'_>) -> Result<Plan>;
    /// Carries out a reviewed plan.
    fn apply(&self, plan: &Plan, listener: &mut dyn Listener, cancel: &Cancel) -> Result<Finished>;
    /// Goes on with an operation that was left open.
    fn resume(&self, op: OpId, way: Way, listener: &mut dyn Listener, cancel: &Cancel) -> Result<Finished>;
    /// The operation that was left open, if there is one.
    fn unfinished(&self, cancel: &Cancel) -> Result<Option<Unfinished>>;
    /// Operations, newest first.
    fn history(&self, cancel: &Cancel) -> Result<Vec<Past>>;
    /// The report of one operation as text.
    fn report(&self, op: OpId, cancel: &Cancel) -> Result<String>;
    /// Pre-flight checks as text; changes nothing.
    fn doctor(&self, cancel: &Cancel) -> Result<String>;
    /// The translation table, who owns which address, and what the data holds; a search that is stopped
    /// leaves the data out. To change the table, plan [`Operation::Translation`] with
    /// [`translation::answers`](crate::intent::translation::answers).
    fn translation(&self, looking: Looking<'_>) -> Result<TranslationView>;
    /// Where an address was found and what leaves on either side, as text.
    fn explain(&self, subject: Subject, looking: Looking<'_>) -> Result<String>;
    /// What both nodes hold of the pair's data.
    fn data_held(&self, cancel: &Cancel) -> Result<BySide<DataHeld>>;
    /// The question which mirror is verified, with what there is to choose from.
    fn verify_form(&self, cancel: &Cancel) -> Result<Form>;
    /// Reads every byte of a mirror again; what that comes to, as text.
    fn verify(&self, wanted: &VerifyIntent, looking: Looking<'_>) -> Result<String>;
    /// Where the nodes' files differ by the profile's rules, as text; changes nothing.
    fn differences(&self, cancel: &Cancel) -> Result<String>;
    /// What a failback or the next load would lose, as text; changes nothing.
    fn losses(&self, cancel: &Cancel) -> Result<String>;
    /// Tries reactions or an alarm of a node; what they said.
    fn try_out(&self, trial: &Trial, cancel: &Cancel) -> Result<String>;
    /// Faults on request; `None` unless the pair is a practice lab.
    fn practice(&self) -> Option<&dyn Practice> {
        None
    }
}

/// What only a practice lab can: break.
pub trait Practice: Send + Sync {
    /// Every fault there is to choose, and which are on.
    fn faults(&self) -> Result<Vec<FaultOffer>>;
    /// Puts one on.
    fn break_it(&self, fault: &Fault) -> Result<()>;
    /// Takes all of them off and waits until both nodes are ready.
    fn heal(&self) -> Result<()>;
}

/// Names for the title and the boxes before the nodes have answered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// The configured pair; `None` before the first `configure`.
    pub pair: Option<PairNames>,
    /// True for a practice lab, where faults can be put on.
    pub practice: bool,
}

/// The names the pair file gives.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PairNames {
    /// Name of the pair.
    pub name: String,
    /// Profile of its service.
    pub profile: String,
    /// Host names by role.
    pub hosts: BySide<String>,
}

/// How to go on with an open operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Do what is left.
    Forward,
    /// Take back what was done.
    Back,
}

impl From<Direction> for Way {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Forward => Self::Forward,
            Direction::Back => Self::Back,
        }
    }
}

/// An operation that was interrupted.
#[derive(Debug, Clone, PartialEq)]
pub struct Unfinished {
    /// Number.
    pub op: OpId,
    /// Its plan, for the progress screen.
    pub plan: Plan,
    /// Steps that are done.
    pub done: usize,
    /// Who began it: `root@alpha`.
    pub who: String,
    /// When, as text.
    pub since: String,
    /// The only way that is left, because one node has gone it to its end.
    pub decided: Option<Way>,
}

impl Unfinished {
    /// Whether it can still go this way.
    pub fn can_go(&self, way: Way) -> bool {
        self.decided.is_none_or(|decided| decided == way)
    }
}

/// An operation in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// Number.
    pub op: OpId,
    /// The plan's title.
    pub title: String,
    /// When it began, as text.
    pub when: String,
    /// Who began it.
    pub who: String,
    /// How it ended; `None` while it is open.
    pub end: Option<End>,
}

/// What came of an operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Finished {
    /// Its number, when it got one.
    pub op: Option<OpId>,
    /// How it ended; `None` while it is open.
    pub end: Option<End>,
    /// Why it is not as asked.
    pub error: Option<Error>,
    /// Path of the report.
    pub report: Option<String>,
}

/// An operation's outcome in the words of the exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As asked, read back.
    Done,
    /// Nothing was changed.
    Refused,
    /// Everything was taken back.
    RolledBack,
    /// Resumable.
    Incomplete,
    /// A person has to look.
    Unknown,
    /// A defect in pairadm.
    Bug,
}

impl Finished {
    /// An operation that did not even begin, or whose worker failed.
    pub fn failed(error: Error) -> Self {
        Self {
            op: None,
            end: None,
            error: Some(error),
            report: None,
        }
    }

    /// The outcome: the error's kind decides, then how the operation ended.
    pub fn verdict(&self) -> Verdict {
        match (&self.error, self.end) {
            (Some(error), _) => match error.kind {
                Kind::Refused | Kind::Usage => Verdict::Refused,
                Kind::RolledBack => Verdict::RolledBack,
                Kind::Incomplete => Verdict::Incomplete,
                Kind::Unknown => Verdict::Unknown,
                Kind::Bug => Verdict::Bug,
            },
            (None, Some(End::Committed)) => Verdict::Done,
            (None, Some(End::RolledBack)) => Verdict::RolledBack,
            (None, Some(End::Abandoned) | None) => Verdict::Incomplete,
        }
    }
}
