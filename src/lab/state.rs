//! A lab as its state file describes it: names, addresses and the faults that are on.

use super::subnet::Subnet;
use super::{Database, Fault, LabName, Place};
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

/// A node of the pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabNode {
    /// Host name: `alpha` or `beta`.
    pub name: String,
    /// SIP and administration, on `eth0`.
    pub v4: Ipv4Addr,
    /// SIP and administration, on `eth0`.
    pub v6: Ipv6Addr,
    /// Duplication link, on `eth1`.
    pub dup_v4: Ipv4Addr,
    /// Duplication link, on `eth1`.
    pub dup_v6: Ipv6Addr,
}

/// Two nodes, their networks and virtual addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lab {
    /// The lab's name.
    pub name: String,
    /// The lab's own directory.
    pub dir: PathBuf,
    /// The cached root file system under both nodes.
    pub rootfs: PathBuf,
    /// The lab's networks.
    pub subnet: Subnet,
    /// The pair: alpha, then beta.
    pub nodes: Vec<LabNode>,
    /// What the nodes' Kamailio reads.
    #[serde(default)]
    pub database: Database,
    /// Virtual address; pairadm moves it, the lab never configures it.
    pub vip_v4: Ipv4Addr,
    /// Virtual IPv6 address.
    pub vip_v6: Ipv6Addr,
    /// The host's end of the SIP network: gateway and control address.
    pub control_v4: Ipv4Addr,
    /// The host's end in IPv6.
    pub control_v6: Ipv6Addr,
    /// False until disks and keys are made; such a lab is made anew.
    pub complete: bool,
    /// Faults that are on, oldest first.
    pub faults: Vec<Fault>,
}

impl Lab {
    /// Names of the pair; their addresses end in 11 and 12.
    const PAIR: [(&'static str, u8); 2] = [("alpha", 11), ("beta", 12)];
    /// The third host: a namespace without a system, to probe from and to make conflicts with.
    pub const THIRD: &'static str = "gamma";
    /// Where addresses of the third host end.
    const THIRD_HOST: u8 = 13;

    /// A lab that nothing exists of yet.
    pub(super) fn planned(
        place: &Place,
        name: &LabName,
        rootfs: PathBuf,
        subnet: Subnet,
        database: Database,
    ) -> Self {
        let node = |(name, host): (&str, u8)| LabNode {
            name: name.to_owned(),
            v4: subnet.v4_address(0, host),
            v6: subnet.v6_address(0, host),
            dup_v4: subnet.v4_address(1, host),
            dup_v6: subnet.v6_address(1, host),
        };
        Self {
            name: name.to_string(),
            dir: place.lab(name),
            rootfs,
            subnet,
            nodes: Self::PAIR.map(node).into(),
            database,
            vip_v4: subnet.vip_v4(),
            vip_v6: subnet.vip_v6(),
            control_v4: subnet.host_v4(),
            control_v6: subnet.host_v6(),
            complete: false,
            faults: Vec::new(),
        }
    }

    /// Enough of a lab to take it down: what is found by the lab's name, not by its networks.
    pub(super) fn named(place: &Place, name: &LabName) -> Self {
        Self::planned(
            place,
            name,
            PathBuf::new(),
            Subnet::default(),
            Database::default(),
        )
    }

    /// The lab of this name, if there is one.
    pub fn find(place: &Place, name: &LabName) -> Result<Option<Self>> {
        let path = place.lab(name).join(STATE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unreadable(&path).because(error)),
        };
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|error| unreadable(&path).because(error))
    }

    /// The lab of this name; refused when there is none.
    pub fn load(place: &Place, name: &LabName) -> Result<Self> {
        Self::find(place, name)?.ok_or_else(|| {
            Error::refused(
                "lab_absent",
                format!("there is no lab `{name}` in {}", place.base().display()),
            )
            .hint("start one with `pairadm lab up`")
        })
    }

    /// Writes the state file, whole or not at all.
    pub(super) fn save(&self) -> Result<()> {
        let path = self.dir.join(STATE);
        let text = serde_json::to_string_pretty(self).map_err(|error| Error::bug(error.to_string()))?;
        let fresh = self.dir.join("lab.json.new");
        std::fs::create_dir_all(&self.dir)
            .and_then(|()| std::fs::write(&fresh, text + "\n"))
            .and_then(|()| std::fs::rename(&fresh, &path))
            .map_err(|error| {
                Error::incomplete("lab_state", "cannot write the lab's state")
                    .at(path.display())
                    .because(error)
            })
    }

    /// The node called `name`.
    pub fn node(&self, name: &str) -> Result<&LabNode> {
        self.nodes.iter().find(|node| node.name == name).ok_or_else(|| {
            let names: Vec<_> = self.nodes.iter().map(|node| node.name.as_str()).collect();
            Error::new(
                crate::error::Kind::Usage,
                "lab_node",
                format!(
                    "`{name}` is not a node of lab `{}`; accepted: {}",
                    self.name,
                    names.join(", ")
                ),
            )
        })
    }

    /// IPv4 address of the third host.
    pub fn third_v4(&self) -> Ipv4Addr {
        self.subnet.v4_address(0, Self::THIRD_HOST)
    }

    /// IPv6 address of the third host.
    pub fn third_v6(&self) -> Ipv6Addr {
        self.subnet.v6_address(0, Self::THIRD_HOST)
    }

    /// The private key that opens root on both nodes.
    pub fn key(&self) -> PathBuf {
        self.dir.join("id_ed25519")
    }

    /// The nodes' host keys, as an OpenSSH known-hosts file.
    pub fn known_hosts(&self) -> PathBuf {
        self.dir.join("known_hosts")
    }

    /// Where the node's disk, mounts and console are.
    pub(super) fn node_dir(&self, node: &LabNode) -> PathBuf {
        self.dir.join(&node.name)
    }

    /// The network namespace of a host of this lab; `net` is the one with the bridges.
    pub fn namespace(&self, host: &str) -> String {
        format!("{}-{host}", self.name)
    }
}

const STATE: &str = "lab.json";

fn unreadable(path: &Path) -> Error {
    Error::refused("lab_state", "cannot read the lab's state")
        .at(path.display())
        .hint("`pairadm lab down` clears it away")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_survives_the_file_and_absence_is_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::new(dir.path());
        let name: LabName = "x".parse().unwrap();
        assert_eq!(Lab::find(&place, &name).unwrap(), None);
        assert_eq!(Lab::load(&place, &name).unwrap_err().code, "lab_absent");
        let subnet = Subnet::candidates().next().unwrap();
        let mut lab = Lab::planned(&place, &name, "/rootfs".into(), subnet, Database::Postgresql);
        lab.faults.push("link alpha eth1".parse().unwrap());
        lab.save().unwrap();
        assert_eq!(Lab::load(&place, &name).unwrap(), lab);
        std::fs::write(lab.dir.join(STATE), "{").unwrap();
        assert_eq!(Lab::find(&place, &name).unwrap_err().code, "lab_state");
    }
}
