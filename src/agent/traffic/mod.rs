//! Blocks and allows SIP traffic on this node: one chain of our own, reached by the first rule of
//! `raw PREROUTING` (or of `filter INPUT` when clients are to be refused rather than left in silence),
//! for IPv4 and IPv6, with whichever back end `iptables` points to.
//!
//! An allowed node keeps the chain, empty, and its jump; only [`remove`] takes them away. Rules of
//! others are never touched. Nothing is called done before it was read back (S7).

mod chains;
mod facts;
mod listing;
mod rules;

pub use facts::read;

use crate::agent::program::Running;
use crate::agent::protocol::StepReport;
use crate::error::{Error, Result};
use crate::model::Traffic;
use crate::plan::Change;
use crate::priority::Priority;
use chains::Chains;
use listing::Listing;
use rules::{Family, Place};
use std::time::{Duration, Instant};

/// How long a program whose work is done may take to end before it is killed.
const END: Duration = Duration::from_secs(1);

/// The node's valve for SIP traffic, with the change that was armed, if any. Dropping it leaves the
/// rules as they are.
#[derive(Debug, Default)]
pub struct Gate {
    armed: Option<Armed>,
    /// Programs whose rules are in place and read back, and which have not ended yet.
    done: Vec<Running>,
}

/// A change whose programs are started and wait for their input.
#[derive(Debug)]
struct Armed {
    change: Change,
    waiting: Vec<(Family, Running, Listing)>,
    urgency: Priority,
}

impl Gate {
    /// Readies a change so that [`Gate::apply`] of the same change costs one kernel transaction. What
    /// blocks and what passes stays as it is; chain and jump are put in order.
    pub fn arm(&mut self, change: &Change, deadline: Instant) -> Result<StepReport> {
        self.rest();
        self.armed = None;
        check(change)?;
        let place = Place::of(change.style);
        let mut changed = false;
        for chains in chains::read(deadline)? {
            let ours = chains.at(place);
            let order = ours.correction(place, &ours.rules);
            if !order.is_empty() {
                chains::write(chains.family, &order, deadline)?;
                changed = true;
            }
        }
        let urgency = Priority::urgent_with_carrier();
        let mut waiting = Vec::new();
        for chains in chains::read(deadline)? {
            let ours = chains.at(place).clone();
            if !ours.is_sound() {
                return Err(unverified(change, &fault_lines(&chains)));
            }
            if chains.at(place.other()).is_absent() {
                waiting.push((chains.family, chains::start(chains.family)?, ours));
            }
        }
        // A chain left in the other table needs a second transaction: then nothing is armed, and the
        // change is applied the long way.
        if waiting.len() == chains::families().len() {
            self.armed = Some(Armed {
                change: change.clone(),
                waiting,
                urgency,
            });
        }
        Ok(StepReport {
            changed,
            detail: format!("ready to be {} at once", change.traffic),
            backup: None,
        })
    }

    /// Drops what was armed.
    pub fn disarm(&mut self) {
        self.armed = None;
    }

    /// Makes the node block or allow as `change` says and reads it back.
    pub fn apply(&mut self, change: &Change, deadline: Instant) -> Result<StepReport> {
        check(change)?;
        match self.armed.take().filter(|armed| armed.change == *change) {
            Some(armed) => commit(armed, &mut self.done, deadline),
            None => correct(change, deadline),
        }
    }

    /// Has the programs end whose work is done. They do not in [`Gate::apply`], because that takes the kernel
    /// longer than all the rest, and nothing depends on it.
    pub fn rest(&mut self) {
        for running in std::mem::take(&mut self.done) {
            // Its rules were read back: how it ends changes nothing.
            drop(running.finish("", Instant::now() + END));
        }
    }
}

/// Reads the rules back and compares them with `change`, without changing anything.
pub fn verify(change: &Change, deadline: Instant) -> Result<StepReport> {
    check(change)?;
    confirm(change, &chains::read(deadline)?, false)
}

/// Takes our chain and our jump out of every table.
pub fn remove(deadline: Instant) -> Result<StepReport> {
    let mut changed = false;
    for chains in chains::read(deadline)? {
        let text: String = Place::ALL.map(|place| chains.at(place).removal(place)).concat();
        if !text.is_empty() {
            chains::write(chains.family, &text, deadline)?;
            changed = true;
        }
    }
    let left: Vec<String> = chains::read(deadline)?
        .iter()
        .flat_map(|chains| Place::ALL.map(|place| (chains.family, place, chains.at(place).is_absent())))
        .filter(|(_, _, absent)| !absent)
        .map(|(family, place, _)| format!("{} table {}", family.label(), place.table()))
        .collect();
    if !left.is_empty() {
        let message = "pairadm's chain is still there after it was removed";
        return Err(Error::incomplete("traffic_not_verified", message).because(left.join(", ")));
    }
    Ok(StepReport {
        changed,
        detail: "no chain of pairadm in the packet filter".to_owned(),
        backup: None,
    })
}

/// Gives both armed programs their rules at once and compares what they read back; they go on, in `done`.
fn commit(armed: Armed, done: &mut Vec<Running>, deadline: Instant) -> Result<StepReport> {
    let Armed {
        change,
        mut waiting,
        urgency: _until_the_end,
    } = armed;
    let place = Place::of(change.style);
    let one = |(family, running, before): &mut (Family, Running, Listing)| {
        let wanted = rules::rules(&change, *family);
        let correction = before.correction(place, &wanted);
        let after = chains::commit(running, *family, place, &correction, deadline)?;
        Ok((!correction.is_empty(), after.holds(&wanted)))
    };
    let outcomes: Vec<Result<(bool, bool)>> = std::thread::scope(|scope| {
        let jobs: Vec<_> = waiting.iter_mut().map(|job| scope.spawn(|| one(job))).collect();
        let died = || Err(Error::bug("a thread that writes rules panicked"));
        jobs.into_iter()
            .map(|job| job.join().unwrap_or_else(|_| died()))
            .collect()
    });
    let (mut changed, mut verified) = (false, true);
    for outcome in outcomes {
        let (one_changed, one_verified) = outcome?;
        changed |= one_changed;
        verified &= one_verified;
    }
    done.extend(waiting.into_iter().map(|(_, running, _)| running));
    if verified {
        return Ok(report(&change, changed));
    }
    // Somebody rewrote rules since the change was armed.
    let mut corrected = correct(&change, deadline)?;
    corrected.changed |= changed;
    Ok(corrected)
}

/// Corrects what differs from `change`, table by table, and reads everything back.
fn correct(change: &Change, deadline: Instant) -> Result<StepReport> {
    let place = Place::of(change.style);
    let mut changed = false;
    for chains in chains::read(deadline)? {
        let wanted = rules::rules(change, chains.family);
        let mut text = chains.at(place).correction(place, &wanted);
        text.push_str(&chains.at(place.other()).removal(place.other()));
        if !text.is_empty() {
            chains::write(chains.family, &text, deadline)?;
            changed = true;
        }
    }
    confirm(change, &chains::read(deadline)?, changed)
}

fn confirm(change: &Change, read: &[Chains], changed: bool) -> Result<StepReport> {
    let place = Place::of(change.style);
    let as_wanted = |chains: &Chains| {
        chains.at(place).holds(&rules::rules(change, chains.family))
            && chains.at(place.other()).is_absent()
            && fault_lines(chains).is_empty()
    };
    if read.iter().all(as_wanted) {
        return Ok(report(change, changed));
    }
    let wrong: Vec<String> = read
        .iter()
        .filter(|chains| !as_wanted(chains))
        .flat_map(fault_lines)
        .collect();
    Err(unverified(change, &wrong))
}

fn fault_lines(chains: &Chains) -> Vec<String> {
    Place::ALL
        .iter()
        .flat_map(|&place| chains.at(place).faults(place, chains.family))
        .collect()
}

fn unverified(change: &Change, faults: &[String]) -> Error {
    let message = format!("traffic is not verified as {}", change.traffic);
    let cause = if faults.is_empty() {
        "the rules read back are not the rules written".to_owned()
    } else {
        faults.join("; ")
    };
    Error::incomplete("traffic_not_verified", message)
        .because(cause)
        .hint("see `pairadm traffic show`; another firewall manager may have rewritten the rules")
}

fn check(change: &Change) -> Result<()> {
    if change.traffic == Traffic::Blocked && change.ports.is_empty() {
        return Err(Error::refused("no_ports", "there are no SIP ports to block").at("ports"));
    }
    Ok(())
}

fn report(change: &Change, changed: bool) -> StepReport {
    let ports: Vec<String> = change.ports.iter().map(ToString::to_string).collect();
    let place = Place::of(change.style);
    StepReport {
        changed,
        detail: format!(
            "{} {} ({} {}, IPv4 and IPv6)",
            ports.join(" "),
            change.traffic,
            place.table(),
            place.base()
        ),
        backup: None,
    }
}
