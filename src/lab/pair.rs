//! The lab's nodes as a pair: what an operator would write into the pair file for them.

use super::{Lab, LabNode};
use crate::config::render_pair;
use crate::error::{Error, Result};
use crate::model::{
    Addresses, BlockStyle, BySide, Copying, Node, Pair, Priority, ServerId, SshTarget, Standby, Takeover, Vip,
};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use sha2::{Digest, Sha256};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

impl Lab {
    /// A pair file for the lab: alpha is the primary, host keys are pinned, the lab's key opens them.
    pub fn pair_file(&self) -> PathBuf {
        self.dir.join("pair.toml")
    }

    /// The same as values.
    pub fn pair(&self) -> Result<Pair> {
        let [alpha, beta] = &self.nodes[..] else {
            return Err(Error::bug("a lab has two nodes"));
        };
        let vip = |address| Vip {
            address,
            interface: "eth0".to_owned(),
        };
        Ok(Pair {
            name: self.name.clone(),
            profile: "kamailio".to_owned(),
            nodes: BySide {
                primary: self.pair_node(alpha, 1)?,
                secondary: self.pair_node(beta, 2)?,
            },
            vips: vec![vip(self.vip_v4.into()), vip(self.vip_v6.into())],
            ports: Vec::new(),
            block: BlockStyle::default(),
            takeover: Takeover::default(),
            priority: Priority::default(),
            ntp: Vec::new(),
            files: Vec::new(),
            standby: Standby::default(),
            encrypted_link: true,
            copying: Copying::default(),
        })
    }

    /// Writes the pair file of a new lab.
    pub(super) fn write_pair_file(&self) -> Result<()> {
        let path = self.pair_file();
        let text = render_pair(None, &self.pair()?)?;
        std::fs::write(&path, text).map_err(|error| {
            Error::incomplete("lab_pair_file", "cannot write the lab's pair file")
                .at(path.display())
                .because(error)
        })
    }

    fn pair_node(&self, node: &LabNode, server_id: u32) -> Result<Node> {
        let name = |text: &str| text.parse().map_err(Error::bug);
        let both = |v4: Ipv4Addr, v6: Ipv6Addr| Addresses {
            v4: Some(v4),
            v6: Some(v6),
        };
        Ok(Node {
            hostname: name(&node.name)?,
            fqdn: name(&format!("{}.lab.example", node.name))?,
            server_id: ServerId::try_from(server_id).map_err(Error::bug)?,
            address: both(node.v4, node.v6),
            duplication: both(node.dup_v4, node.dup_v6),
            health_check: both(self.control_v4, self.control_v6),
            interface: None,
            ssh: SshTarget {
                identity: Some(self.key().display().to_string()),
                host_key: Some(self.host_key(node)?),
                ..SshTarget::default()
            },
        })
    }

    /// Type and fingerprint of the node's host key, from the lab's own record.
    fn host_key(&self, node: &LabNode) -> Result<String> {
        let path = self.known_hosts();
        let missing = || {
            Error::incomplete("lab_host_key", "the lab's record of host keys is damaged").at(path.display())
        };
        let text = std::fs::read_to_string(&path).map_err(|error| missing().because(error))?;
        let line = text
            .lines()
            .find(|line| line.split(',').next() == Some(&node.name));
        let mut words = line.ok_or_else(missing)?.split_whitespace().skip(1);
        let (kind, key) = words.next().zip(words.next()).ok_or_else(missing)?;
        let key = BASE64_STANDARD
            .decode(key)
            .map_err(|error| missing().because(error))?;
        Ok(format!(
            "{kind} SHA256:{}",
            BASE64_STANDARD_NO_PAD.encode(Sha256::digest(key))
        ))
    }
}
