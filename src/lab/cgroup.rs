//! A control group per node: tells exactly which processes are the node's, and ends them all.
//!
//! Without one, two nodes started from the same session would share the group tree in which systemd
//! tracks services, and stopping a service on one node would stop it on the other.

use crate::error::{Error, Result};
use rustix::process::{Pid, Signal, kill_process};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Parent group of all nodes.
const PARENT: &str = "pairadm-lab";
/// How long killed processes may take to disappear: one that waits for the disk does not go before.
const DEATH: Duration = Duration::from_mins(2);

/// A node's group in each hierarchy that systemd uses: the unified one, and on hosts with the old
/// layout also the named one.
#[derive(Debug)]
pub struct Cgroup {
    dirs: Vec<PathBuf>,
}

impl Cgroup {
    /// The group of this machine, whether or not it exists.
    pub fn of(machine: &str) -> Self {
        let root = Path::new("/sys/fs/cgroup");
        let hierarchies = [root.to_owned(), root.join("unified"), root.join("systemd")];
        let dirs = hierarchies
            .into_iter()
            .filter(|dir| dir.join("cgroup.procs").exists())
            .map(|dir| dir.join(PARENT).join(machine))
            .collect();
        Self { dirs }
    }

    /// Makes the group; the files a process writes its number to in order to join.
    pub fn create(&self) -> Result<Vec<PathBuf>> {
        if self.dirs.is_empty() {
            return Err(
                Error::refused("lab_cgroup", "no control groups at /sys/fs/cgroup")
                    .hint("a lab needs a host (or a privileged container) with cgroups mounted writable"),
            );
        }
        for dir in &self.dirs {
            std::fs::create_dir_all(dir).map_err(|error| {
                Error::refused("lab_cgroup", "cannot make a control group")
                    .at(dir.display())
                    .because(error)
            })?;
        }
        Ok(self.dirs.iter().map(|dir| dir.join("cgroup.procs")).collect())
    }

    /// Every process in the group and below.
    pub fn processes(&self) -> Vec<u32> {
        let mut found = Vec::new();
        for dir in self.dirs.first().map(|dir| tree(dir)).unwrap_or_default() {
            let procs = std::fs::read_to_string(dir.join("cgroup.procs")).unwrap_or_default();
            found.extend(procs.lines().filter_map(|line| line.parse::<u32>().ok()));
        }
        found
    }

    /// Kills everything in the group at once and removes it.
    pub fn kill(&self) -> Result<()> {
        let end = Instant::now() + DEATH;
        loop {
            if let Some(dir) = self.dirs.first() {
                let _ = std::fs::write(dir.join("cgroup.kill"), "1");
            }
            let left = self.processes();
            if left.is_empty() {
                break;
            }
            for pid in &left {
                if let Some(pid) = i32::try_from(*pid).ok().and_then(Pid::from_raw) {
                    let _ = kill_process(pid, Signal::KILL);
                }
            }
            if Instant::now() >= end {
                return Err(Error::incomplete(
                    "lab_kill",
                    format!("processes {left:?} do not end"),
                ));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        for dir in self.dirs.iter().flat_map(|dir| tree(dir).into_iter().rev()) {
            let _ = std::fs::remove_dir(dir);
        }
        Ok(())
    }
}

/// The directory and everything below, parents first.
fn tree(top: &Path) -> Vec<PathBuf> {
    let mut found = if top.is_dir() {
        vec![top.to_owned()]
    } else {
        Vec::new()
    };
    let mut next = 0;
    while let Some(dir) = found.get(next).cloned() {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        found.extend(
            entries
                .filter(|e| e.file_type().is_ok_and(|t| t.is_dir()))
                .map(|e| e.path()),
        );
        next += 1;
    }
    found
}
