//! What must hold before two nodes are made a pair, judged from the facts of both. Every check runs, so
//! that an operator learns of all faults at once; each refusal names field, value and what is accepted.

mod addresses;
mod capacity;
mod clock;
mod findings;
mod firewall;
mod identity;
mod login;
mod service;

pub use clock::chrony_unit;
pub use findings::Findings;

use crate::config::Profile;
use crate::facts::Facts;
use crate::model::{BySide, Pair};
use std::net::IpAddr;

/// What the checks look at.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The pair as it shall be.
    pub pair: &'a Pair,
    /// The profile it names.
    pub profile: &'a Profile,
    /// What both nodes are like.
    pub facts: BySide<&'a Facts>,
    /// Who answered for each VIP on the network, by MAC address; empty when nobody asked.
    pub holders: &'a [(IpAddr, Vec<String>)],
}

/// Runs every check.
pub fn run(subject: &Subject<'_>) -> Findings {
    let mut findings = Findings::default();
    for check in [
        identity::check,
        capacity::check,
        clock::check,
        addresses::check,
        service::check,
        firewall::check,
        login::check,
    ] {
        check(subject, &mut findings);
    }
    findings
}

#[cfg(test)]
pub mod sample;
#[cfg(test)]
mod tests;
