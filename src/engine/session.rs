//! The links to both nodes for the time of one operation, and the pair's lock on them.

use super::deadline;
use crate::agent::protocol::{LockOwner, Request, Response};
use crate::error::{Error, Result};
use crate::model::{BySide, Side};
use crate::remote::{Dial, Link};
use std::sync::Arc;
use std::time::Duration;

/// Open links, at most one a node. Dropping it closes them; a node then gives up its lock and
/// reverts what was armed and not confirmed.
pub struct Session {
    dial: Arc<dyn Dial>,
    owner: LockOwner,
    names: BySide<String>,
    links: BySide<Option<Box<dyn Link>>>,
}

impl Session {
    /// Dials `sides` in parallel. What could not be reached comes back beside the session.
    pub fn open(
        dial: Arc<dyn Dial>,
        owner: LockOwner,
        names: BySide<String>,
        sides: &[Side],
    ) -> (Self, BySide<Option<Error>>) {
        let mut faults = BySide::default();
        let mut links = BySide::default();
        let reach = dial.as_ref();
        let dialled = std::thread::scope(|scope| {
            let running = BySide::new(|side| {
                sides
                    .contains(&side)
                    .then(|| scope.spawn(move || reach.dial(side, deadline::DIAL)))
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
        dialled.map(|side, result| links[side] = result.and_then(Result::ok));
        (
            Self {
                dial,
                owner,
                names,
                links,
            },
            faults,
        )
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
        self.links[side].is_some()
    }

    /// Sides that can be asked.
    pub fn up(&self) -> Vec<Side> {
        Side::BOTH.into_iter().filter(|&side| self.is_up(side)).collect()
    }

    /// What the agent of this side said of itself.
    pub fn hello(&self, side: Side) -> Option<&crate::agent::protocol::Hello> {
        self.links[side].as_deref().map(Link::hello)
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
        ask_link(&mut self.links[side], &name, request, deadline)
    }

    /// Asks several nodes at once; `f` runs on a thread of its own for each linked side of `sides`
    /// when there are two, and on this thread when there is one.
    pub fn each<T: Send>(
        &mut self,
        sides: &[Side],
        f: impl Fn(&mut Node<'_>) -> T + Sync,
    ) -> BySide<Option<T>> {
        let names = &self.names;
        let BySide { primary, secondary } = &mut self.links;
        let mut nodes = BySide {
            primary: Node {
                side: Side::Primary,
                name: &names.primary,
                link: primary,
            },
            secondary: Node {
                side: Side::Secondary,
                name: &names.secondary,
                link: secondary,
            },
        };
        match sides {
            [] => BySide::default(),
            [side] => {
                let mut results = BySide::default();
                results[*side] = Some(f(&mut nodes[*side]));
                results
            }
            _ => std::thread::scope(|scope| {
                let f = &f;
                let BySide { primary, secondary } = &mut nodes;
                let other = scope.spawn(move || f(secondary));
                let primary = Some(f(primary));
                BySide {
                    primary,
                    secondary: other.join().ok(),
                }
            }),
        }
    }

    /// New connections to `sides`, beside the open ones and without their locks.
    pub fn again(&self, sides: &[Side]) -> (Self, BySide<Option<Error>>) {
        Self::open(
            Arc::clone(&self.dial),
            self.owner.clone(),
            self.names.clone(),
            sides,
        )
    }

    /// Connects again within `deadline` to a node whose link was lost, and takes its lock again.
    pub fn redial(&mut self, side: Side, deadline: Duration) -> Result<()> {
        self.links[side] = None;
        let link = self
            .dial
            .dial(side, deadline)
            .map_err(|error| error.on(&self.names[side]))?;
        self.links[side] = Some(link);
        let owner = self.owner.clone();
        self.ask(side, Request::Lock { owner }, deadline::BOOKKEEPING)
            .map(drop)
    }
}

/// One node within [`Session::each`].
pub struct Node<'n> {
    /// Its role.
    pub side: Side,
    name: &'n str,
    link: &'n mut Option<Box<dyn Link>>,
}

impl Node<'_> {
    /// Asks it.
    pub fn ask(&mut self, request: Request, deadline: Duration) -> Result<Response> {
        ask_link(self.link, self.name, request, deadline)
    }
}

fn ask_link(
    link: &mut Option<Box<dyn Link>>,
    name: &str,
    request: Request,
    deadline: Duration,
) -> Result<Response> {
    let Some(open) = link.as_mut() else {
        return Err(Error::incomplete("link_lost", "there is no connection to this node").on(name));
    };
    let result = open.call(request, deadline).map_err(|error| error.on(name));
    if result
        .as_ref()
        .is_err_and(|error| matches!(error.code.as_str(), "link_lost" | "garbled"))
    {
        *link = None;
    }
    result
}
