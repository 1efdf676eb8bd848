//! The links to both nodes for the time of one operation, and the pair's lock on them.

use super::deadline;
use super::keep_alive::Busy;
use crate::agent::protocol::{LockOwner, Request, Response};
use crate::error::{Error, Result};
use crate::model::{BySide, Side};
use crate::remote::{Dial, GiveUp, Link};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Open links, at most one a node. Dropping it closes them; a node then gives up its lock and
/// reverts what was armed and not confirmed.
pub struct Session {
    dial: Arc<dyn Dial>,
    owner: LockOwner,
    names: BySide<String>,
    lines: BySide<Line>,
    /// The node that is pinged while the other one works, if any.
    kept: Option<Side>,
    /// Ends every wait on the links, until [`Session::carries_out`].
    give_up: GiveUp,
}

/// The way to one node.
#[derive(Default)]
struct Line {
    link: Option<Box<dyn Link>>,
    /// Why there was none when the session was opened.
    fault: Option<Error>,
    /// Since when nothing more was sent over a link that is lost, or that never was.
    lost: Option<Instant>,
    /// Until when the node may be at work on a request whose answer is not waited for any more.
    busy: Option<Instant>,
}

impl Session {
    /// Dials `sides` in parallel. What could not be reached comes back beside the session. Waits on a node end
    /// when it is given up.
    pub fn open(
        dial: Arc<dyn Dial>,
        owner: LockOwner,
        names: BySide<String>,
        sides: &[Side],
        give_up: GiveUp,
    ) -> (Self, BySide<Option<Error>>) {
        let mut faults = BySide::default();
        let mut lines = BySide::<Line>::default();
        let (reach, wish) = (dial.as_ref(), &give_up);
        let dialled = std::thread::scope(|scope| {
            let running = BySide::new(|side| {
                sides
                    .contains(&side)
                    .then(|| scope.spawn(move || reach.dial_unless(side, deadline::DIAL, wish)))
            });
            running.map(|_, thread| {
                thread.map(|thread| {
                    thread
                        .join()
                        .unwrap_or_else(|_| Err(Error::bug("a dialling thread panicked")))
                })
            })
        });
        for side in Side::BOTH {
            if let Some(Err(error)) = dialled[side].as_ref() {
                faults[side] = Some(error.clone().on(&names[side]));
            }
        }
        dialled.map(|side, result| {
            lines[side].link = result.and_then(Result::ok);
            lines[side].fault.clone_from(&faults[side]);
            lines[side].lost = lines[side].link.is_none().then(Instant::now);
        });
        (
            Self {
                dial,
                owner,
                names,
                lines,
                kept: None,
                give_up,
            },
            faults,
        )
    }

    /// From now on steps are carried out: waits end at their deadlines only, and a wish to stop is heeded
    /// between two steps.
    pub fn carries_out(&self) {
        self.give_up.no_more();
    }

    /// Refuses, with code `cancelled`, when somebody asked to stop and no step is carried out.
    pub fn heed(&self) -> Result<()> {
        self.give_up.check()
    }

    /// Who this session says it is.
    pub fn owner(&self) -> &LockOwner {
        &self.owner
    }

    /// The node's host name.
    pub fn name(&self, side: Side) -> &str {
        &self.names[side]
    }

    /// True while the side can be asked.
    pub fn is_up(&self, side: Side) -> bool {
        self.lines[side].link.is_some()
    }

    /// Sides that can be asked.
    pub fn up(&self) -> Vec<Side> {
        Side::BOTH.into_iter().filter(|&side| self.is_up(side)).collect()
    }

    /// Fails with the reason why one of `sides` could not be reached, if there is one that cannot be asked.
    pub fn need(&self, sides: &[Side]) -> Result<()> {
        match sides.iter().find(|&&side| !self.is_up(side)) {
            Some(&side) => Err(self.lines[side]
                .fault
                .clone()
                .unwrap_or_else(|| no_connection(&self.names[side]))),
            None => Ok(()),
        }
    }

    /// What the agent of this side said of itself.
    pub fn hello(&self, side: Side) -> Option<&crate::agent::protocol::Hello> {
        self.lines[side].link.as_deref().map(Link::hello)
    }

    /// Takes the lock on every linked node, primary first so that of two operators one wins (S8).
    pub fn lock(&mut self) -> Result<()> {
        let mut taken = Vec::new();
        for side in self.up() {
            let owner = self.owner.clone();
            if let Err(error) = self.ask(side, Request::Lock { owner }, deadline::BOOKKEEPING) {
                for side in taken {
                    // Only a courtesy: closing the link gives the lock back as well.
                    drop(self.ask(side, Request::Unlock, deadline::BOOKKEEPING));
                }
                return Err(error);
            }
            taken.push(side);
        }
        Ok(())
    }

    /// Asks one node. A lost link stays lost until [`Session::redial`].
    pub fn ask(&mut self, side: Side, request: Request, deadline: Duration) -> Result<Response> {
        let name = self.names[side].clone();
        ask_line(&mut self.lines[side], &name, &self.give_up, request, deadline)
    }

    /// The node of this side is pinged while [`Session::each`] is busy with the other one.
    pub fn keep_alive(&mut self, side: Option<Side>) {
        self.kept = side;
    }

    /// The latest time at which the node can have heard of this session, or have been at work for it: `None`
    /// while the link to it stands.
    pub fn last_heard(&self, side: Side) -> Option<Instant> {
        let line = &self.lines[side];
        line.lost
            .map(|lost| line.busy.map_or(lost, |busy| busy.max(lost)))
    }

    /// Asks several nodes at once; `f` runs on a thread of its own for each linked side of `sides`
    /// when there are two, and on this thread when there is one and nobody else to keep alive.
    pub fn each<T: Send>(
        &mut self,
        sides: &[Side],
        f: impl Fn(&mut Node<'_>) -> T + Sync,
    ) -> BySide<Option<T>> {
        let (names, give_up) = (&self.names, &self.give_up);
        let kept = self
            .kept
            .filter(|&side| sides.iter().any(|&busy| busy != side) && self.lines[side].link.is_some());
        let BySide { primary, secondary } = &mut self.lines;
        let mut nodes = BySide {
            primary: Node {
                side: Side::Primary,
                name: &names.primary,
                give_up,
                line: primary,
            },
            secondary: Node {
                side: Side::Secondary,
                name: &names.secondary,
                give_up,
                line: secondary,
            },
        };
        match (sides, kept) {
            ([], _) => BySide::default(),
            ([side], None) => {
                let mut results = BySide::default();
                results[*side] = Some(f(&mut nodes[*side]));
                results
            }
            _ => {
                let busy = Busy::with(sides.len());
                let work = |node: &mut Node<'_>| {
                    let working = sides.contains(&node.side).then(|| busy.work());
                    let result = working.is_some().then(|| f(node));
                    drop(working);
                    if kept == Some(node.side) {
                        busy.keep(node);
                    }
                    result
                };
                let BySide { primary, secondary } = &mut nodes;
                std::thread::scope(|scope| {
                    let other = scope.spawn(|| work(secondary));
                    let primary = work(primary);
                    BySide {
                        primary,
                        secondary: other.join().ok().flatten(),
                    }
                })
            }
        }
    }

    /// New connections to `sides`, beside the open ones and without their locks.
    pub fn again(&self, sides: &[Side]) -> (Self, BySide<Option<Error>>) {
        self.by(Arc::clone(&self.dial), sides)
    }

    /// The same by another dialer.
    pub fn by(&self, dial: Arc<dyn Dial>, sides: &[Side]) -> (Self, BySide<Option<Error>>) {
        Self::open(
            dial,
            self.owner.clone(),
            self.names.clone(),
            sides,
            self.give_up.clone(),
        )
    }

    /// Connects again within `deadline` to a node whose link was lost, and takes its lock again.
    pub fn redial(&mut self, side: Side, deadline: Duration) -> Result<()> {
        self.lines[side].lose();
        let link = self
            .dial
            .dial_unless(side, deadline, &self.give_up)
            .map_err(|error| error.on(&self.names[side]))?;
        self.lines[side].link = Some(link);
        self.lines[side].lost = None;
        let owner = self.owner.clone();
        self.ask(side, Request::Lock { owner }, deadline::BOOKKEEPING)?;
        // With its lock the agent before is gone.
        self.lines[side].busy = None;
        Ok(())
    }
}

/// One node within [`Session::each`].
pub struct Node<'n> {
    /// Its role.
    pub side: Side,
    name: &'n str,
    give_up: &'n GiveUp,
    line: &'n mut Line,
}

impl Node<'_> {
    /// Asks it.
    pub fn ask(&mut self, request: Request, deadline: Duration) -> Result<Response> {
        ask_line(self.line, self.name, self.give_up, request, deadline)
    }

    /// It may be at work until `then`, whether its answer arrives or not.
    pub fn may_work_until(&mut self, then: Instant) {
        self.line.busy = Some(then);
    }
}

impl Line {
    fn lose(&mut self) {
        self.link = None;
        self.lost.get_or_insert_with(Instant::now);
    }
}

fn no_connection(name: &str) -> Error {
    Error::incomplete("link_lost", "there is no connection to this node").on(name)
}

fn ask_line(
    line: &mut Line,
    name: &str,
    give_up: &GiveUp,
    request: Request,
    deadline: Duration,
) -> Result<Response> {
    give_up.check()?;
    let Some(open) = line.link.as_mut() else {
        return Err(no_connection(name));
    };
    let result = open.call(request, deadline).map_err(|error| error.on(name));
    if result
        .as_ref()
        .is_err_and(|error| matches!(error.code.as_str(), "link_lost" | "garbled"))
    {
        line.lose();
        // It was lost because it was given up.
        give_up.check()?;
    }
    result
}
