//! What all three doors stand on: the pair, ways to its nodes, and the life of an operation from
//! answers to report. The controller never touches a terminal; questions go to its [`Operator`].

mod adopt;
mod ahead;
mod alone;
mod apply;
pub mod backend;
mod backups;
mod comparing;
mod configuring;
mod door;
mod ended;
mod facts;
mod failing_back;
mod history;
mod holdings;
mod identity;
mod live;
mod loading;
mod locking;
mod looking;
mod lookout;
mod outage;
mod past_alone;
mod planning;
mod reactions;
mod recovery;
mod remembered;
mod scheduling;
mod syncing;
mod translation;
mod unattended;
mod undoing;
mod way_in;

pub use backups::NodeBackups;
pub use door::Door;
pub use ended::Ended;
pub use live::Live;
pub use looking::Looking;
pub use planning::Review;
pub use translation::Explained;
pub use unattended::Duty;

pub use crate::model::Cancel;

use crate::config::{PAIR_FILE, PROFILES_DIRECTORY, Profile, load_pair, profile, profile_names};
use crate::engine::Session;
use crate::error::{Error, Result};
use crate::facts::DataHeld;
use crate::intent::{self, Form, Known, Operation};
use crate::model::{BySide, Pair, Side};
use crate::remote::{Dial, Dialer, GiveUp, Named, Operator, WithoutNodeKey};
use crate::report::Journals;
use crate::status::Status;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// Where things are on the controller, and who can be asked.
#[derive(Clone)]
pub struct Options {
    /// The pair file.
    pub pair_file: PathBuf,
    /// The controller's journals; `/var/lib/pairadm`.
    pub state_dir: PathBuf,
    /// Reports; `/var/log/pairadm`.
    pub report_dir: PathBuf,
    /// Profiles of the administrator.
    pub profiles_dir: PathBuf,
    /// Plans are only shown: not even a node's own key is made.
    pub dry_run: bool,
    /// This machine is a node of the pair and acts by itself: it reaches the other with its own key.
    pub as_node: bool,
    /// Answers questions about host keys and secrets.
    pub operator: Arc<dyn Operator>,
}

impl Options {
    /// The ordinary places.
    pub fn new(operator: Arc<dyn Operator>) -> Self {
        Self {
            pair_file: PAIR_FILE.into(),
            state_dir: "/var/lib/pairadm".into(),
            report_dir: "/var/log/pairadm".into(),
            profiles_dir: PROFILES_DIRECTORY.into(),
            dry_run: false,
            as_node: false,
            operator,
        }
    }
}

/// Administers one pair. Its methods block; all may be called from any thread.
pub struct Controller {
    options: Options,
    /// The pair file as last read or written, with the dialer that remembers accepted host keys.
    present: Mutex<Present>,
}

/// What the nodes said before a form is made, if they were asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen<'a> {
    /// The newest status.
    pub status: Option<&'a Status>,
    /// What both hold of the pair's data.
    pub held: Option<&'a BySide<DataHeld>>,
}

#[derive(Clone, Default)]
struct Present {
    pair: Option<Arc<Pair>>,
    /// The pair last dialled, which may be a draft, with its dialer.
    dialler: Option<(Pair, Arc<Dialer>)>,
    /// The server without a pair that was last planned for, to go on with what is interrupted there.
    alone: Option<Arc<Pair>>,
}

impl Controller {
    /// Reads the pair file if there is one; asks no node.
    pub fn open(options: Options) -> Result<Self> {
        let controller = Self {
            options,
            present: Mutex::default(),
        };
        controller.reload()?;
        Ok(controller)
    }

    /// Reads the pair file again.
    pub fn reload(&self) -> Result<()> {
        let pair = load_pair(&self.options.pair_file)?.map(Arc::new);
        self.present.lock().unwrap_or_else(PoisonError::into_inner).pair = pair;
        Ok(())
    }

    /// The configured pair.
    pub fn pair(&self) -> Option<Arc<Pair>> {
        self.present().pair
    }

    /// Where things are.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The questions of an operation, with what is known as defaults and to choose from.
    pub fn form(&self, operation: Operation, seen: Seen<'_>) -> Result<Form> {
        let pair = match operation {
            Operation::Configure | Operation::Undo(_) => self.last_pair(),
            Operation::Remove => self.pair_at_work().ok(),
            _ => self.pair(),
        };
        let profiles = profile_names(&self.options.profiles_dir);
        let mut form = intent::form(
            operation,
            &Known {
                pair: pair.as_deref(),
                profiles: &profiles,
                status: seen.status,
                held: seen.held,
            },
        )?;
        if let (Operation::Configure, None, Some(removed)) = (operation, self.pair(), pair) {
            form.title = format!(
                "Configure a pair; the answers of {}, removed, are kept",
                removed.name
            );
        }
        Ok(form)
    }

    /// The question which mirror is verified.
    pub fn verify_form(&self, seen: Seen<'_>) -> Result<Form> {
        intent::verify_form(&Known {
            pair: self.pair().as_deref(),
            status: seen.status,
            held: seen.held,
            ..Known::default()
        })
    }

    /// The configured pair, or the one that was removed last: its answers are still good (A11), and its
    /// removal can be undone.
    fn last_pair(&self) -> Option<Arc<Pair>> {
        self.pair().or_else(|| {
            let removed = load_pair(&adopt::removed(&self.options.pair_file));
            removed.ok().flatten().map(Arc::new)
        })
    }

    /// The configured pair, or the one with which this controller was interrupted while it was removed or
    /// brought back.
    pub fn pair_at_work(&self) -> Result<Arc<Pair>> {
        self.pair()
            .or_else(|| self.interrupted_pair())
            .ok_or_else(|| self.no_pair())
    }

    fn interrupted_pair(&self) -> Option<Arc<Pair>> {
        self.last_pair().filter(|pair| {
            let newest = self.journals(pair).list(1);
            newest
                .first()
                .is_some_and(|newest| apply::end_of(newest.outcome).is_none())
        })
    }

    fn present(&self) -> Present {
        self.present
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The configured pair, for what cannot do without.
    pub fn need_pair(&self) -> Result<Arc<Pair>> {
        self.pair().ok_or_else(|| self.no_pair())
    }

    /// Why what needs a pair is refused.
    pub fn no_pair(&self) -> Error {
        let refused = Error::refused("no_pair", "no pair is configured").at(self.options.pair_file.display());
        refused.hint(match self.interrupted_pair() {
            Some(pair) => format!(
                "an operation with {} was interrupted; `pairadm resume` finishes it",
                pair.name
            ),
            None => "configure one with `pairadm configure`, or name its file with --pair".to_owned(),
        })
    }

    fn profile(&self, pair: &Pair) -> Result<Profile> {
        profile(&pair.profile, &self.options.profiles_dir)
    }

    fn journals(&self, pair: &Pair) -> Journals {
        Journals::of(&self.options.state_dir, &pair.name)
    }

    /// The dialer for `pair`. The last one is kept, with the host keys and secrets it was given, as long
    /// as the way to the nodes is the same: nobody is asked twice.
    fn dialer(&self, pair: &Pair) -> Arc<Dialer> {
        let mut present = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, dialer)) = &present.dialler
            && known.nodes == pair.nodes
        {
            return Arc::clone(dialer);
        }
        let dialer = Arc::new(if self.options.as_node {
            Dialer::of_node(pair)
        } else {
            Dialer::of(pair, Arc::clone(&self.options.operator))
        });
        present.dialler = Some((pair.clone(), Arc::clone(&dialer)));
        dialer
    }

    /// Links to `sides` in parallel; what could not be reached comes back beside them. Only `configure`,
    /// which looks at the names itself and may change them, and a server without a pair take any host. Waits
    /// on them end when `cancel` is asked for, until the session carries steps out (L4).
    ///
    /// # Errors
    /// Refuses when somebody asked to stop (`cancelled`).
    fn connect(
        &self,
        pair: &Pair,
        operation: &str,
        sides: &[Side],
        cancel: &Cancel,
    ) -> Result<(Session, BySide<Option<Error>>)> {
        let dialer = self.dialer(pair);
        let dialer: Arc<dyn Dial> = if operation == Operation::Remove.verb() {
            Arc::new(WithoutNodeKey(dialer))
        } else {
            dialer
        };
        let known = self.last_pair().is_some_and(|known| *known == *pair);
        let any = operation == Operation::Configure.verb() || (self.pair().is_none() && !known);
        let dial: Arc<dyn Dial> = if any {
            dialer
        } else {
            Arc::new(Named::new(dialer, pair))
        };
        let owner = identity::owner(operation);
        let (session, faults) = Session::open(dial, owner, names(pair), sides, GiveUp::when(cancel));
        session.heed()?;
        Ok((session, faults))
    }
}

/// Host names by role.
pub fn names(pair: &Pair) -> BySide<String> {
    BySide::new(|side| pair.nodes[side].hostname.to_string())
}
