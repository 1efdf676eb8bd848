//! What makes two nodes of one root file system different: names, keys, addresses, SIP configuration
//! and data.

use super::database::ROWS;
use super::disk::Disk;
use super::{Lab, LabNode, Tool};
use crate::error::{Error, Result};
use std::fmt::Write as _;
use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Where a template's result goes on the node.
const TEMPLATES: [(&str, &str); 7] = [
    ("etc/hosts", include_str!("../../templates/lab/hosts")),
    (
        "etc/network/interfaces",
        include_str!("../../templates/lab/interfaces"),
    ),
    (
        "etc/kamailio/kamailio.cfg",
        include_str!("../../templates/lab/kamailio.cfg"),
    ),
    (
        "etc/kamailio/kamailio-local.cfg",
        include_str!("../../templates/lab/kamailio-local.cfg"),
    ),
    (
        "etc/kamailio/dispatcher.list",
        include_str!("../../templates/lab/dispatcher.list"),
    ),
    (
        "etc/kamailio/permissions.allow",
        include_str!("../../templates/lab/permissions.allow"),
    ),
    (
        "etc/kamailio/permissions.deny",
        include_str!("../../templates/lab/permissions.deny"),
    ),
];
const HOST_KEY: &str = "etc/ssh/ssh_host_ed25519_key";

/// Makes the lab's own key pair, which opens root on its nodes, unless it exists.
pub fn make_lab_key(lab: &Lab) -> Result<()> {
    if lab.key().exists() {
        return Ok(());
    }
    make_key(&lab.key(), &format!("pairadm-lab-{}", lab.name))
}

/// Writes everything that is this node's own onto its fresh disk, which must be mounted.
pub fn write(lab: &Lab, node: &LabNode) -> Result<()> {
    let disk = Disk::of(lab, node);
    let root = disk.root();
    for (path, template) in TEMPLATES {
        put(&root.join(path), &render(template, lab, node)?, 0o644)?;
    }
    lab.database
        .furnish(root, &render(ROWS, lab, node)?)
        .map_err(|error| error.on(&node.name))?;
    put(&root.join("etc/hostname"), &format!("{}\n", node.name), 0o644)?;
    put(
        &root.join("etc/machine-id"),
        &format!("{}\n", machine_id()?),
        0o444,
    )?;
    make_key(&root.join(HOST_KEY), &node.name)?;
    let ssh = root.join("root/.ssh");
    std::fs::create_dir_all(&ssh)
        .and_then(|()| set_permissions(&ssh, Permissions::from_mode(0o700)))
        .map_err(|error| failed(&ssh).because(error))?;
    put(
        &ssh.join("authorized_keys"),
        &read(&lab.key().with_extension("pub"))?,
        0o600,
    )
}

/// Records the nodes' host keys for the host's ssh, as they are on their disks.
pub fn write_known_hosts(lab: &Lab) -> Result<()> {
    let mut text = String::new();
    for node in &lab.nodes {
        let key = read(&Disk::of(lab, node).root().join(HOST_KEY).with_extension("pub"))?;
        let key: Vec<_> = key.split_whitespace().take(2).collect();
        let _ = writeln!(text, "{},{},{} {}", node.name, node.v4, node.v6, key.join(" "));
    }
    put(&lab.known_hosts(), &text, 0o600)
}

fn render(template: &str, lab: &Lab, node: &LabNode) -> Result<String> {
    let values = minijinja::context! {
        name => node.name.as_str(),
        v4 => node.v4.to_string(),
        v6 => node.v6.to_string(),
        dup_v4 => node.dup_v4.to_string(),
        dup_v6 => node.dup_v6.to_string(),
        vip_v4 => lab.vip_v4.to_string(),
        vip_v6 => lab.vip_v6.to_string(),
        control_v4 => lab.control_v4.to_string(),
        database => lab.database.to_string(),
    };
    let text = minijinja::Environment::new()
        .render_str(template, values)
        .map_err(|error| Error::bug(format!("a template of the lab does not render: {error}")))?;
    Ok(text + "\n")
}

/// 128 random bits, as systemd writes them.
fn machine_id() -> Result<String> {
    let uuid = read(Path::new("/proc/sys/kernel/random/uuid"))?;
    Ok(uuid.trim().replace('-', ""))
}

fn make_key(path: &Path, comment: &str) -> Result<()> {
    Tool::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f"])
        .arg(path)
        .run()
        .map(drop)
}

fn put(path: &Path, text: &str, mode: u32) -> Result<()> {
    std::fs::write(path, text)
        .and_then(|()| set_permissions(path, Permissions::from_mode(mode)))
        .map_err(|error| failed(path).because(error))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| failed(path).because(error))
}

fn failed(path: &Path) -> Error {
    Error::incomplete("lab_identity", "cannot prepare a node's file").at(path.display())
}

#[cfg(test)]
mod tests {
    use super::super::subnet::Subnet;
    use super::super::{Database, LabName, Place};
    use super::*;

    #[test]
    fn every_template_renders_with_this_nodes_addresses_only() {
        let name: LabName = "x".parse().unwrap();
        let subnet = Subnet::candidates().next().unwrap();
        let place = Place::new("/nowhere");
        let mut lab = Lab::planned(&place, &name, "/rootfs".into(), subnet, Database::Sqlite);
        let [hosts, interfaces, kamailio, ..] =
            TEMPLATES.map(|(_, text)| render(text, &lab, &lab.nodes[1]).unwrap());
        assert!(hosts.contains("127.0.1.1\tbeta\n"), "{hosts}");
        assert!(interfaces.contains("address 10.77.0.12/24") && interfaces.contains("fd77:1:1::12/64"));
        assert!(
            !interfaces.contains(".100"),
            "a virtual address is never the node's own: {interfaces}"
        );
        assert!(kamailio.contains("listen=udp:[fd77:1::100]:5060") && !kamailio.contains("{{"));
        assert!(kamailio.contains("sqlite:////etc/kamailio") && !kamailio.contains("postgres"));
        lab.database = Database::Postgresql;
        let (_, template) = TEMPLATES[2];
        let kamailio = render(template, &lab, &lab.nodes[1]).unwrap();
        assert!(kamailio.contains("postgres://") && !kamailio.contains("sqlite"));
    }
}
