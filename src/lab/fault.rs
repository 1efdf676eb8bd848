//! The faults a lab can have, as an operator types them and as the state file keeps them.

use crate::error::{Error, Kind, Result};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One fault that can be put on and taken off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Fault {
    /// Power cut: everything on the node ends at once.
    Power(String),
    /// The cable of `eth0` (SIP, 0) or `eth1` (duplication link, 1) is pulled.
    Link(String, u8),
    /// No free block on the node's disk.
    Disk(String),
    /// Nothing below this path can be written.
    ReadOnly(String, String),
    /// The SSH server is stopped; open sessions stay.
    Sshd(String),
    /// The SSH server is there but does not answer: its processes are stopped.
    Hang(String),
    /// The SIP service is killed and does not come back.
    Service(String),
    /// A third host holds the virtual addresses and answers for them.
    DuplicateVip,
}

impl Fault {
    /// What can be broken: how it is written, and what then happens.
    pub const LIST: [(&'static str, &'static str); 8] = [
        (
            "power NODE",
            "power cut: everything on the node ends, the disk stays",
        ),
        (
            "link NODE [eth0|eth1]",
            "the SIP cable (eth0) or the duplication link (eth1) is pulled",
        ),
        ("disk NODE", "the disk is full"),
        (
            "readonly NODE [PATH]",
            "nothing below PATH (default /) can be written",
        ),
        ("sshd NODE", "the SSH server is stopped; open sessions stay"),
        ("hang NODE", "the SSH server accepts connections and says nothing"),
        ("service NODE", "the SIP service is killed and does not come back"),
        (
            "duplicate-vip",
            "a third host holds the virtual addresses and answers",
        ),
    ];

    /// What happens then.
    pub fn effect(&self) -> &'static str {
        let text = self.to_string();
        let kind = |text: &str| text.split(' ').next().map(str::to_owned);
        let listed = Self::LIST.iter().find(|(form, _)| kind(form) == kind(&text));
        match (self, listed) {
            (Self::Link(_, 0), _) => "the SIP cable is pulled",
            (Self::Link(..), _) => "the cable of the duplication link is pulled",
            (Self::ReadOnly(_, path), _) if path == "/" => "nothing can be written",
            (_, Some((_, effect))) => effect,
            (_, None) => "",
        }
    }

    /// Name of the node concerned; none for a fault of the network.
    pub fn node(&self) -> Option<&str> {
        match self {
            Self::Power(node)
            | Self::Link(node, _)
            | Self::Disk(node)
            | Self::ReadOnly(node, _)
            | Self::Sshd(node)
            | Self::Hang(node)
            | Self::Service(node) => Some(node),
            Self::DuplicateVip => None,
        }
    }

    /// True for a fault that lives in the node's running system and is gone after a boot.
    pub fn ends_with_power(&self) -> bool {
        matches!(
            self,
            Self::ReadOnly(..) | Self::Sshd(_) | Self::Hang(_) | Self::Service(_)
        )
    }

    /// Reads a fault from the words of a command line.
    pub fn from_words(words: &[String]) -> Result<Self> {
        words.join(" ").parse().map_err(|message: String| {
            Error::new(Kind::Usage, "lab_fault", message).hint("`pairadm lab break` lists the faults")
        })
    }
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words: Vec<_> = text.split_whitespace().collect();
        let own = |word: &str| word.to_owned();
        match words[..] {
            ["power", node] => Ok(Self::Power(own(node))),
            ["link", node] | ["link", node, "eth0"] => Ok(Self::Link(own(node), 0)),
            ["link", node, "eth1"] => Ok(Self::Link(own(node), 1)),
            ["disk", node] => Ok(Self::Disk(own(node))),
            ["readonly", node] => Ok(Self::ReadOnly(own(node), own("/"))),
            ["readonly", node, path] if path.starts_with('/') => Ok(Self::ReadOnly(own(node), own(path))),
            ["sshd", node] => Ok(Self::Sshd(own(node))),
            ["hang", node] => Ok(Self::Hang(own(node))),
            ["service", node] => Ok(Self::Service(own(node))),
            ["duplicate-vip"] => Ok(Self::DuplicateVip),
            _ => {
                let forms: Vec<_> = Self::LIST.iter().map(|(form, _)| *form).collect();
                Err(format!("`{text}` is not a fault; accepted: {}", forms.join(", ")))
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Power(node) => write!(f, "power {node}"),
            Self::Link(node, link) => write!(f, "link {node} eth{link}"),
            Self::Disk(node) => write!(f, "disk {node}"),
            Self::ReadOnly(node, path) => write!(f, "readonly {node} {path}"),
            Self::Sshd(node) => write!(f, "sshd {node}"),
            Self::Hang(node) => write!(f, "hang {node}"),
            Self::Service(node) => write!(f, "service {node}"),
            Self::DuplicateVip => f.write_str("duplicate-vip"),
        }
    }
}

impl TryFrom<String> for Fault {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Fault> for String {
    fn from(fault: Fault) -> Self {
        fault.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_fault_is_read_and_written_back() {
        for (form, _) in Fault::LIST {
            let full = form
                .replace("NODE", "alpha")
                .replace("[eth0|eth1]", "eth1")
                .replace("[PATH]", "/etc");
            assert_eq!(full.parse::<Fault>().unwrap().to_string(), full);
        }
    }

    #[test]
    fn a_wrong_fault_names_what_is_accepted() {
        for bad in [
            "",
            "power",
            "link alpha eth2",
            "readonly alpha etc",
            "duplicate-vip alpha",
        ] {
            let error = bad.parse::<Fault>().unwrap_err();
            assert!(error.contains("hang NODE"), "{error}");
        }
    }
}
