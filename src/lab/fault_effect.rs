//! Puts faults on and takes them off. Taking off works whatever happened since, and twice.

use super::disk::Disk;
use super::machine::Machine;
use super::{Fault, Lab, LabNode, network};
use crate::error::{Error, Result};

/// Puts the fault on.
pub fn apply(lab: &Lab, fault: &Fault) -> Result<()> {
    let inside = |node: &str, command: &[&str]| run_inside(lab, node, command);
    match fault {
        Fault::Power(node) => Machine::of(lab, lab.node(node)?).cut_power(),
        Fault::Link(node, link) => network::set_cable(lab, node, *link, false),
        Fault::Disk(node) => Disk::of(lab, lab.node(node)?).fill(),
        Fault::ReadOnly(node, path) if path == "/" => {
            // The journal is the one file that an idle node holds open for writing.
            inside(node, &["journalctl", "--relinquish-var"])?;
            inside(node, &["mount", "-o", "remount,bind,ro", "/"]).map_err(|error| {
                error.hint("a program has a file open for writing; name a path, such as /etc")
            })
        }
        Fault::ReadOnly(node, path) => {
            inside(node, &["mount", "--bind", path, path])?;
            inside(node, &["mount", "-o", "remount,bind,ro", path])
        }
        Fault::Sshd(node) => inside(node, &["systemctl", "stop", "ssh.service"]),
        Fault::Hang(node) => inside(node, &["pkill", "-STOP", "-x", "sshd"]),
        Fault::Service(node) => {
            inside(node, &["systemctl", "mask", "--runtime", "--quiet", SERVICE])?;
            inside(node, &["systemctl", "kill", "--signal=KILL", SERVICE])
        }
        Fault::DuplicateVip => network::set_duplicate(lab, true),
    }
}

/// Takes the fault off. A node without power is booted; the caller waits for it.
pub fn heal(lab: &Lab, fault: &Fault) -> Result<()> {
    if let (true, Some(node)) = (fault.ends_with_power(), fault.node())
        && Machine::of(lab, lab.node(node)?).init().is_none()
    {
        return Ok(());
    }
    let inside = |node: &str, command: &[&str]| run_inside(lab, node, command);
    match fault {
        Fault::Power(node) => Machine::of(lab, lab.node(node)?).boot(),
        Fault::Link(node, link) if network::has_namespace(lab, node) => {
            network::set_cable(lab, node, *link, true)
        }
        Fault::Link(..) => Ok(()),
        Fault::Disk(node) => Disk::of(lab, lab.node(node)?).unfill(),
        Fault::ReadOnly(node, path) if path == "/" => {
            inside(node, &["mount", "-o", "remount,bind,rw", "/"])?;
            inside(node, &["journalctl", "--flush"])
        }
        Fault::ReadOnly(node, path) => {
            let script = "while mountpoint -q \"$1\"; do umount \"$1\" || exit 1; done";
            inside(node, &["sh", "-c", script, "sh", path])
        }
        Fault::Sshd(node) => inside(node, &["systemctl", "start", "ssh.service"]),
        Fault::Hang(node) => inside(node, &["pkill", "-CONT", "-x", "sshd"]),
        Fault::Service(node) => {
            inside(node, &["systemctl", "unmask", "--runtime", "--quiet", SERVICE])?;
            let _ = inside(node, &["systemctl", "reset-failed", SERVICE]);
            inside(node, &["systemctl", "start", SERVICE])
        }
        Fault::DuplicateVip => network::set_duplicate(lab, false),
    }
}

/// The unit of the nodes' SIP service.
const SERVICE: &str = "kamailio.service";

fn run_inside(lab: &Lab, node: &str, command: &[&str]) -> Result<()> {
    let node: &LabNode = lab.node(node)?;
    Machine::of(lab, node)
        .enter(command)?
        .run()
        .map(drop)
        .map_err(|error: Error| error.on(&node.name))
}
