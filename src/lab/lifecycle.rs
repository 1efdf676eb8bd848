//! Brings a lab up, takes it down, breaks it and heals it: each under the lab's lock.

use super::create::create;
use super::disk::Disk;
use super::machine::Machine;
use super::place::Lock;
use super::{
    Database, Fault, Lab, LabName, LabNode, Place, Progress, fault_effect, host, network, reach, rootfs,
};
use crate::error::{Error, Result};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A node is up in about a second; a loaded machine or disk gets the benefit of the doubt.
const BOOT: Duration = Duration::from_mins(3);

/// A lab that is up, and how it got there.
#[derive(Debug)]
pub struct Started {
    /// The lab.
    pub lab: Lab,
    /// From the start of the first node to the last being ready, without building what was cached.
    pub took: Duration,
    /// Units that failed at boot, by node; empty on a healthy lab.
    pub failed_units: Vec<(String, String)>,
}

/// Builds what is missing and boots what is off, until both nodes are ready. Without `database` a new
/// lab has SQLite, and one that exists keeps what it has.
pub fn up(
    place: &Place,
    name: &LabName,
    database: Option<Database>,
    progress: Progress<'_>,
) -> Result<Started> {
    let rootfs = build_cache(place, progress)?;
    let start = Instant::now();
    let _lock = place.lock(&lock_name(name))?;
    let lab = match Lab::find(place, name)? {
        Some(lab) if !lab.complete => {
            progress("clearing away a lab that was not finished");
            remove(&lab)?;
            create(place, name, &rootfs, database.unwrap_or_default())?
        }
        Some(lab) if database.is_some_and(|wanted| wanted != lab.database) => {
            return Err(Error::refused(
                "lab_database",
                format!("lab `{name}` was made with {}", lab.database),
            )
            .hint(format!(
                "`pairadm lab down --name {name}` first, or choose another --name"
            )));
        }
        Some(lab) if lab.rootfs.is_dir() => {
            network::connect_host(&lab)?;
            lab
        }
        Some(lab) => {
            return Err(Error::refused(
                "lab_stale",
                format!("lab `{name}` was made from a root file system that is gone"),
            )
            .at(lab.rootfs.display())
            .hint(format!(
                "`pairadm lab down --name {name}`, then `pairadm lab up` makes a new one"
            )));
        }
        None => create(place, name, &rootfs, database.unwrap_or_default())?,
    };
    network::plug(&lab, Lab::THIRD, false)?;
    network::configure_third(&lab)?;
    let powered: Vec<_> = lab
        .nodes
        .iter()
        .filter(|node| !lab.faults.contains(&Fault::Power(node.name.clone())))
        .collect();
    for node in &powered {
        let machine = Machine::of(&lab, node);
        if machine.init().is_none() {
            progress(&format!("booting {} ({}, {})", node.name, node.v4, node.v6));
            machine.boot()?;
        }
    }
    let failed_units = await_ready(&lab, &powered)?;
    Ok(Started {
        took: start.elapsed(),
        failed_units,
        lab,
    })
}

/// Ends and removes everything of the lab, however far it got. True when there was one.
///
/// Goes by names alone: a state file that is damaged or of another version is no obstacle.
pub fn down(place: &Place, name: &LabName) -> Result<bool> {
    let lock = place.lock(&lock_name(name))?;
    let existed = place.lab(name).is_dir();
    if existed {
        remove(&Lab::named(place, name))?;
    }
    lock.discard();
    Ok(existed)
}

/// What `down` does, for whoever holds the lab's lock.
pub(super) fn remove(lab: &Lab) -> Result<()> {
    for node in &lab.nodes {
        let machine = Machine::of(lab, node);
        machine.cut_power()?;
        machine.detach()?;
    }
    network::unplug(lab, Lab::THIRD)?;
    network::demolish(lab)?;
    std::fs::remove_dir_all(&lab.dir).map_err(|error| {
        Error::incomplete("lab_remove", "cannot remove the lab's directory")
            .at(lab.dir.display())
            .because(error)
    })
}

/// Builds the root file system that labs of this version use, unless it is cached; its directory.
pub fn build_cache(place: &Place, progress: Progress<'_>) -> Result<PathBuf> {
    host::check()?;
    rootfs::ensure(place, progress)
}

/// Removes cached root file systems; refused while a lab uses one.
pub fn purge_cache(place: &Place) -> Result<()> {
    let labs = std::fs::read_dir(place.labs()).into_iter().flatten().flatten();
    let names: Vec<_> = labs
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    if !names.is_empty() {
        return Err(Error::refused(
            "lab_cache_used",
            format!("the cache is used by lab {}", names.join(", ")),
        )
        .hint("take it down first: `pairadm lab down --name NAME`"));
    }
    rootfs::purge(place)
}

impl Lab {
    /// Puts a fault on and records it.
    pub fn break_it(&mut self, place: &Place, fault: &Fault) -> Result<()> {
        let _lock = self.relock(place)?;
        if let Some(node) = fault.node()
            && !matches!(fault, Fault::Power(_))
            && Machine::of(self, self.node(node)?).init().is_none()
        {
            return Err(Error::refused("lab_off", "the node is off")
                .on(node)
                .hint("`pairadm lab heal` boots it"));
        }
        fault_effect::apply(self, fault)?;
        if matches!(fault, Fault::Power(_)) {
            self.faults
                .retain(|other| !other.ends_with_power() || other.node() != fault.node());
        }
        if !self.faults.contains(fault) {
            self.faults.push(fault.clone());
        }
        self.save()
    }

    /// Takes every fault off and waits until both nodes are ready. Returns what was taken off.
    pub fn heal(&mut self, place: &Place) -> Result<Vec<Fault>> {
        let _lock = self.relock(place)?;
        network::connect_host(self)?;
        network::plug(self, Self::THIRD, false)?;
        network::configure_third(self)?;
        let mut faults = self.faults.clone();
        // A full disk first: a node may not boot on one.
        faults.sort_by_key(|fault| !matches!(fault, Fault::Disk(_)));
        for fault in &faults {
            fault_effect::heal(self, fault)?;
            self.faults.retain(|other| other != fault);
            self.save()?;
        }
        for node in &self.nodes {
            Machine::of(self, node).boot()?;
        }
        await_ready(self, &self.nodes.iter().collect::<Vec<_>>())?;
        Ok(faults)
    }

    /// Boots one node whose power was cut, and waits for it.
    pub fn boot(&mut self, place: &Place, node: &str) -> Result<()> {
        let _lock = self.relock(place)?;
        let node = self.node(node)?.clone();
        Machine::of(self, &node).boot()?;
        self.faults
            .retain(|fault| *fault != Fault::Power(node.name.clone()));
        self.save()?;
        await_ready(self, &[&node]).map(drop)
    }

    /// A program to run inside a node (or, as a plain process, in the third host's network).
    pub fn enter(&self, host: &str, command: &[String]) -> Result<super::Tool> {
        if host == Self::THIRD {
            return Ok(super::Tool::new("ip")
                .args(["netns", "exec", &self.namespace(host)])
                .args(command));
        }
        Machine::of(self, self.node(host)?).enter(command)
    }

    /// The node's `/` as the host can open it: as the node sees it when it is on, its disk when it is
    /// off. Absolute links in it lead out of it; resolve paths inside.
    pub fn root(&self, node: &str) -> Result<PathBuf> {
        let node = self.node(node)?;
        Ok(match Machine::of(self, node).init() {
            Some(pid) => format!("/proc/{pid}/root").into(),
            None => Disk::of(self, node).root().to_owned(),
        })
    }

    /// Locks the lab and reads its state anew: another process may have changed it.
    fn relock(&mut self, place: &Place) -> Result<Lock> {
        let name: LabName = self.name.parse().map_err(Error::bug)?;
        let lock = place.lock(&lock_name(&name))?;
        *self = Self::load(place, &name)?;
        Ok(lock)
    }
}

/// Waits for SSH and for the system to have finished booting; units that failed, by node.
fn await_ready(lab: &Lab, nodes: &[&LabNode]) -> Result<Vec<(String, String)>> {
    let deadline = Instant::now() + BOOT;
    let mut failed = Vec::new();
    for node in nodes {
        // An unplugged or silenced node cannot answer, and is meant not to.
        let silent = lab.faults.iter().any(|fault| {
            matches!(fault, Fault::Link(name, 0) | Fault::Sshd(name) | Fault::Hang(name) if *name == node.name)
        });
        if !silent {
            reach::await_ssh(&node.name, node.v4.into(), deadline)?;
        }
        let machine = Machine::of(lab, node);
        let state = machine
            .enter(["systemctl", "is-system-running", "--wait"])?
            .deadline(BOOT)
            .output()?;
        if state.stdout.trim_ascii() != b"running" {
            let units = machine
                .enter(["systemctl", "list-units", "--failed", "--plain", "--no-legend"])?
                .run()?;
            let names = units.lines().filter_map(|line| line.split_whitespace().next());
            failed.extend(names.map(|unit| (node.name.clone(), unit.to_owned())));
        }
    }
    Ok(failed)
}

fn lock_name(name: &LabName) -> String {
    format!("lab-{name}")
}
