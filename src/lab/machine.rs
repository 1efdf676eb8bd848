//! Power to one node: boots it, cuts it off, and runs programs inside without asking its network.

use super::cgroup::Cgroup;
use super::disk::Disk;
use super::{Lab, LabNode, Tool, network};
use crate::error::{Error, Result};
use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

/// Joins the control groups named before `--`, then becomes the container in a session of its own,
/// so that it outlives whoever started it.
const LAUNCH: &str = r#"
while [ "$1" != -- ]; do echo $$ > "$1" || exit 1; shift; done
shift
exec setsid --fork "$@"
"#;

/// A node's machine: its container, network and disk.
#[derive(Debug)]
pub struct Machine<'a> {
    lab: &'a Lab,
    node: &'a LabNode,
    cgroup: Cgroup,
}

impl<'a> Machine<'a> {
    /// The machine of `node`, on or off.
    pub fn of(lab: &'a Lab, node: &'a LabNode) -> Self {
        Self {
            lab,
            node,
            cgroup: Cgroup::of(&lab.namespace(&node.name)),
        }
    }

    /// Number of the node's process 1 in the host's numbering; `None` when it is off.
    pub fn init(&self) -> Option<u32> {
        self.cgroup.processes().into_iter().find(|pid| is_init(*pid))
    }

    /// Plugs the node in and starts its system. Does not wait for it to be up.
    pub fn boot(&self) -> Result<()> {
        if !self.cgroup.processes().is_empty() {
            return Ok(());
        }
        network::plug(self.lab, &self.node.name, true)?;
        let disk = Disk::of(self.lab, self.node);
        disk.attach()?;
        let console = self.console()?;
        let groups = self.cgroup.create()?;
        let status = Command::new("sh")
            .args(["-c", LAUNCH, "sh"])
            .args(groups)
            .args(["--", "systemd-nspawn", "--quiet", "--boot", "--directory"])
            .arg(disk.root())
            .arg(format!("--machine={}", self.lab.namespace(&self.node.name)))
            .arg(format!("--hostname={}", self.node.name))
            .arg(format!(
                "--network-namespace-path=/run/netns/{}",
                self.lab.namespace(&self.node.name)
            ))
            .args([
                "--register=no",
                "--keep-unit",
                "--settings=no",
                "--console=passive",
            ])
            .args(["--resolv-conf=off", "--timezone=off", "--link-journal=no"])
            .arg("--capability=CAP_NET_ADMIN,CAP_NET_RAW")
            // Without it /proc/sys/net is read-only inside, and pairadm sets values there.
            .env("SYSTEMD_NSPAWN_API_VFS_WRITABLE", "network")
            .stdin(Stdio::null())
            .stdout(
                console
                    .try_clone()
                    .map_err(|error| self.failed("cannot share its console").because(error))?,
            )
            .stderr(console)
            .status()
            .map_err(|error| self.failed("cannot start its container").because(error))?;
        if status.success() {
            Ok(())
        } else {
            Err(self.failed("its container does not start").hint(self.look()))
        }
    }

    /// As when the plug is pulled: everything ends at once and the kernel forgets addresses and rules.
    /// The disk stays as it is.
    pub fn cut_power(&self) -> Result<()> {
        self.cgroup.kill().map_err(|error| error.on(&self.node.name))?;
        network::unplug(self.lab, &self.node.name)
    }

    /// Unmounts the disk of a node that is off.
    pub fn detach(&self) -> Result<()> {
        Disk::of(self.lab, self.node).detach()
    }

    /// A program to run inside the node, in all its namespaces.
    pub fn enter<S: AsRef<OsStr>>(&self, command: impl IntoIterator<Item = S>) -> Result<Tool> {
        let init = self
            .init()
            .ok_or_else(|| self.failed("is off").hint("`pairadm lab heal` boots it"))?;
        Ok(Tool::new("nsenter")
            .args(["--all", "--target", &init.to_string(), "--"])
            .args(command)
            .env(
                "PATH",
                "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            )
            .env("HOME", "/root"))
    }

    fn console(&self) -> Result<File> {
        let path = self.lab.node_dir(self.node).join("console.log");
        File::options()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|error| {
                self.failed("cannot open its console")
                    .at(path.display())
                    .because(error)
            })
    }

    fn look(&self) -> String {
        format!(
            "see {}",
            self.lab.node_dir(self.node).join("console.log").display()
        )
    }

    fn failed(&self, what: &str) -> Error {
        Error::incomplete("lab_machine", what).on(&self.node.name)
    }
}

/// True for a process that is number 1 of a process namespace below ours.
fn is_init(pid: u32) -> bool {
    let status =
        std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status")).unwrap_or_default();
    let numbers = status
        .lines()
        .find_map(|line| line.strip_prefix("NSpid:"))
        .unwrap_or_default();
    let mut numbers = numbers.split_whitespace();
    numbers.next().is_some() && numbers.last() == Some("1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_of_our_own_namespace_is_no_node() {
        assert!(!is_init(std::process::id()));
        assert!(
            !is_init(1),
            "the host's own process 1 is never taken for a node's"
        );
    }
}
