//! The lab as the menu offers it: every fault that can be put on at a key press, and which are on.

use super::{Fault, Lab, LabName, LabNode, Place};
use crate::controller::backend::Practice;
use crate::error::Result;

/// A fault that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultOffer {
    /// The fault.
    pub fault: Fault,
    /// True while it is on.
    pub on: bool,
}

/// Breaks and heals one lab.
#[derive(Debug)]
pub struct Trainer {
    place: Place,
    name: LabName,
}

impl Trainer {
    /// For the lab of this name.
    pub fn new(place: Place, name: LabName) -> Self {
        Self { place, name }
    }

    /// As it is now: faults may come and go by the command line meanwhile.
    fn lab(&self) -> Result<Lab> {
        Lab::load(&self.place, &self.name)
    }
}

impl Practice for Trainer {
    fn faults(&self) -> Result<Vec<FaultOffer>> {
        let lab = self.lab()?;
        Ok(offers(&lab.nodes, &lab.faults))
    }

    fn break_it(&self, fault: &Fault) -> Result<()> {
        self.lab()?.break_it(&self.place, fault)
    }

    fn heal(&self) -> Result<()> {
        self.lab()?.heal(&self.place).map(drop)
    }
}

/// One of each for each node, then those that are on besides.
fn offers(nodes: &[LabNode], on: &[Fault]) -> Vec<FaultOffer> {
    let mut all: Vec<Fault> = nodes.iter().flat_map(|node| of_node(&node.name)).collect();
    all.push(Fault::DuplicateVip);
    all.extend(
        on.iter()
            .filter(|fault| !all.contains(fault))
            .cloned()
            .collect::<Vec<_>>(),
    );
    all.into_iter()
        .map(|fault| FaultOffer {
            on: on.contains(&fault),
            fault,
        })
        .collect()
}

fn of_node(node: &str) -> [Fault; 8] {
    let node = || node.to_owned();
    [
        Fault::Power(node()),
        Fault::Link(node(), 0),
        Fault::Link(node(), 1),
        Fault::Service(node()),
        Fault::Sshd(node()),
        Fault::Hang(node()),
        Fault::Disk(node()),
        Fault::ReadOnly(node(), "/".to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    #[test]
    fn every_fault_is_offered_and_those_that_are_on_are_marked() {
        let node = |name: &str| LabNode {
            name: name.to_owned(),
            v4: Ipv4Addr::LOCALHOST,
            v6: Ipv6Addr::LOCALHOST,
            dup_v4: Ipv4Addr::LOCALHOST,
            dup_v6: Ipv6Addr::LOCALHOST,
        };
        let on = ["link beta eth1", "readonly alpha /etc"].map(|text| text.parse().unwrap());
        let offers = offers(&[node("alpha"), node("beta")], &on);
        let marked: Vec<String> = offers
            .iter()
            .filter(|offer| offer.on)
            .map(|offer| offer.fault.to_string())
            .collect();
        assert_eq!(marked, ["link beta eth1", "readonly alpha /etc"]);
        for (form, _) in Fault::LIST {
            let kind = form.split(' ').next().unwrap();
            let offered = offers
                .iter()
                .any(|offer| offer.fault.to_string().starts_with(kind));
            assert!(offered, "{kind}");
        }
        assert_eq!(offers.len(), 18, "17 and one by the command line");
    }
}
