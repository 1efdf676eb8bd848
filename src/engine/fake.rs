//! Two nodes in memory whose every request can be made to fail at an exact place: before it has an
//! effect, after it, or with the controller dying. After each effect the world checks S1 and S2.

use crate::agent::protocol::{End, Hello, LockOwner, Operation, Request, Response, StepReport, VERSION};
use crate::error::{Error, Result};
use crate::model::{BySide, OpId, Side, Traffic};
use crate::plan::{Action, Step, StepId, StepPlace};
use crate::remote::{Dial, GiveUp, Link};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long the controller may be silent.
pub const LEASE: Duration = Duration::from_secs(6);

/// Exists on a node with this text once it has recorded that it is the active one.
pub const RECORD: (&str, &str) = ("/var/state", "b");

/// What an operator would compare: files, VIPs, traffic.
type Visible = (BTreeMap<String, Option<String>>, Vec<IpAddr>, Option<Traffic>);

/// What goes wrong, and at which request of the whole conversation (from 0).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The link of the node asked breaks before the request arrives.
    CutBefore,
    /// It breaks after the request took effect, before the answer arrives.
    CutAfter,
    /// The node refuses the request.
    Refuse,
    /// The controller dies before it sends the request: nothing is answered any more.
    KillTool,
    /// The network of the node asked breaks before the request arrives, until the fault is over.
    CutOffBefore,
    /// It breaks after the request took effect, before the answer arrives.
    CutOffAfter,
    /// The node loses power after the request took effect and stays away for the rest of the run.
    PowerCut,
}

/// One node.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodeWorld {
    /// Files by path.
    pub files: BTreeMap<String, Option<String>>,
    /// VIPs held.
    pub vips: Vec<IpAddr>,
    /// Traffic.
    pub traffic: Option<Traffic>,
    /// The armed and unconfirmed operation.
    armed: Option<OpId>,
    lock: Option<u64>,
    journal: Vec<Operation>,
    /// What each step found before it changed something.
    before: BTreeMap<(u64, u32), String>,
    power: bool,
    /// Cut off from the network, and all that is on it goes on.
    away: bool,
    /// What it takes down by itself: the operation, and when its controller was last heard.
    lease: Option<(OpId, Duration)>,
    /// Agents of connections up to this one were ended by the watch over a lease.
    ended: u64,
}

/// Both nodes and what is to go wrong.
pub struct World {
    pub nodes: BySide<NodeWorld>,
    pub requests: usize,
    pub fault: Option<(usize, Fault)>,
    dead: bool,
    connections: u64,
    /// The world's own time.
    clock: Duration,
    /// Broken promises.
    pub broken: Vec<String>,
}

/// Dials fake nodes.
#[derive(Clone)]
pub struct FakePair(pub Arc<Mutex<World>>);

impl FakePair {
    pub fn new() -> Self {
        let node = |held: &[IpAddr], traffic| NodeWorld {
            vips: held.to_vec(),
            traffic: Some(traffic),
            power: true,
            ..NodeWorld::default()
        };
        let vip = "192.0.2.100".parse().unwrap();
        Self(Arc::new(Mutex::new(World {
            nodes: BySide {
                primary: node(&[vip], Traffic::Allowed),
                secondary: node(&[], Traffic::Blocked),
            },
            requests: 0,
            fault: None,
            dead: false,
            connections: 0,
            clock: Duration::ZERO,
            broken: Vec::new(),
        })))
    }

    /// The fault is over: a node that was off boots (locks and armed timers are gone), a new tool starts.
    pub fn heal(&self) {
        let mut world = self.0.lock().unwrap();
        world.fault = None;
        world.dead = false;
        for side in Side::BOTH {
            let node = &mut world.nodes[side];
            if !node.power {
                // The boot guard brings a node up passive.
                node.vips.clear();
                node.traffic = Some(Traffic::Blocked);
                node.power = true;
                node.lease = None;
            }
            node.away = false;
            // The connections of the tool that is gone end now at the latest.
            node.end_agent();
        }
        world.check_promises();
    }

    /// Time passes: a node that is cut off hears nobody.
    pub fn pass(&self, time: Duration) {
        let mut world = self.0.lock().unwrap();
        world.clock += time;
        let (now, connections) = (world.clock, world.connections);
        for side in Side::BOTH {
            let node = &mut world.nodes[side];
            if node.lease.is_some_and(|(_, heard)| now > heard + LEASE) {
                node.ended = connections;
                node.end_agent();
            }
        }
    }

    /// Both nodes as an operator would compare them.
    pub fn visible(&self) -> Vec<Visible> {
        let world = self.0.lock().unwrap();
        Side::BOTH
            .iter()
            .map(|&side| {
                let node = &world.nodes[side];
                let files = node.files.iter().filter(|(_, c)| c.is_some());
                (
                    files.map(|(p, c)| (p.clone(), c.clone())).collect(),
                    node.vips.clone(),
                    node.traffic,
                )
            })
            .collect()
    }
}

impl Dial for FakePair {
    fn dial_unless(&self, side: Side, _: Duration, _: &GiveUp) -> Result<Box<dyn Link>> {
        let mut world = self.0.lock().unwrap();
        if world.dead || !world.nodes[side].power || world.nodes[side].away {
            return Err(Error::refused("unreachable", "no route"));
        }
        world.connections += 1;
        let hello = Hello {
            version: VERSION.into(),
            hostname: side.to_string(),
            pid: 1,
            uid: 0,
        };
        Ok(Box::new(FakeLink {
            world: Arc::clone(&self.0),
            side,
            number: world.connections,
            hello,
            cut: false,
        }))
    }
}

struct FakeLink {
    world: Arc<Mutex<World>>,
    side: Side,
    number: u64,
    hello: Hello,
    cut: bool,
}

impl Drop for FakeLink {
    fn drop(&mut self) {
        let Ok(mut world) = self.world.lock() else { return };
        let node = &mut world.nodes[self.side];
        // A node that is cut off does not notice.
        if node.lock == Some(self.number) && !node.away {
            node.end_agent();
            // End of input before the confirmation: the agent takes armed steps back by itself.
            if let Some(op) = node.armed.take() {
                node.revert_armed(op, self.side);
            }
        }
    }
}

impl Link for FakeLink {
    fn hello(&self) -> &Hello {
        &self.hello
    }

    fn call(&mut self, request: Request, _: Duration) -> Result<Response> {
        let mut world = self.world.lock().unwrap();
        let lost = || Error::incomplete("link_lost", "the connection broke");
        let node = &world.nodes[self.side];
        if self.cut || world.dead || !node.power || node.away || self.number <= node.ended {
            return Err(lost());
        }
        let number = world.requests;
        world.requests += 1;
        let fault = world
            .fault
            .filter(|(at, _)| *at == number)
            .map(|(_, fault)| fault);
        match fault {
            Some(Fault::CutBefore) => {
                self.cut = true;
                return Err(lost());
            }
            Some(Fault::CutOffBefore) => {
                world.nodes[self.side].away = true;
                return Err(lost());
            }
            Some(Fault::KillTool) => {
                world.dead = true;
                return Err(lost());
            }
            Some(Fault::Refuse) => return Err(Error::refused("injected", "refused for a test")),
            _ => {}
        }
        let now = world.clock;
        let answer = world.nodes[self.side].answer(self.side, self.number, request, now);
        world.check_promises();
        match fault {
            Some(Fault::CutAfter) => {
                self.cut = true;
                Err(lost())
            }
            Some(Fault::CutOffAfter) => {
                world.nodes[self.side].away = true;
                Err(lost())
            }
            Some(Fault::PowerCut) => {
                world.nodes[self.side].power = false;
                Err(lost())
            }
            _ => answer,
        }
    }
}

impl World {
    fn check_promises(&mut self) {
        let (a, b) = (&self.nodes.primary, &self.nodes.secondary);
        if a.power && b.power && a.vips.iter().any(|vip| b.vips.contains(vip)) {
            self.broken.push("S1: a VIP on both nodes".into());
        }
        if a.power && b.power && a.traffic == Some(Traffic::Allowed) && b.traffic == Some(Traffic::Allowed) {
            self.broken.push("S2: traffic allowed on both nodes".into());
        }
    }
}

impl NodeWorld {
    /// Whoever had the lock has it no more: what is on a lease is taken down, unless the node is recorded
    /// active and has a network.
    fn end_agent(&mut self) {
        self.lock = None;
        if self.lease.take().is_some() {
            let recorded = self
                .files
                .get(RECORD.0)
                .is_some_and(|text| text.as_deref() == Some(RECORD.1));
            if self.away || !recorded {
                self.vips.clear();
                self.traffic = Some(Traffic::Blocked);
            }
        }
    }

    fn answer(&mut self, side: Side, connection: u64, request: Request, now: Duration) -> Result<Response> {
        if self.lock == Some(connection) {
            self.lease = self.lease.map(|(op, _)| (op, now));
        }
        self.check_open(&request)?;
        match request {
            Request::Lock { owner } => self.take_lock(connection, &owner),
            Request::Unlock => {
                self.lock = None;
                Ok(Response::Done)
            }
            Request::Begin { op, tag, owner, plan } => {
                if self.operation(op).is_none() {
                    self.journal.push(Operation {
                        op,
                        tag,
                        owner,
                        plan,
                        places: Vec::new(),
                        end: None,
                    });
                }
                Ok(Response::Done)
            }
            Request::Prepare { op, steps } => {
                let operation = self.operation(op).unwrap();
                for step in steps {
                    if !operation.places.iter().any(|(known, _)| *known == step) {
                        operation.places.push((step, StepPlace::Begun));
                    }
                }
                Ok(Response::Done)
            }
            Request::Apply { op, step } => {
                if matches!(self.step(op, step).action, Action::Lease(_)) {
                    self.lease = Some((op, now));
                }
                Ok(self.apply(op, step))
            }
            Request::Revert { op, step } => Ok(self.revert(op, step)),
            Request::Arm { op, .. } => {
                self.armed = Some(op);
                Ok(Response::Done)
            }
            Request::Confirm { op } if self.armed == Some(op) => {
                self.armed = None;
                Ok(Response::Done)
            }
            Request::Confirm { .. } => Err(Error::unknown("arm_fired", "the timer has fired")),
            Request::Keep { .. } => {
                self.lease = None;
                Ok(Response::Done)
            }
            Request::Finish { op, end } => {
                let leased = |step: &&Step| matches!(step.action, Action::Lease(_)) && step.side == side;
                let operation = self.operation(op).unwrap();
                let lease = operation
                    .plan
                    .steps()
                    .find(leased)
                    .map(|step| (step.id, StepPlace::Done));
                let was_leased = lease.is_some_and(|done| operation.places.contains(&done));
                if end == End::Committed && operation.end.is_none() && was_leased && self.lease.is_none() {
                    return Err(Error::incomplete("lease_over", "it ran out"));
                }
                self.lease = None;
                self.operation(op).unwrap().end = Some(end);
                Ok(Response::Done)
            }
            Request::History { op, .. } => {
                let newest = self
                    .journal
                    .iter()
                    .filter(|o| op.is_none_or(|op| o.op == op))
                    .max_by_key(|o| o.op);
                Ok(Response::History {
                    operations: newest.cloned().into_iter().collect(),
                })
            }
            Request::Verify { op, step } => match self.step(op, step).action {
                Action::Release { vips, .. } if vips.iter().any(|vip| self.vips.contains(&vip.address)) => {
                    Err(Error::refused("changed_since", "a VIP is back"))
                }
                _ => Ok(Response::Done),
            },
            Request::Settle { .. } | Request::Ping => Ok(Response::Done),
            other => panic!("{side}: the engine asked {other:?}"),
        }
    }

    fn take_lock(&mut self, connection: u64, owner: &LockOwner) -> Result<Response> {
        if self.lock.is_some_and(|holder| holder != connection) {
            return Err(Error::refused("locked", format!("{} holds the lock", owner.who)));
        }
        self.lock = Some(connection);
        Ok(Response::Done)
    }

    /// What is over is not changed, nor is another plan taken for it, as a node's own agent has it.
    fn check_open(&mut self, request: &Request) -> Result<()> {
        let refused = |code: &str, op: &OpId| Err(Error::refused(code, format!("operation {op}")));
        match request {
            Request::Begin { op, plan, .. } => match self.operation(*op) {
                Some(known) if known.end.is_some() || known.plan != *plan => refused("op_exists", op),
                _ => Ok(()),
            },
            Request::Finish { op, end } => match self.operation(*op).and_then(|known| known.end) {
                Some(known) if known != *end => refused("op_finished", op),
                _ => Ok(()),
            },
            Request::Prepare { op, .. }
            | Request::Apply { op, .. }
            | Request::Revert { op, .. }
            | Request::Settle { op }
            | Request::Arm { op, .. }
            | Request::Confirm { op }
            | Request::Keep { op } => match self.operation(*op).and_then(|known| known.end) {
                Some(_) => refused("op_finished", op),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn operation(&mut self, op: OpId) -> Option<&mut Operation> {
        self.journal.iter_mut().find(|operation| operation.op == op)
    }

    fn step(&mut self, op: OpId, id: StepId) -> Step {
        let plan = &self.operation(op).unwrap().plan;
        plan.steps().find(|step| step.id == id).unwrap().clone()
    }

    fn place(&mut self, op: OpId, id: StepId, place: StepPlace) {
        let places = &mut self.operation(op).unwrap().places;
        let known = places.iter_mut().find(|(step, _)| *step == id);
        known.expect("a step is prepared before it is applied").1 = place;
    }

    fn apply(&mut self, op: OpId, id: StepId) -> Response {
        let step = self.step(op, id);
        let remember = |before: &mut BTreeMap<_, _>, value: String| {
            before.entry((op.0, id.0)).or_insert(value);
        };
        match &step.action {
            Action::File(put) => {
                let before = serde_json::to_string(&self.files.get(&put.path).cloned().flatten()).unwrap();
                remember(&mut self.before, before);
                let content = put
                    .content
                    .as_ref()
                    .map(|c| String::from_utf8(c.to_bytes().unwrap()).unwrap());
                self.files.insert(put.path.clone(), content);
            }
            Action::Traffic(change) => {
                remember(&mut self.before, serde_json::to_string(&self.traffic).unwrap());
                self.traffic = Some(change.traffic);
            }
            Action::Release { vips, block } => {
                remember(
                    &mut self.before,
                    serde_json::to_string(&(&self.vips, self.traffic)).unwrap(),
                );
                self.traffic = block.as_ref().map_or(self.traffic, |change| Some(change.traffic));
                self.vips
                    .retain(|held| !vips.iter().any(|vip| vip.address == *held));
            }
            Action::Acquire { vips } => {
                remember(&mut self.before, serde_json::to_string(&self.vips).unwrap());
                for vip in vips {
                    if !self.vips.contains(&vip.address) {
                        self.vips.push(vip.address);
                    }
                }
            }
            Action::Lease(_) => {}
            other => panic!("the fake node cannot {other:?}"),
        }
        self.place(op, id, StepPlace::Done);
        Response::Step(StepReport {
            changed: true,
            detail: String::new(),
            backup: None,
        })
    }

    fn revert(&mut self, op: OpId, id: StepId) -> Response {
        let step = self.step(op, id);
        if matches!(step.action, Action::Lease(_)) {
            self.lease = None;
        } else if let Some(before) = self.before.remove(&(op.0, id.0)) {
            match &step.action {
                Action::File(put) => {
                    self.files
                        .insert(put.path.clone(), serde_json::from_str(&before).unwrap());
                }
                Action::Traffic(_) => self.traffic = serde_json::from_str(&before).unwrap(),
                Action::Release { .. } => (self.vips, self.traffic) = serde_json::from_str(&before).unwrap(),
                Action::Acquire { .. } => self.vips = serde_json::from_str(&before).unwrap(),
                other => panic!("the fake node cannot revert {other:?}"),
            }
        }
        self.place(op, id, StepPlace::Reverted);
        Response::Step(StepReport {
            changed: true,
            detail: String::new(),
            backup: None,
        })
    }

    fn revert_armed(&mut self, op: OpId, side: Side) {
        let Some(operation) = self.operation(op) else {
            return;
        };
        let armed: Vec<StepId> = operation
            .plan
            .steps()
            .filter(|step| step.armed && step.side == side)
            .map(|step| step.id)
            .filter(|id| operation.places.iter().any(|(known, _)| known == id))
            .collect();
        for step in armed.into_iter().rev() {
            self.revert(op, step);
        }
    }
}
